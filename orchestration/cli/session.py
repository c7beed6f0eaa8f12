"""How the command line comes in: with a token from the environment, else as the manager
of this machine's own installation."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING

from orchestration.local.environments import prefect_client
from orchestration.local.errors import StackError
from orchestration.local.secrets import read_secret
from orchestration.runtime import open_label_studio
from orchestration.settings import ClientSettings, StackSettings, WorkerSettings
from services.client.api import TrackerClient
from services.domain.errors import InputError, SegueError

if TYPE_CHECKING:
    from labeling_bridge.bridge import LabelStudio

MANAGER = "manager"


@lru_cache(maxsize=1)
def stack_settings() -> StackSettings:
    """Return this machine's settings, read once."""
    return StackSettings()


@lru_cache(maxsize=1)
def client_settings() -> ClientSettings:
    """Return what the person has set for the command line, read once."""
    return ClientSettings()


def worker_settings() -> WorkerSettings:
    """Return the settings of this machine's own worker, as the running stack has them."""
    stack = stack_settings()
    return WorkerSettings(
        tracker_url=stack.tracker_url,
        label_studio_url=stack.label_studio_url,
        storage_url=str(stack.storage),
    )


@contextmanager
def tracker() -> Iterator[TrackerClient]:
    """Give a client that acts for the person at the keyboard.

    Raises
    ------
    InputError
        If there is neither a token nor an installation to log in to.
    """
    given, stack = client_settings(), stack_settings()
    url = given.tracker_url or stack.tracker_url
    token = given.token.get_secret_value() if given.token else _manager_token(url, stack)
    with TrackerClient(url, token) as client:
        yield client


def _manager_token(url: str, stack: StackSettings) -> str:
    try:
        password = read_secret(stack.secrets, "manager_password")
    except StackError as error:
        raise InputError(
            "Nobody is logged in: set SEGUE_TOKEN, or run `segue up` on this machine first."
        ) from error
    with TrackerClient(url, token=None) as client:
        return client.token_create(MANAGER, password).token


def label_studio() -> LabelStudio:
    """Give the bridge to this installation's Label Studio."""
    return open_label_studio(worker_settings())


def point_prefect_here() -> None:
    """Let Prefect's client find this installation's server.

    Prefect reads its settings from the environment when it is first imported, so this runs
    before that; what the person has set themselves stays.
    """
    try:
        found = prefect_client(stack_settings())
    except SegueError:
        return  # no installation here: Prefect's own settings decide
    for name, value in found.items():
        if name.startswith("PREFECT_"):
            os.environ.setdefault(name, value)
