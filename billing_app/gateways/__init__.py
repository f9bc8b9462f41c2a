"""The outside world: Stripe, mail, files and the bus."""
