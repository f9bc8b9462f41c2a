"""Reads for somebody to look at: frozen views, never rows."""
