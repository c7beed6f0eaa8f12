"""A worker without work: claims clips and reports them at once, from a process of its own."""

from __future__ import annotations

import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from threading import Barrier
from uuid import UUID

from services.client.api import TrackerClient
from services.domain.workflow import Stage
from tests.factories import ingest_done

_together: Barrier


@dataclass(slots=True)
class Shift:
    """What one client did, second by second."""

    claimed: list[UUID] = field(default_factory=list)
    claim_s: list[float] = field(default_factory=list)
    report_s: list[float] = field(default_factory=list)
    n_repeated: int = 0
    began: float = 0.0
    ended: float = 0.0
    cpu_s: float = 0.0


def _meet_at(barrier: Barrier) -> None:
    global _together
    _together = barrier


def work_shift(url: str, token: str, project: str, limit: int) -> Shift:
    """Claim and report until nothing is due."""
    done = Shift()
    with TrackerClient(url, token) as tracker:
        tracker.me()  # the connection is there before the clock runs
        _together.wait(60)
        done.began, cpu = time.time(), time.process_time()
        while True:
            began = time.perf_counter()
            items = tracker.work_claim(
                stage=Stage.INGEST, project=project, limit=limit, worker="bench"
            )
            done.claim_s.append(time.perf_counter() - began)
            if not items:
                break
            for item in items:
                done.claimed.append(item.clip_uid)
                report = ingest_done(str(item.clip_uid))
                began = time.perf_counter()
                reported = tracker.work_report(item.lease_uid, report)
                done.report_s.append(time.perf_counter() - began)
                done.n_repeated += reported.repeated
        done.ended, done.cpu_s = time.time(), time.process_time() - cpu
    return done


def work_together(n_clients: int, *, url: str, token: str, project: str, limit: int) -> list[Shift]:
    """Let clients work at the same time, each in its own process."""
    # Fresh interpreters: the test process has threads that a fork would cut off.
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(n_clients)
    with ProcessPoolExecutor(
        n_clients, mp_context=context, initializer=_meet_at, initargs=(barrier,)
    ) as pool:
        futures = [pool.submit(work_shift, url, token, project, limit) for _ in range(n_clients)]
        return [future.result() for future in futures]
