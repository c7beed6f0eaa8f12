"""Leases that end without a report."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from services.tracker.clips.models import Clip
from services.tracker.work.models import Lease, LeaseEnd


def leases_end(*, clips: Collection[Clip], at: datetime) -> None:
    """End the open leases of clips: their workers fell silent, or their work is not wanted now.

    What such a worker reports later is refused. The caller has locked the clips, and takes
    ``leased_until`` off them.
    """
    Lease.objects.filter(clip__in=clips, ended=None).update(ended=LeaseEnd.EXPIRED, ended_at=at)
