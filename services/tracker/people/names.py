"""What a person may be called."""

from __future__ import annotations

import re

# Lower case only: Label Studio knows people by an address without case, so Ana and ana would
# share one account there, and each would see the other's work.
USERNAME = r"^[a-z0-9]+(?:[._-][a-z0-9]+)*$"
LONGEST_USERNAME = 64


def is_username(name: str) -> bool:
    """Tell whether an account can have this name."""
    return len(name) <= LONGEST_USERNAME and re.fullmatch(USERNAME, name) is not None
