"""Building blocks that both audiences share."""
