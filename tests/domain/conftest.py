"""Property tests of the rules: the same examples on every run.

TALLYPORT_EXAMPLES=10000 tries that many per property instead of a hundred.
"""

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "domain",
    derandomize=True,
    deadline=None,
    database=None,
    max_examples=int(os.environ.get("TALLYPORT_EXAMPLES", "100")),
    # A busy machine draws slowly; that says nothing about the rules.
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("domain")
