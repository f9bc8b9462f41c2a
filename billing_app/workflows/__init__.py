"""Several transactions and the network between them."""
