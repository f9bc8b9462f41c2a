"""The only folder that opens sessions, writes raw SQL or makes actors."""
