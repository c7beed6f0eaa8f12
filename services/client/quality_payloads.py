"""What travels of a project's quality; ``services.client.payloads`` has the rest."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from services.client.payloads import Json, Payload


class EstimateOut(Payload):
    """A figure with its 95 % interval; None where there is too little to tell."""

    value: float | None
    low: float | None
    high: float | None


class AgreementOut(Payload):
    """What became of two blind opinions' segments; distances are in source frames."""

    n_clips: int
    n_segments: int
    n_agreed: int
    n_alone: int
    n_mislabelled: int
    n_shifted: int
    n_divided: int
    agreement: EstimateOut
    mean_onset_frames: float | None
    mean_offset_frames: float | None


class LabelAgreementOut(AgreementOut):
    """Agreement on one label."""

    taxonomy_version: int
    layer: str
    label: str


class FigureOut(Payload):
    """One of the field's measures over many pairs of opinions, named as `segue compare` does."""

    name: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    """Pairs that had something to compare."""


class MeasuresOut(Payload):
    """Pairs of blind opinions, the one of the older account first, on one layer."""

    n_pairs: int
    figures: list[FigureOut]


class LayerMeasuresOut(MeasuresOut):
    """What the pairs come to on a layer."""

    taxonomy_version: int
    layer: str


class PairAgreementOut(AgreementOut):
    """Agreement of two people."""

    username_a: str
    username_b: str


class DayAgreementOut(AgreementOut):
    """Agreement of the opinions compared on one day (UTC)."""

    day: date


class QualityOut(Payload):
    """How far blind opinions agree; but for ``labels`` and ``layers``, over all taxonomies."""

    overall: AgreementOut
    labels: list[LabelAgreementOut]
    layers: list[LayerMeasuresOut]
    pairs: list[PairAgreementOut]
    days: list[DayAgreementOut]


class BinOut(Payload):
    """How many boundaries lay this many frames late; the ends hold the rest."""

    frames: int
    n: int


class DeltasOut(Payload):
    """Signed distances of one side's boundaries, in source frames; late is positive."""

    n: int
    bias: EstimateOut
    spread: float | None
    median: float | None
    deviation: float | None
    late: EstimateOut
    early: EstimateOut
    histogram: list[BinOut]


class RangeOut(Payload):
    """Between which shares."""

    low: float
    high: float


class ShareLimitsOut(Payload):
    """What the others show, and between which shares 95 and 99.8 % of sound people are."""

    expected: float
    warning: RangeOut
    action: RangeOut


class FunnelOut(Payload):
    """The limits of a person's shares; None where there is nothing or nobody to compare."""

    misses: ShareLimitsOut | None
    extras: ShareLimitsOut | None
    confusions: ShareLimitsOut | None


class LabelFiguresOut(Payload):
    """One person on one label, against the reference."""

    layer: str
    label: str
    n_reference: int
    n_answered: int
    n_agreed: int
    misses: EstimateOut
    extras: EstimateOut
    confusions: EstimateOut
    recall: EstimateOut
    precision: EstimateOut
    funnel: FunnelOut
    onset: DeltasOut
    offset: DeltasOut


class ConfusionCellOut(Payload):
    """How often one label was given where the reference has the other; None: nothing."""

    layer: str
    reference: str | None
    answered: str | None
    n: int


class TimeOut(Payload):
    """Seconds a clip; the typical one is the geometric mean."""

    n: int
    mean_s: float | None
    typical_s: EstimateOut


class PersonFiguresOut(Payload):
    """One person against the reference."""

    username: str
    reliability: float | None
    """Share of labels that are right by the model of Dawid and Skene, at the last inspection."""
    time: TimeOut
    labels: list[LabelFiguresOut]
    confusion: list[ConfusionCellOut]


class AnnotatorsOut(Payload):
    """Everybody against the reference."""

    reference: Literal["gold", "arbitration"]
    people: list[PersonFiguresOut]


class DraftOut(Payload):
    """What became of drafts' boundaries, and of those moved on purpose."""

    n_boundaries: int
    n_flawed: int
    n_probes: int
    untouched: EstimateOut
    flaws_kept: EstimateOut
    probes_noticed: EstimateOut


class PersonAnchoringOut(Payload):
    """What drafts do to one person."""

    username: str
    drafts: DraftOut
    time_with_draft: TimeOut
    time_without_draft: TimeOut


class LayerAnchoringOut(Payload):
    """What the pairs come to on a layer where they saw a draft, and where they did not."""

    taxonomy_version: int
    layer: str
    with_draft: MeasuresOut
    without_draft: MeasuresOut


class AnchoringOut(Payload):
    """What drafts do to a project's people."""

    drafts: DraftOut
    with_draft: AgreementOut
    without_draft: AgreementOut
    difference: EstimateOut
    layers: list[LayerAnchoringOut]
    people: list[PersonAnchoringOut]


class SignalOut(Payload):
    """A figure that stands out of everybody's."""

    key: str
    sentence: str
    question: Json
    direction: str | None
    p_value: float
    adjusted: float
    value: float
    expected: float
    n_cases: int
    n_clips: int
    since_index: int
    since_clip_name: str
    last_sound_clip_name: str | None


class ReopenedClipOut(Payload):
    """A clip that an alarm put in doubt."""

    clip_uid: UUID
    name: str
    outcome: Literal["reopened", "rounds_used_up"]
    at: datetime


class ConsequenceOut(Payload):
    """What followed an alarm."""

    kind: Literal["notify", "recalibrate", "pause", "reopen"]
    reason: str
    since: datetime | None
    """Of reopen: answers after this are in doubt; None: all are."""
    clips: list[ReopenedClipOut]
    made_at: datetime


class ReversalOut(Payload):
    """That a manager took an alarm back."""

    actor: str
    note: str
    outcome: Json
    reversed_at: datetime


class ConfirmationOut(Payload):
    """That later answers alone bore an alarm out: the second look."""

    n_later: int
    """The person's gold answers since the alarm."""
    signals: list[SignalOut]
    """Those of the alarm's that stood out again."""
    confirmed_at: datetime


class AlarmOut(Payload):
    """What stood out about one person, and what followed."""

    uid: UUID
    username: str
    policy_version: int
    signals: list[SignalOut]
    consequences: list[ConsequenceOut]
    confirmation: ConfirmationOut | None
    """None: later answers have not borne it out."""
    reversal: ReversalOut | None
    raised_at: datetime


class MonitorOut(Payload):
    """What a run of the monitor came to."""

    is_new: bool
    """Whether something was measured since the last run."""
    n_people: int
    n_clips: int
    n_alarms: int
    n_reopened: int
    inspected_at: datetime
