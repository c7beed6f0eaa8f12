"""The one place where a flow's parts are put together.

Flows ask :func:`runtime` for what they need; tests hand in their own with
:func:`use_runtime`. Nothing else in the flows builds a client or reads a setting.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from orchestration.nudges import start_deployment
from orchestration.settings import WorkerSettings
from orchestration.storage import ObjectStore, open_store
from services.client.api import TrackerClient
from services.domain.workflow import Stage

if TYPE_CHECKING:
    from labeling_bridge.bridge import LabelStudio

Nudge = Callable[[Stage | str], None]


@dataclass(frozen=True, kw_only=True)
class Runtime:
    """The parts every flow works with, made once a process."""

    settings: WorkerSettings
    tracker: TrackerClient
    store: ObjectStore
    label_studio: Callable[[], LabelStudio]
    """Made on first use: the SDK is heavy and most stages need none."""
    nudge: Nudge
    """Starts another stage's deployment early; losing one only costs time."""
    worker: str


_override: Runtime | None = None


def runtime() -> Runtime:
    """Return the process's parts."""
    return _override or _from_settings()


@lru_cache(maxsize=1)
def _from_settings() -> Runtime:
    settings = WorkerSettings()

    @lru_cache(maxsize=1)
    def label_studio() -> LabelStudio:
        return open_label_studio(settings)

    return Runtime(
        settings=settings,
        tracker=TrackerClient(settings.tracker_url, settings.tracker_token.get_secret_value()),
        store=open_store(settings.storage_url, s3_endpoint=settings.s3_endpoint),
        label_studio=label_studio,
        nudge=start_deployment,
        worker=socket.gethostname(),
    )


def open_label_studio(settings: WorkerSettings) -> LabelStudio:
    """Build the bridge to the installation's Label Studio, with the service account."""
    from labeling_bridge.bridge import LabelStudio
    from labeling_bridge.lanes import Webhook

    return LabelStudio(
        settings.label_studio_url,
        settings.label_studio_token.get_secret_value(),
        links_key=settings.links_key.get_secret_value(),
        email_domain=settings.label_studio_domain,
        webhook=Webhook(
            url=f"{settings.tracker_url}/api/v1/inbox/label-studio",
            secret=settings.webhook_secret.get_secret_value(),
        ),
    )


@contextmanager
def use_runtime(parts: Runtime) -> Iterator[Runtime]:
    """Work with other parts for the length of the block (tests, one-shot runs)."""
    global _override  # noqa: PLW0603 - flows run in threads that share it on purpose
    before, _override = _override, parts
    try:
        yield parts
    finally:
        _override = before
