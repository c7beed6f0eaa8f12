"""One person's answer as the sums need it: whose, how long it took, what it made of the draft."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Self

from django.db.models import F, OuterRef, Subquery

from services.domain.comparison.disputes import Comparison
from services.domain.monitoring.anchoring import DraftTally, draft_tally
from services.domain.monitoring.durations import TimeTally
from services.domain.monitoring.probes import Probe
from services.domain.policy import Policy
from services.domain.segments import Segment, Segmentation
from services.domain.taxonomy import Taxonomy
from services.tracker.annotations.models import Prelabel
from services.tracker.projects.versions import policy_version, taxonomy_version

Json = dict[str, Any]
MOST = 256


def side(comparison: Comparison, letter: str) -> Segmentation:
    """Return one opinion of a comparison: each segment is in one agreed one or one dispute."""
    segments: list[Segment] = [getattr(item, letter) for item in comparison.agreed]
    for dispute in comparison.disputes:
        segments += getattr(dispute, letter)
    return Segmentation.of(segments, n_frames=comparison.n_frames)


def answer_columns(prefix: str, annotation: str) -> dict[str, F]:
    """Name what :meth:`Answer.of` reads of an annotation that is reached by this path."""
    seat = f"{annotation}__assignment"
    return {
        f"{prefix}user": F(f"{seat}__user_id"),
        f"{prefix}shows": F(f"{seat}__shows_prelabel"),
        f"{prefix}probe": F(f"{seat}__probe"),
        f"{prefix}own_draft": F(f"{seat}__draft"),
        f"{prefix}lead_time_s": F(f"{annotation}__lead_time_s"),
    }


def prelabel_of(clip: str) -> Subquery:
    """Return a clip's newest draft, for a query's column."""
    drafts = Prelabel.objects.filter(clip=OuterRef(clip)).order_by("-pk")
    return Subquery(drafts.values("segments")[:1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What the answers to a clip are held against, and by which rules."""

    segments: Segmentation
    taxonomy_id: int
    policy_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A person's sound answer, with the draft that the person saw (None: none)."""

    user_id: int
    shows_draft: bool
    segments: Segmentation
    draft: Segmentation | None
    probe: Probe | None
    lead_time_s: float | None

    @classmethod
    def of(cls, row: Mapping[str, Any], prefix: str, segments: Segmentation) -> Self:
        """Read the columns of :func:`answer_columns`, and the clip's draft as ``prelabel``."""
        shows, probe = row[f"{prefix}shows"], row[f"{prefix}probe"]
        draft = row[f"{prefix}own_draft"] or row.get("prelabel")
        n_frames = segments.n_frames
        return cls(
            user_id=row[f"{prefix}user"],
            shows_draft=shows,
            segments=segments,
            draft=Segmentation.from_json(draft, n_frames=n_frames) if shows and draft else None,
            probe=Probe.from_json(probe) if probe else None,
            lead_time_s=row[f"{prefix}lead_time_s"],
        )

    @property
    def time(self) -> TimeTally:
        """The time it took."""
        return TimeTally.of(self.lead_time_s)

    def draft_tally(self, truth: Truth) -> DraftTally:
        """Sum what the person did to the draft."""
        if self.draft is None:
            return DraftTally()
        return draft_tally(
            self.draft,
            self.segments,
            taxonomy=taxonomy(truth.taxonomy_id),
            policy=policy(truth.policy_id),
            reference=truth.segments,
            probe=self.probe,
        )


@lru_cache(maxsize=MOST)
def taxonomy(pk: int) -> Taxonomy:
    """Return the labels of a version, read once."""
    return Taxonomy.parse(taxonomy_version(pk).document)


@lru_cache(maxsize=MOST)
def policy(pk: int) -> Policy:
    """Return the rules of a version, read once."""
    return Policy.parse(policy_version(pk).document)
