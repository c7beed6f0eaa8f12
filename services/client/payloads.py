"""What travels between the flows and the tracker: one model per message.

The tracker's OpenAPI document is the contract; a test holds these models against it.
Segments, findings and comparisons travel in the JSON forms of ``services.domain``.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.domain.standing import AnnotatorStanding
from services.domain.workflow import AssignmentState, ClipPurpose, ClipState, Stage

Json = dict[str, Any]


class Payload(BaseModel):
    """Base of all messages: immutable; unknown fields of a newer server are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


# --- clips -----------------------------------------------------------------------------------


class GroupViewIn(Payload):
    """One view of a group, and how it is to be put in its place in time."""

    name: str
    source_uri: str
    sync: Literal["auto", "timecode", "audio", "given"] = "auto"
    offset_s: str | None = None
    """Exact seconds as a rational, such as ``5/4``."""
    drift_ppm: str = "0"


class ClipIn(Payload):
    """A clip to register; ``source_uri`` is its identity within the project."""

    name: str
    source_uri: str
    views: list[GroupViewIn] = []
    """All views of a group, the reference (of the clip's own source) first; else none."""


class ClipRegistered(Payload):
    """What became of one registered clip."""

    uid: UUID
    name: str
    created: bool


class GroupViewOut(GroupViewIn):
    """A view as it was found."""

    sha256: str | None
    n_frames: int | None
    rate: str | None
    alignment: Json | None
    """``Alignment`` form; None for the reference, and until ingest has found it."""
    frame_map: Json | None
    """How many reference frames have no frame of the view, and so on; a digest of the map."""


class ClipOut(Payload):
    """A clip as managers, workers and (without people's work) clients see it."""

    uid: UUID
    project: str
    name: str
    source_uri: str
    purpose: ClipPurpose
    state: ClipState
    due: Stage | None
    held: bool
    """Whether the due stage failed too often and waits for a manager's retry."""
    round: int
    n_frames: int | None
    rate: str | None
    sha256: str | None
    reason: Json | None
    """Why it is quarantined, rejected or held: ``{"code", "detail"}``."""
    taxonomy_version: int | None
    views: list[GroupViewOut]
    """Of a group, the reference first; else none."""
    created_at: datetime
    changed_at: datetime


class ClipEventOut(Payload):
    """One link of a clip's hash-chained history."""

    seq: int
    at: datetime
    actor: str
    step: str
    before: str | None
    after: str
    round: int
    payload: Json
    previous_hash: str
    hash: str


class NearDuplicateOut(Payload):
    """Two clips that show the same events, as seen from the first."""

    uid: UUID
    clip_uid: UUID
    clip_name: str
    other_uid: UUID
    other_name: str
    distance: float
    """0 for the same, about 0.5 for strangers."""
    shift_s: float
    """When the other one's beginning is shown in the first; negative: before it."""
    overlap_s: float
    found_at: datetime


class NearDuplicatesFound(Payload):
    """What one turn of comparing came to."""

    n_compared: int
    n_found: int
    n_left: int


# --- work: claims ----------------------------------------------------------------------------


class WorkClaimIn(Payload):
    """Ask for clips on which a stage is due."""

    stage: Stage
    project: str | None = None
    limit: int = Field(50, ge=1, le=1000)
    lease_s: int | None = None
    worker: str


class SeatWork(Payload):
    """One person's seat, for the stages that put tasks into Label Studio."""

    assignment_uid: UUID
    username: str
    kind: Literal["annotation", "arbitration"]
    state: AssignmentState
    shows_prelabel: bool
    prelabel: list[Json] | None = None
    """The draft of this seat where it is not the clip's."""
    findings: list[Json] = []
    task_id: int | None = None
    """Label Studio's task, once it exists."""


