"""One transaction, one verb. Changes rows and records what happened."""
