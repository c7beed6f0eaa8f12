"""Releases are frozen, published and given up here."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from services.domain.canonical import content_hash
from services.domain.errors import ConflictError, DuplicateError, InputError, NotFoundError
from services.tracker.core.roles import ReleaseState
from services.tracker.files.storage import object_size
from services.tracker.people.models import User
from services.tracker.projects.models import TaxonomyVersion
from services.tracker.projects.selectors import project_by_slug
from services.tracker.quality.models import Decision
from services.tracker.releases.models import Release, ReleaseClip, ReleaseFile
from services.tracker.releases.selectors import accepted_decisions, release_get

BATCH = 1000


@transaction.atomic
def release_create(
    *,
    actor: User,
    slug: str,
    version: str,
    taxonomy_version: int | None = None,
    clips: list[UUID] | None = None,
) -> tuple[Release, bool]:
    """Freeze what is accepted now; return the release and whether it is new.

    Raises
    ------
    NotFoundError
        If the project or a named clip is not there.
    ConflictError
        If nothing is accepted, or under several taxonomy versions and none was chosen.
    DuplicateError
        If the version exists with another choice of clips.
    """
    project = project_by_slug(user=actor, slug=slug)
    asked = content_hash(
        {"taxonomy_version": taxonomy_version, "clips": clips and sorted(map(str, clips))}
    )
    known = _known(project.pk, version)
    if known is not None:
        return _same(known, asked), False
    decisions = _newest(accepted_decisions(project_id=project.pk, clips=clips))
    taxonomy, decisions = _one_taxonomy(decisions, taxonomy_version)
    if clips is not None and (missing := set(clips) - {row.clip.uid for row in decisions}):
        raise ConflictError(
            f"{len(missing)} of the named clips are not accepted, for example {min(missing)}.",
            code="not_accepted",
        )
    try:
        with transaction.atomic():
            release = Release.objects.create(
                project=project,
                version=version,
                taxonomy=taxonomy,
                n_clips=len(decisions),
                request_hash=asked,
                created_by=actor,
            )
    except IntegrityError:  # somebody else asked at the same moment
        winner = _known(project.pk, version)
        if winner is None:
            raise
        return _same(winner, asked), False
    ReleaseClip.objects.bulk_create(
        [ReleaseClip(release=release, decision=row) for row in decisions], batch_size=BATCH
    )
    return release_get(user=actor, uid=release.uid), True


@transaction.atomic
def release_publish(*, actor: User, uid: UUID, files: list[dict[str, Any]]) -> Release:
    """Name a release's files and make it final; the same again returns it.

    Raises
    ------
    NotFoundError
        If there is no such release.
    InputError
        If a file is not in the store as described, or lies outside the release's folder.
    ConflictError
        If it was given up, or published with other files.
    """
    release = _locked(actor, uid)
    wanted = {file["path"]: file for file in files}
    if len(wanted) != len(files):
        raise InputError("A path is named twice.")
    if release.state == ReleaseState.PUBLISHED:
        if _files_of(release) != wanted:
            raise DuplicateError(
                f"Release {release.version} is published with other files; it never changes."
            )
        return release_get(user=actor, uid=uid)
    if release.state == ReleaseState.FAILED:
        raise ConflictError("The release was given up; make it again.", code="release_failed")
    for index, file in enumerate(files):
        _require_stored(release, file, index)
    ReleaseFile.objects.bulk_create(
        [ReleaseFile(release=release, **file) for file in files], batch_size=BATCH
    )
    Release.objects.filter(pk=release.pk).update(
        state=ReleaseState.PUBLISHED, published_at=timezone.now()
    )
    return release_get(user=actor, uid=uid)


@transaction.atomic
def release_fail(*, actor: User, uid: UUID, fault: str) -> Release:
    """Give a release up and free its version; again is harmless.

    Raises
    ------
    ConflictError
        If it is published.
    """
    release = _locked(actor, uid)
    if release.state == ReleaseState.PUBLISHED:
        raise ConflictError(f"Release {release.version} is published; it never changes.")
    if release.state == ReleaseState.BUILDING:
        Release.objects.filter(pk=release.pk).update(state=ReleaseState.FAILED, fault=fault)
    return release_get(user=actor, uid=uid)


def _locked(actor: User, uid: UUID) -> Release:
    found = release_get(user=actor, uid=uid)
    return (
        Release.objects.select_for_update(of=("self",)).select_related("project").get(pk=found.pk)
    )


def _known(project_id: int, version: str) -> Release | None:
    return (
        Release.objects.filter(project=project_id, version=version)
        .exclude(state=ReleaseState.FAILED)
        .select_related("project", "taxonomy")
        .first()
    )


def _same(release: Release, asked: str) -> Release:
    if release.request_hash != asked:
        raise DuplicateError(
            f"Release {release.version} exists with another choice of clips; take a new version."
        )
    return release


def _newest(decisions: Any) -> list[Decision]:
    """Keep each clip's last decision: a reopened clip has several."""
    found: dict[int, Decision] = {}
    for decision in decisions:
        found.setdefault(decision.clip_id, decision)
    return list(found.values())


def _one_taxonomy(
    decisions: list[Decision], wanted: int | None
) -> tuple[TaxonomyVersion, list[Decision]]:
    """Keep the clips of one taxonomy version; a release never mixes vocabularies."""
    if wanted is not None:
        decisions = [row for row in decisions if row.taxonomy.version == wanted]
    versions = {row.taxonomy.version: row.taxonomy for row in decisions}
    if not versions:
        raise ConflictError(
            "No clip is accepted yet, so there is nothing to release.", code="nothing_accepted"
        )
    if len(versions) > 1:
        raise ConflictError(
            "The accepted clips are under the taxonomy versions "
            f"{', '.join(map(str, sorted(versions)))}; say which with taxonomy_version.",
            code="mixed_taxonomies",
        )
    return next(iter(versions.values())), decisions


def _files_of(release: Release) -> dict[str, dict[str, Any]]:
    names = ("path", "sha256", "n_bytes", "media_type", "storage_key")
    return {row["path"]: row for row in ReleaseFile.objects.filter(release=release).values(*names)}


def _require_stored(release: Release, file: dict[str, Any], index: int) -> None:
    folder = f"releases/{release.project.slug}/{release.version}/"
    if not file["storage_key"].startswith(folder):
        raise _fault(index, "storage_key", f"It must lie below {folder}.")
    try:
        size = object_size(file["storage_key"])
    except NotFoundError as error:
        raise _fault(index, "storage_key", "It is not in the store.") from error
    if size != file["n_bytes"]:
        raise _fault(index, "n_bytes", f"The stored file has {size} bytes.")


def _fault(index: int, field: str, detail: str) -> InputError:
    return InputError(
        f"File {index}: {detail}", errors=[{"pointer": f"/files/{index}/{field}", "detail": detail}]
    )
