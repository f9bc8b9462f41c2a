"""Tables, one file per noun. No behaviour and no relationships."""
