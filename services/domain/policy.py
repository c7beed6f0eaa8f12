"""A project's numbers: how many opinions, how strict, how long, how often.

A policy is a document; its content hash is stamped on every decision taken under it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from services.domain.canonical import content_hash
from services.domain.errors import InputError
from services.domain.hints import HintRules
from services.domain.media_limits import MediaLimits, StreamChoice
from services.domain.taxonomy import parse_document

Share = Annotated[float, Field(ge=0, le=1)]


Consequence = Literal["notify", "recalibrate", "pause", "reopen"]


class Monitoring(BaseModel):
    """When tier 3 acts on a person's figures, and how."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    min_clips: int = Field(
        10, ge=2, strict=True, description="Gold clips before a person's figures are judged."
    )
    false_discovery_rate: float = Field(
        0.05, gt=0, lt=1, description="Expected share of false ones among a table's signals."
    )
    ewma_weight: float = Field(0.2, gt=0, le=1, description="Weight of the newest clip.")
    ewma_limit: float = Field(3.0, gt=0, description="Limit in standard deviations.")
    cusum_slack: float = Field(0.5, ge=0, description="Drift let pass, in standard deviations.")
    cusum_limit: float = Field(5.0, gt=0, description="Limit in standard deviations.")
    looks: Literal[1, 2] = Field(
        2,
        description="1: a signal has its consequences at once; 2: only notify, until the person's "
        "later gold answers bear it out by themselves.",
    )
    consequences: tuple[Consequence, ...] = Field(
        ("notify",), description="What follows a signal, in this order."
    )


class Policy(BaseModel):
    """The rules a project's clips are worked under."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seats: Literal[2] = Field(2, description="Blind opinions a clip and round.")
    tolerance_frames: int = Field(
        3, ge=0, strict=True, description="Inclusive: 3 passes, 4 is disputed. Labels may override."
    )
    tolerance_max_ms: int | None = Field(
        None, ge=1, strict=True, description="Cap beside the frames, for clips of variable rate."
    )
    pairing_window_frames: int = Field(
        15, ge=0, strict=True, description="Segments without a common frame pair within this."
    )
    max_rounds: int = Field(2, ge=1, le=5, description="Rounds of annotation before a clip rests.")
    control_share: Share = Field(0.0, description="Share of clips shown without a pre-label.")
    probe_share: Share = Field(0.0, description="Share of drafts with one boundary moved.")
    probe_shift_frames: int = Field(
        12, ge=1, strict=True, description="How far a probe moves a draft's boundary."
    )
    gold_share: Share = Field(
        0.0, description="Share of seats followed by a clip whose answer is known, unannounced."
    )
    gold_source: Literal["manager", "arbitrated", "accepted"] = Field(
        "manager",
        description="What becomes gold by itself: nothing but what a manager promotes, what an "
        "arbiter decided, or all that is accepted.",
    )
    calibration_clips: int = Field(
        0, ge=0, strict=True, description="Gold clips a new annotator is tried on; 0: none."
    )
    calibration_agreement: Share = Field(
        0.8, description="Share of segments that must agree with gold over the calibration."
    )
    monitoring: Monitoring = Monitoring()
    proxy_height: Literal[360, 720] = Field(360, description="Lines of the proxy people watch.")
    video_stream: StreamChoice = Field(
        "first",
        description="Which of a file's video streams is meant: first, largest, or its number "
        "among them, from 0.",
    )
    media: MediaLimits = MediaLimits()
    hints: HintRules = HintRules()
    max_attempts: int = Field(3, ge=1, le=20, description="Tries of a stage before it is held.")
    lease_s: int = Field(120, ge=10, le=3600, description="How long a worker may be silent.")
    seat_timeout_h: int = Field(72, ge=1, description="Hours before an idle seat is reported.")

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Self:
        """Read a policy document; raises InputError with one entry per faulty field."""
        return parse_document(cls, data, what="policy")

    def require_sound(self) -> None:
        """Refuse rules that contradict each other.

        Apart from :meth:`parse`, because rules that were in force before must stay readable.

        Raises
        ------
        InputError
            If a signal shall send people to a trial that the rules do not have.
        """
        if "recalibrate" in self.monitoring.consequences and not self.calibration_clips:
            detail = "recalibrate needs a trial: set calibration_clips to 1 or more"
            raise InputError(
                f"The policy is not valid. /monitoring/consequences: {detail}.",
                errors=[{"pointer": "/monitoring/consequences", "detail": detail}],
            )

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the whole content."""
        return content_hash(self.model_dump(mode="json"))
