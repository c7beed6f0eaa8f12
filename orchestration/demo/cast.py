"""The demo's people and their passwords, made on the first run and kept for the next."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from services.client.api import TrackerClient
from services.client.payloads import UserIn
from services.domain.errors import DuplicateError

if TYPE_CHECKING:
    from labeling_bridge.bridge import LabelStudio

ROLES = {
    "lea": "manager",
    "ana": "annotator",
    "ben": "annotator",
    "sam": "arbiter",
    "cleo": "client",
}
LABELLING = ("ana", "ben", "sam")


def passwords(path: Path) -> dict[str, str]:
    """Read the cast's passwords, making them (mode 0600) where there are none."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        made = {name: secrets.token_urlsafe(9) for name in ROLES}
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as stream:
            json.dump(made, stream)
    known: dict[str, str] = json.loads(path.read_text())
    return known


def hire(client: TrackerClient, studio: LabelStudio, known: dict[str, str]) -> dict[str, str]:
    """Give everybody their accounts; return the Label Studio log-in names by person."""
    for name, role in ROLES.items():
        try:
            client.user_add(UserIn(username=name, role=role, password=known[name]))
        except DuplicateError:
            continue  # hired by an earlier run, with the password we still hold
    return {
        name: studio.ensure_member(name, password=known[name], first_name=name).email
        for name in LABELLING
    }
