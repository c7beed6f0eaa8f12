"""How a project's queue is ordered: shares of strata, weights of the expected gain."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Share = Annotated[float, Field(ge=0, le=1)]
Weight = Annotated[float, Field(ge=0, le=100)]
TOLERANCE = 1e-6


class Stratum(StrEnum):
    """What a place in the queue is given for."""

    TYPICAL = "typical"
    """By lot among all: what keeps the labelled clips like the corpus."""
    UNCERTAIN = "uncertain"
    """Greatest expected gain."""
    DIVERSE = "diverse"
    """Covers most of what no labelled clip is near to."""
    RARE = "rare"
    """Predicted to hold labels that are short among the labelled ones."""
    HARD_NEGATIVES = "hard_negatives"
    """Like clips in which people threw out what the model had drafted."""
    OVERDUE = "overdue"
    """Waited longest."""


class QueueShares(BaseModel):
    """Share of the places that each stratum gets; a stratum without a clip leaves its to others."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    typical: float = Field(0.3, ge=0.1, le=1, description="By lot among all; never less than 0.1.")
    uncertain: Share = Field(0.2, description="Greatest expected gain.")
    diverse: Share = Field(0.2, description="Unlike what is labelled, like what is not.")
    rare: Share = Field(0.15, description="Predicted to hold labels that are short so far.")
    hard_negatives: Share = Field(0.05, description="Where drafts are thrown out.")
    overdue: Share = Field(0.1, description="Longest waiting, from patience_h on.")

    @model_validator(mode="after")
    def _sum_to_one(self) -> Self:
        total = sum(self.of(stratum) for stratum in Stratum)
        if abs(total - 1) > TOLERANCE:
            raise ValueError(f"the shares must sum to 1, not {total:g}")
        return self

    def of(self, stratum: Stratum) -> float:
        """Return a stratum's share."""
        share: float = getattr(self, stratum.value)
        return share


class GainWeights(BaseModel):
    """Expected gain: the weighted sum of figures that each lie in 0..1."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    uncertainty: Weight = Field(1.0, description="Of the model's entropy.")
    disagreement: Weight = Field(0.5, description="Of earlier rounds, or of two drafts.")
    rarity: Weight = Field(0.5, description="Of the share of time with labels that are short.")


class QueueRules(BaseModel):
    """The rules by which clips wait for people."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    shares: QueueShares = QueueShares()
    gain: GainWeights = GainWeights()
    most_of_one_source: float = Field(
        0.25, gt=0, le=1, description="Share of the places so far that one source may have."
    )
    patience_h: float = Field(
        168.0, ge=0, allow_inf_nan=False, description="Hours after which waiting counts by itself."
    )
    shortlist: int = Field(
        1000, ge=1, le=4000, strict=True, description="Clips, by lot, that diversity is judged on."
    )
