"""The tracker as Python: one method an endpoint, typed both ways."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Literal, Self
from uuid import UUID

import httpx
from pydantic import BaseModel

from services.client.downloads import download
from services.client.draft_calls import DraftCalls
from services.client.duplicate_calls import DuplicateCalls
from services.client.payloads import (
    AnnotationOut,
    AssignmentOut,
    ClipEventOut,
    ClipIn,
    ClipOut,
    ClipRegistered,
    DecisionOut,
    GoldIn,
    GoldOut,
    InboxHint,
    LaneIn,
    LaneOut,
    LeaseExtended,
    PrelabelOut,
    ProjectIn,
    ProjectOut,
    ProjectStatus,
    ReleaseClip,
    ReleaseFileIn,
    ReleaseOut,
    ShowingOut,
    StandingEventOut,
    StandingIn,
    StandingOut,
    SubmissionIn,
    SubmissionOut,
    TaxonomyOut,
    TokenOut,
    UserIn,
    UserOut,
    WorkClaimed,
    WorkClaimIn,
    WorkItem,
    WorkReport,
    WorkReported,
)
from services.client.quality_calls import QualityCalls
from services.client.transport import Transport, document
from services.domain.standing import AnnotatorStanding
from services.domain.workflow import AssignmentState, ClipPurpose, ClipState, Stage

REGISTER_BATCH = 2000


class _Registered(BaseModel):
    clips: list[ClipRegistered]


class TrackerClient(QualityCalls, DraftCalls, DuplicateCalls):
    """Speaks to one tracker as one user; safe to share between threads.

    Every call raises the errors of ``services.domain.errors``. Calls that the tracker takes
    once however often they come are repeated when it is busy or out of reach; the others
    (new accounts, new tokens, claims) are not.
    """

    def __init__(
        self,
        base_url: str,
        token: str | None,
        *,
        transport: httpx.BaseTransport | None = None,
        timeout: float = 30.0,
        attempts: int = 5,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._wire = Transport(
            base_url,
            token,
            transport=transport,
            timeout_s=timeout,
            attempts=attempts,
            sleep=sleep,
        )

    def close(self) -> None:
        """Give the connections back."""
        self._wire.http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # --- people ------------------------------------------------------------------------------

    def token_create(self, username: str, password: str) -> TokenOut:
        """Log in; the token is for a client of its own."""
        body = {"username": username, "password": password}
        return self._wire.send("POST", "/tokens", TokenOut, body, repeatable=False)

    def token_revoke(self) -> None:
        """End this client's token."""
        self._wire.call("DELETE", "/tokens/current", repeatable=False)

    def me(self) -> UserOut:
        """Return who the token belongs to."""
        return self._wire.get("/me", UserOut)

    def users(self) -> Iterator[UserOut]:
        """Go through the accounts that the manager may know of."""
        return self._wire.pages("/users", UserOut)

    def user(self, username: str) -> UserOut:
        """Return one account."""
        return self._wire.get(f"/users/{username}", UserOut)

    def user_add(self, user: UserIn) -> UserOut:
        """Make an account."""
        return self._wire.send("POST", "/users", UserOut, document(user), repeatable=False)

    def user_update(
        self, username: str, *, password: str | None = None, is_active: bool | None = None
    ) -> UserOut:
        """Set a password, or switch the account off or on; either ends its tokens."""
        wanted = {"password": password, "is_active": is_active}
        body = {name: value for name, value in wanted.items() if value is not None}
        return self._wire.send("PATCH", f"/users/{username}", UserOut, body)

    def user_token(self, username: str, *, ttl_h: int) -> TokenOut:
        """Make a token for an account."""
        path = f"/users/{username}/tokens"
        return self._wire.send("POST", path, TokenOut, {"ttl_h": ttl_h}, repeatable=False)

    # --- projects ----------------------------------------------------------------------------

    def projects(self) -> Iterator[ProjectOut]:
        """Go through the projects that the caller may see."""
        return self._wire.pages("/projects", ProjectOut)

    def project(self, slug: str) -> ProjectOut:
        """Return a project as it stands."""
        return self._wire.get(f"/projects/{slug}", ProjectOut)

    def project_apply(self, slug: str, project: ProjectIn) -> ProjectOut:
        """Make a project what its declared form says."""
        return self._wire.send("PUT", f"/projects/{slug}", ProjectOut, document(project))

    def project_status(self, slug: str) -> ProjectStatus:
        """Count clips by state, work by stage and seats by state."""
        return self._wire.get(f"/projects/{slug}/status", ProjectStatus)

    def taxonomies(self, slug: str) -> Iterator[TaxonomyOut]:
        """Go through the versions of a project's labels."""
        return self._wire.pages(f"/projects/{slug}/taxonomies", TaxonomyOut)

    def taxonomy(self, slug: str, version: int) -> TaxonomyOut:
        """Return one version of a project's labels."""
        return self._wire.get(f"/projects/{slug}/taxonomies/{version}", TaxonomyOut)

    # --- clips -------------------------------------------------------------------------------

    def clips_register(self, slug: str, clips: Iterable[ClipIn]) -> list[ClipRegistered]:
        """Register clips by their source, in batches; known ones stay as they are."""
        waiting, done = iter(clips), list[ClipRegistered]()
        while batch := list(islice(waiting, REGISTER_BATCH)):
            body = {"clips": [document(clip) for clip in batch]}
            done += self._wire.send("POST", f"/projects/{slug}/clips", _Registered, body).clips
        return done

    def clips(
        self,
        slug: str,
        *,
        state: ClipState | None = None,
        due: Stage | None = None,
        held: bool | None = None,
        name: str | None = None,
        purpose: ClipPurpose | Literal["any"] | None = None,
    ) -> Iterator[ClipOut]:
        """Go through a project's clips; through shadow clips only if a purpose is named."""
        return self._wire.pages(
            f"/projects/{slug}/clips",
            ClipOut,
            state=state,
            due=due,
            held=held,
            name=name,
            purpose=purpose,
        )

    def clip(self, uid: UUID) -> ClipOut:
        """Return one clip."""
        return self._wire.get(f"/clips/{uid}", ClipOut)

    def clip_events(self, uid: UUID) -> Iterator[ClipEventOut]:
        """Go through a clip's history."""
        return self._wire.pages(f"/clips/{uid}/events", ClipEventOut)

    def clip_retry(self, uid: UUID) -> ClipOut:
        """Let a held or quarantined clip be tried again."""
        return self._wire.send("POST", f"/clips/{uid}/retry", ClipOut, repeatable=False)

    def clip_reopen(self, uid: UUID) -> ClipOut:
        """Open another round of an accepted or rejected clip."""
        return self._wire.send("POST", f"/clips/{uid}/reopen", ClipOut, repeatable=False)

    # --- work --------------------------------------------------------------------------------

    def work_claim(
        self,
        *,
        stage: Stage,
        worker: str,
        project: str | None = None,
        limit: int = 50,
        lease_s: int | None = None,
    ) -> list[WorkItem]:
        """Lease clips on which a stage is due; empty when there is none."""
        asked = WorkClaimIn(
            stage=stage, worker=worker, project=project, limit=limit, lease_s=lease_s
        )
        # An answer that is lost leaves leases that run out; asking again would take more.
        claimed = self._wire.send(
            "POST", "/work/claim", WorkClaimed, document(asked), repeatable=False
        )
        return claimed.items

    def work_heartbeat(self, lease_uid: UUID) -> LeaseExtended:
        """Extend a live lease."""
        return self._wire.send("POST", f"/work/{lease_uid}/heartbeat", LeaseExtended)

    def work_report(self, lease_uid: UUID, report: WorkReport) -> WorkReported:
        """Report under a live lease."""
        path = f"/work/{lease_uid}/report"
        return self._wire.send("POST", path, WorkReported, document(report))

    # --- seats and answers -------------------------------------------------------------------

    def assignments(
        self, *, lane: UUID | None = None, state: AssignmentState | None = None
    ) -> Iterator[AssignmentOut]:
        """Go through seats: people's own, a manager's projects', the worker's all."""
        return self._wire.pages("/assignments", AssignmentOut, lane=lane, state=state)

    def assignment(self, uid: UUID) -> AssignmentOut:
        """Return one seat."""
        return self._wire.get(f"/assignments/{uid}", AssignmentOut)

    def annotation_submit(self, assignment_uid: UUID, answer: SubmissionIn) -> SubmissionOut:
        """Hand in a person's answer as found in Label Studio."""
        path = f"/assignments/{assignment_uid}/annotations"
        return self._wire.send("POST", path, SubmissionOut, document(answer))

    def annotations(self, clip_uid: UUID) -> Iterator[AnnotationOut]:
        """Go through the answers on a clip that the caller may see."""
        return self._wire.pages(f"/clips/{clip_uid}/annotations", AnnotationOut)

    def annotation(self, uid: UUID) -> AnnotationOut:
        """Return one answer."""
        return self._wire.get(f"/annotations/{uid}", AnnotationOut)

    def prelabels(self, clip_uid: UUID) -> Iterator[PrelabelOut]:
        """Go through a clip's drafts."""
        return self._wire.pages(f"/clips/{clip_uid}/prelabels", PrelabelOut)

    def decisions(self, clip_uid: UUID) -> Iterator[DecisionOut]:
        """Go through how a clip's rounds ended."""
        return self._wire.pages(f"/clips/{clip_uid}/decisions", DecisionOut)

    # --- gold --------------------------------------------------------------------------------

    def gold(self, slug: str) -> Iterator[GoldOut]:
        """Go through a project's gold, withdrawn or not."""
        return self._wire.pages(f"/projects/{slug}/gold", GoldOut)

    def gold_promote(self, slug: str, clip_uid: UUID, *, note: str = "") -> GoldOut:
        """Make an accepted clip's decision gold; again returns the same entry."""
        body = document(GoldIn(clip_uid=clip_uid, note=note))
        return self._wire.send("POST", f"/projects/{slug}/gold", GoldOut, body)

    def gold_withdraw(self, uid: UUID, *, note: str = "") -> GoldOut:
        """Show an entry to nobody any more, and measure nobody by it."""
        return self._wire.send("POST", f"/gold/{uid}/withdraw", GoldOut, {"note": note})

    def showings(
        self,
        slug: str,
        *,
        username: str | None = None,
        purpose: Literal["honeypot", "calibration"] | None = None,
    ) -> Iterator[ShowingOut]:
        """Go through to whom known clips went, and how they did."""
        path = f"/projects/{slug}/showings"
        return self._wire.pages(path, ShowingOut, username=username, purpose=purpose)

    # --- annotators' standing ----------------------------------------------------------------

    def standings(self, slug: str) -> Iterator[StandingOut]:
        """Go through where a project's annotators stand."""
        return self._wire.pages(f"/projects/{slug}/standings", StandingOut)

    def standing_change(
        self, slug: str, username: str, standing: AnnotatorStanding, *, note: str = ""
    ) -> StandingOut:
        """Let an annotator stand elsewhere; who stands there already stays as he is."""
        body = document(StandingIn(standing=standing, note=note))
        return self._wire.send("PUT", f"/projects/{slug}/standings/{username}", StandingOut, body)

    def standing_events(self, slug: str, username: str) -> Iterator[StandingEventOut]:
        """Go through how an annotator came to stand there."""
        path = f"/projects/{slug}/standings/{username}/events"
        return self._wire.pages(path, StandingEventOut)

    def standing_reverse(self, event_uid: UUID, *, note: str = "") -> StandingEventOut:
        """Put an annotator back to where he stood before a change."""
        path = f"/standing-events/{event_uid}/reverse"
        return self._wire.send("POST", path, StandingEventOut, {"note": note})

    # --- lanes and inbox ---------------------------------------------------------------------

    def lane_put(self, lane: LaneIn) -> LaneOut:
        """Register a lane; again is harmless."""
        return self._wire.send("PUT", "/lanes", LaneOut, document(lane))

    def lanes(
        self,
        *,
        project: str | None = None,
        kind: Literal["annotation", "arbitration"] | None = None,
        username: str | None = None,
    ) -> Iterator[LaneOut]:
        """Go through lanes."""
        return self._wire.pages("/lanes", LaneOut, project=project, kind=kind, username=username)

    def lane_watermark(self, uid: UUID, watermark: datetime) -> LaneOut:
        """Note how far a lane has been swept; it never goes back."""
        body = {"watermark": watermark.isoformat()}
        return self._wire.send("POST", f"/lanes/{uid}/watermark", LaneOut, body)

    def inbox(self, *, after: int | None = None) -> Iterator[InboxHint]:
        """Go through the webhooks that nobody has followed yet."""
        return self._wire.pages("/inbox", InboxHint, after=after)

    def inbox_done(self, ids: Sequence[int]) -> None:
        """Put webhooks away."""
        self._wire.call("POST", "/inbox/done", repeatable=True, body={"ids": list(ids)})

    # --- releases ----------------------------------------------------------------------------

    def release_create(
        self,
        slug: str,
        version: str,
        *,
        taxonomy_version: int | None = None,
        clips: Sequence[UUID] | None = None,
    ) -> ReleaseOut:
        """Freeze the accepted clips under a version; the same again returns the same."""
        body = {
            "version": version,
            "taxonomy_version": taxonomy_version,
            "clips": None if clips is None else [str(uid) for uid in clips],
        }
        return self._wire.send("POST", f"/projects/{slug}/releases", ReleaseOut, body)

    def release_clips(self, uid: UUID) -> Iterator[ReleaseClip]:
        """Go through a release's frozen clips."""
        return self._wire.pages(f"/releases/{uid}/clips", ReleaseClip)

    def release_publish(self, uid: UUID, files: Sequence[ReleaseFileIn]) -> ReleaseOut:
        """Name a release's stored files and publish it."""
        body = {"files": [document(file) for file in files]}
        return self._wire.send("POST", f"/releases/{uid}/publish", ReleaseOut, body)

    def release_fail(self, uid: UUID, fault: str) -> ReleaseOut:
        """Give a release up; its version is free again."""
        return self._wire.send("POST", f"/releases/{uid}/fail", ReleaseOut, {"fault": fault})

    def releases(self, project: str | None = None) -> Iterator[ReleaseOut]:
        """Go through releases; a client sees published ones only."""
        return self._wire.pages("/releases", ReleaseOut, project=project)

    def release(self, uid: UUID) -> ReleaseOut:
        """Return one release with its files."""
        return self._wire.get(f"/releases/{uid}", ReleaseOut)

    def release_download(self, uid: UUID, path: str, target: Path) -> None:
        """Fetch one file, going on where an earlier try stopped, and check its SHA-256."""
        download(self._wire, f"/api/v1/releases/{uid}/files/{path}", target)

    # --- the service -------------------------------------------------------------------------

    def is_ready(self) -> bool:
        """Tell whether the tracker can serve now."""
        try:
            return self._wire.http.get("/readyz").is_success
        except httpx.TransportError:
            return False
