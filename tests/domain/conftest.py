from __future__ import annotations

from hypothesis import HealthCheck, settings

# The machine is shared, so wall-clock limits per example would fail at random; examples are
# fixed, so that a failure is a change of ours and not of the dice.
settings.register_profile(
    "domain", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("domain")