class OpinionWork(Payload):
    """One submitted answer, for the check and the arbiter's task; never with a name."""

    annotation_uid: UUID
    assignment_uid: UUID
    kind: Literal["annotation", "arbitration"]
    opinion: Literal["x", "y", "arbiter"]
    """Seeded random order per clip and round."""
    state: AssignmentState
    segments: list[Json]
    """``SubmittedSegment`` forms."""
    verdict: Literal["accept", "reopen", "reject"] | None = None
    note: str = ""
    task_id: int | None = None
    """Label Studio's task, for remarks."""
    came_back: bool = False
    """Whether the task still says what was found in an earlier answer."""


class ModelWork(Payload):
    """The model that drafts a clip, as it lies in the store."""

    version: int
    extractor: str
    storage_key: str
    sha256: str


class WorkItem(Payload):
    """One claimed clip with all that its stage needs."""

    lease_uid: UUID
    expires_at: datetime
    stage: Stage
    clip_uid: UUID
    project: str
    name: str
    source_uri: str
    round: int
    attempt: int
    policy: Json
    taxonomy: Json
    timebase: Json | None = None
    proxy_key: str | None = None
    hints: Json | None = None
    """``Hints`` form (dispatch, arbitrate)."""
    strip_key: str | None = None
    views: list[GroupViewIn] = []
    """Of a group, the reference first (ingest)."""
    model: ModelWork | None = None
    """What drafts (prelabel); None is the cold start."""
    prelabel: list[Json] = []
    """``Segment`` forms of the current pre-label (dispatch)."""
    gold: list[Json] | None = None
    """``Segment`` forms of the known answer that one opinion is held against (check)."""
    seats: list[SeatWork] = []
    """Seats to push (dispatch, arbitrate)."""
    opinions: list[OpinionWork] = []
    """All answers of the round (check, arbitrate)."""
    comparison: Json | None = None
    """``Comparison`` form of the round (check of an arbiter's answer, arbitrate)."""


class WorkClaimed(Payload):
    """The claimed clips; empty when nothing is due."""

    items: list[WorkItem]


# --- work: reports ---------------------------------------------------------------------------


class GroupViewDone(Payload):
    """A view is sound and has its place; alignment and map are None for the reference."""

    name: str
    sha256: str
    timebase: Json
    probe: Json
    alignment: Json | None
    frame_map: Json | None


class IngestDone(Payload):
    """The clip is sound; its proxy is stored."""

    outcome: Literal["ingested"] = "ingested"
    sha256: str
    timebase: Json
    width: int
    height: int
    proxy_key: str
    proxy_sha256: str
    proxy_bytes: int
    probe: Json
    fingerprint: Json | None = None
    """``Fingerprint`` form, by which near duplicates are found."""
    hints: Json | None = None
    """``Hints`` form."""
    strip_key: str | None = None
    """Where the picture of the clip at a glance is stored."""
    views: list[GroupViewDone] = []
    """Of a group, in the order of the claim."""


class IngestRefused(Payload):
    """The file can never be labelled exactly; the reason is for the client."""

    outcome: Literal["refused"] = "refused"
    code: str
    detail: str
    probe: Json = {}


class PrelabelDone(Payload):
    """A machine's draft."""

    outcome: Literal["prelabelled"] = "prelabelled"
    model: str
    segments: list[Json]
    details: Json = {}


class PushedTask(Payload):
    """A seat's task is in Label Studio, with its present findings."""

    assignment_uid: UUID
    lane_uid: UUID
    task_id: int


class TasksPushed(Payload):
    """The result of dispatch and of arbitrate."""

    outcome: Literal["pushed"] = "pushed"
    tasks: list[PushedTask]


class SanityVerdict(Payload):
    """Tier 1 on one answer; it passed when no finding is an error."""

    annotation_uid: UUID
    passed: bool
    findings: list[Json]


class CheckDone(Payload):
    """Tier 1 on every unchecked answer, and tier 2 when all seats have passed.

    ``comparison`` and ``accepted`` (``Segment`` forms) come with two passed opinions;
    ``accepted`` alone comes with an arbiter's passed answer; ``comparison`` alone, with gold
    as its side ``a``, with the passed answer to a known clip. The tracker decides the step.
    """

    outcome: Literal["checked"] = "checked"
    verdicts: list[SanityVerdict]
    comparison: Json | None = None
    accepted: list[Json] | None = None


