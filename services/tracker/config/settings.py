"""Settings of a tracker that serves; a missing one ends the process with a sentence."""

from __future__ import annotations

from services.tracker.config.base import django_settings
from services.tracker.config.env import TrackerEnv, read_env

SEGUE: TrackerEnv = read_env(TrackerEnv)
globals().update(django_settings(SEGUE))
