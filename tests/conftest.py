"""Settings of all tests: no test depends on how fast the machine is."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# Where CI is set the same examples run every time, so that the gate judges the change and not the draw; at home they
# are drawn anew, and what is found is kept as an example.
settings.register_profile(
    "hydrax",
    derandomize=bool(os.environ.get("CI")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("hydrax")