class StageFailed(Payload):
    """The stage could not be done this time."""

    outcome: Literal["failed"] = "failed"
    code: str
    detail: str
    transient: bool


WorkReport = Annotated[
    IngestDone | IngestRefused | PrelabelDone | TasksPushed | CheckDone | StageFailed,
    Field(discriminator="outcome"),
]


class LeaseExtended(Payload):
    """Until when a lease now runs."""

    lease_uid: UUID
    expires_at: datetime


class WorkReported(Payload):
    """What the tracker made of a report; a repeat gets the same answer."""

    clip_uid: UUID
    state: ClipState
    due: Stage | None
    round: int
    repeated: bool


# --- annotations and lanes -------------------------------------------------------------------


class LaneIn(Payload):
    """One person's own project inside Label Studio."""

    project: str
    taxonomy_version: int
    username: str
    kind: Literal["annotation", "arbitration"]
    label_studio_project: int


class LaneOut(LaneIn):
    """A registered lane with how far it has been swept."""

    uid: UUID
    watermark: datetime | None
    n_open: int
    """Assignments that still wait for the person."""


class SubmissionIn(Payload):
    """A person's answer as found in Label Studio; idempotent on its id and update time."""

    label_studio_annotation: int
    label_studio_updated_at: datetime
    segments: list[Json]
    lead_time_s: float | None = None
    verdict: Literal["accept", "reopen", "reject"] | None = None
    note: str = ""


class SubmissionOut(Payload):
    """How the tracker took a submission."""

    annotation_uid: UUID
    status: Literal["recorded", "repeated", "late"]
    """``late``: the round was decided already; kept, and changes nothing."""


class AssignmentOut(Payload):
    """A seat; people see their own, without what would tell them of the other seat."""

    uid: UUID
    project: str
    clip_name: str
    clip_uid: UUID | None
    """None for annotators."""
    username: str
    kind: Literal["annotation", "arbitration"]
    round: int
    state: AssignmentState
    shows_prelabel: bool
    findings: list[Json]
    lane_uid: UUID | None
    task_id: int | None
    annotation_uid: UUID | None
    """The newest answer."""
    changed_at: datetime | None
    """For managers and workers only: times tell of other people."""


class AnnotationOut(Payload):
    """One answer; an arbiter sees it by its letter and without name or times."""

    uid: UUID
    assignment_uid: UUID | None
    username: str | None
    opinion: Literal["x", "y", "arbiter"] | None
    kind: Literal["annotation", "arbitration"]
    round: int
    segments: list[Json]
    verdict: Literal["accept", "reopen", "reject"] | None
    note: str
    passed: bool | None
    """Tier 1; None until it has looked."""
    findings: list[Json]
    is_late: bool
    lead_time_s: float | None
    received_at: datetime | None


class PrelabelOut(Payload):
    """A machine's draft."""

    uid: UUID
    model: str
    taxonomy_version: int
    segments: list[Json]
    details: Json
    created_at: datetime


class DecisionOut(Payload):
    """How a clip's round ended."""

    uid: UUID
    round: int
    status: Literal["agreed", "arbitrated", "rejected"]
    segments: list[Json]
    comparison: Json
    policy_version: int
    taxonomy_version: int
    decided_at: datetime


class InboxHint(Payload):
    """A webhook's raw body, waiting to be read as a hint."""

    id: int
    received_at: datetime
    label_studio_project: int | None
    body: Json


# --- gold ------------------------------------------------------------------------------------


class GoldIn(Payload):
    """A clip whose decision shall be gold, and why."""

    clip_uid: UUID
    note: str = ""


class GoldOut(Payload):
    """A decision that people are measured by."""

    uid: UUID
    project: str
    clip_uid: UUID
    clip_name: str
    decision_uid: UUID
    status: Literal["agreed", "arbitrated", "rejected"]
    round: int
    taxonomy_version: int
    is_fit: bool
    """Whether it may be shown: not withdrawn, and the clip stands as it was decided."""
    n_shown: int
    n_scored: int
    promoted_by: str
    promoted_at: datetime
    note: str
    withdrawn_by: str | None
    withdrawn_at: datetime | None
    withdrawn_note: str


