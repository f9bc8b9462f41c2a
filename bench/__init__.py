"""Measures speed and size: each figure beside its target and a reference."""
