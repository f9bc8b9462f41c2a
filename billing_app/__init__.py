"""Tallyport: invoicing with a customer portal, from click to database in Python."""
