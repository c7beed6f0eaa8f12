"""Small sound documents and rows for tests, each with everything that may be varied."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from hashlib import sha256
from itertools import count
from typing import Any

from services.client.payloads import (
    CheckDone,
    ClipIn,
    IngestDone,
    LaneIn,
    PrelabelDone,
    ProjectIn,
    SanityVerdict,
    SubmissionIn,
)
from services.domain.comparison.compare import compare
from services.domain.fingerprint import Fingerprint
from services.domain.hints import FrameRange, HintRules, Hints, Strip
from services.domain.policy import Policy
from services.domain.segments import Segment, Segmentation
from services.domain.taxonomy import Taxonomy
from services.domain.timebase import Timebase

N_FRAMES = 300
_serial = count(1)


def serial() -> int:
    """Return a number that no other call returned."""
    return next(_serial)


def policy_document(**changes: Any) -> dict[str, Any]:
    return Policy.parse(changes).model_dump(mode="json")


def taxonomy_document(*, version: int = 1, labels: tuple[str, ...] = ("pour", "stir")) -> Any:
    layers = [{"name": "main", "labels": [{"name": label} for label in labels]}]
    document = {"name": "kitchen", "version": version, "layers": layers}
    return Taxonomy.parse(document).model_dump(mode="json")


def project_in(members: dict[str, str], **changes: Any) -> ProjectIn:
    return ProjectIn(
        **{
            "title": "Kitchen",
            "policy": policy_document(),
            "taxonomy": taxonomy_document(),
            "members": members,
            **changes,
        }
    )


def clip_in(name: str | None = None) -> ClipIn:
    name = name or f"clip-{serial()}.mp4"
    return ClipIn(name=name, source_uri=f"file:///videos/{name}")


def hints(n_frames: int = N_FRAMES) -> Hints:
    """One shot, a black and a frozen stretch."""
    return Hints(
        n_frames=n_frames,
        shots=(n_frames // 2,),
        black=(FrameRange(onset=0, offset=1),),
        frozen=(FrameRange(onset=n_frames - 1, offset=n_frames),),
        strip=Strip(frames=(0, n_frames // 2), columns=2, cell_width=96, cell_height=54),
        rules=HintRules(),
    )


def ingest_done(
    content: str | None = None,
    *,
    n_frames: int = N_FRAMES,
    fingerprint: Fingerprint | None = None,
) -> IngestDone:
    digest = sha256((content or f"content {serial()}").encode()).hexdigest()
    return IngestDone(
        sha256=digest,
        timebase=Timebase.constant(rate=Fraction(30000, 1001), n_frames=n_frames).as_json(),
        width=640,
        height=360,
        proxy_key=f"proxies/{digest[:2]}/{digest}-360p.mp4",
        proxy_sha256=digest,
        proxy_bytes=1000,
        probe={"codec": "h264"},
        fingerprint=fingerprint and fingerprint.as_json(),
        hints=hints(n_frames).as_json(),
        strip_key=f"strips/{digest[:2]}/{digest}.svg",
    )


def segment(onset: int = 10, offset: int = 50, label: str = "pour") -> dict[str, Any]:
    return Segment(label=label, onset=onset, offset=offset).as_json()


def submitted(onset: int = 10, offset: int = 50, label: str = "pour") -> dict[str, Any]:
    return {
        "region_id": f"r{onset}",
        "layer": "main",
        "label": label,
        "onset": onset,
        "offset": offset,
        "problem": None,
    }


def prelabel_done(*segments: dict[str, Any]) -> PrelabelDone:
    return PrelabelDone(model="change-points", segments=list(segments) or [segment()])


def lane_in(username: str, kind: Any = "annotation", **changes: Any) -> LaneIn:
    return LaneIn(
        **{
            "project": "kitchen",
            "taxonomy_version": 1,
            "username": username,
            "kind": kind,
            "label_studio_project": serial(),
            **changes,
        }
    )


def submission(*segments: dict[str, Any], after_s: float = 0, **changes: Any) -> SubmissionIn:
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=after_s)
    return SubmissionIn(
        **{
            "label_studio_annotation": 1,
            "label_studio_updated_at": at,
            "segments": list(segments) or [submitted()],
            "lead_time_s": 12.5,
            **changes,
        }
    )


def finding(message: str = "too short") -> dict[str, Any]:
    return {
        "code": "too_short",
        "severity": "error",
        "onset": 1,
        "offset": 2,
        "layer": "main",
        "label": "pour",
        "message": message,
        "region_ids": [],
    }


def verdict(annotation_uid: Any, *, passed: bool = True) -> SanityVerdict:
    findings = [] if passed else [finding()]
    return SanityVerdict(annotation_uid=annotation_uid, passed=passed, findings=findings)


def comparison(a: list[dict[str, Any]], b: list[dict[str, Any]]) -> dict[str, Any]:
    """Compare two lists of segments as the check stage does."""
    first, second = (Segmentation.from_json(side, n_frames=N_FRAMES) for side in (a, b))
    taxonomy, policy = Taxonomy.parse(taxonomy_document()), Policy()
    return compare(first, second, taxonomy=taxonomy, policy=policy).as_json()


def agreed(x: Any, y: Any) -> CheckDone:
    """Report that both answers passed and agree."""
    return CheckDone(
        verdicts=[verdict(x), verdict(y)],
        comparison=comparison([segment()], [segment()]),
        accepted=[segment()],
    )


def disputed(x: Any, y: Any) -> CheckDone:
    """Report that both answers passed and differ."""
    return CheckDone(
        verdicts=[verdict(x), verdict(y)],
        comparison=comparison([segment()], [segment(100, 200)]),
    )
