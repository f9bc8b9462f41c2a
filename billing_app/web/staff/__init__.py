"""Staff pages: one page module and one state module each."""