class ShowingOut(Payload):
    """That a person gets a known clip, and, once answered, how the answer compares."""

    uid: UUID
    gold_uid: UUID
    username: str
    purpose: ClipPurpose
    clip_uid: UUID
    """The shadow clip's own."""
    clip_name: str
    seat_state: AssignmentState
    planned_at: datetime
    scored_at: datetime | None
    annotation_uid: UUID | None
    agreement: float | None
    """Share of segments, gold's and the answer's, that agree."""
    comparison: Json | None
    """``Comparison`` form; gold is side ``a``."""


# --- annotators' standing --------------------------------------------------------------------


class StandingIn(Payload):
    """Where an annotator shall stand, and why."""

    standing: AnnotatorStanding
    note: str = ""


class StandingOut(Payload):
    """Where an annotator stands in a project; the rest is None for who never stood elsewhere."""

    username: str
    standing: AnnotatorStanding
    since: datetime | None
    cause: Json | None
    """``{"code", ...}``: manager, joined, calibration_passed, calibration_failed, reversed, or
    what tier 3 names."""
    actor: str | None
    event_uid: UUID | None


class StandingEventOut(Payload):
    """One change of an annotator's standing."""

    uid: UUID
    username: str
    before: AnnotatorStanding
    after: AnnotatorStanding
    cause: Json
    actor: str
    reverses_uid: UUID | None
    at: datetime


# --- projects, people, releases --------------------------------------------------------------


class UserIn(Payload):
    """A person or a machine account."""

    username: str
    role: Literal["manager", "annotator", "arbiter", "client", "worker"]
    password: str | None = None
    projects: list[str] = []


class UserOut(Payload):
    """A user without secrets."""

    uid: UUID
    username: str
    role: str
    is_active: bool
    projects: list[str]


class TokenOut(Payload):
    """A new token, shown this once; only its hash is stored."""

    token: str
    expires_at: datetime


class ProjectIn(Payload):
    """A project's declared form."""

    title: str
    policy: Json
    taxonomy: Json
    members: dict[str, Literal["manager", "annotator", "arbiter", "client"]] = {}


class ProjectOut(Payload):
    """A project as it stands."""

    slug: str
    title: str
    policy: Json
    policy_version: int
    taxonomy: Json
    taxonomy_version: int
    members: dict[str, str]


class ProjectStatus(Payload):
    """Counts for the manager: clips by state, work by stage, seats by state."""

    states: dict[str, int]
    due: dict[str, int]
    """Every clip that waits for a stage, or on which one is at work."""
    claimable: dict[str, int]
    """Of those, the clips that a worker who asked now would get."""
    at_work: dict[str, int]
    """Of those, the clips that a worker holds a live lease on."""
    held: int
    """Clips whose stage failed too often; their reason says why."""
    seats: dict[str, int]


class TaxonomyOut(Payload):
    """One version of a project's labels."""

    version: int
    hash: str
    document: Json
    created_at: datetime


class ReleaseFile(Payload):
    """One file of a release."""

    path: str
    sha256: str
    n_bytes: int
    media_type: str


class ReleaseFileIn(ReleaseFile):
    """A file to publish, with the storage key it lies under."""

    storage_key: str


class ReleaseOut(Payload):
    """A release; its files are fetched from ``/releases/{uid}/files/{path}``."""

    uid: UUID
    project: str
    version: str
    state: Literal["building", "published", "failed"]
    taxonomy_version: int
    n_clips: int
    files: list[ReleaseFile]
    created_at: datetime
    published_at: datetime | None


class ReleaseClip(Payload):
    """One accepted clip, frozen into a release."""

    clip_uid: UUID
    name: str
    sha256: str
    timebase: Json
    width: int
    height: int
    round: int
    status: Literal["agreed", "arbitrated"]
    taxonomy_version: int
    policy_hash: str
    segments: list[Json]
    comparison: Json | None
    opinions: list[list[Json]]
