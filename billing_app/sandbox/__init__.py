"""A stand-in Stripe and a mailbox for the demo and the tests."""
