"""Property tests of the rules: the same examples on every run."""

from hypothesis import settings

settings.register_profile("domain", derandomize=True, deadline=None, database=None)
settings.load_profile("domain")
