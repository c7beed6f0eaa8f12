#!/usr/bin/env python
"""Run one of the tracker's management commands."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    # As a script this folder comes first, where `client` would be somebody else's name.
    sys.path[0] = str(Path(__file__).resolve().parent.parent)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "services.tracker.config.settings")
    execute_from_command_line(sys.argv)
