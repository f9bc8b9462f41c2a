"""The Reflex side: doors, pages and their states."""
