"""The small closed vocabularies that several apps share."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What an account is for; it never changes, so that history stays readable."""

    MANAGER = "manager"
    WORKER = "worker"
    ANNOTATOR = "annotator"
    ARBITER = "arbiter"
    CLIENT = "client"


class MemberRole(StrEnum):
    """Roles that are held in a project; the worker serves them all."""

    MANAGER = "manager"
    ANNOTATOR = "annotator"
    ARBITER = "arbiter"
    CLIENT = "client"


class SeatKind(StrEnum):
    """What a person is asked for on a clip."""

    ANNOTATION = "annotation"
    ARBITRATION = "arbitration"


class Verdict(StrEnum):
    """What an arbiter decides about the whole clip."""

    ACCEPT = "accept"
    REOPEN = "reopen"
    REJECT = "reject"


class ReleaseState(StrEnum):
    """Where a release stands."""

    BUILDING = "building"
    PUBLISHED = "published"
    FAILED = "failed"


class DecisionStatus(StrEnum):
    """How a clip's round ended."""

    AGREED = "agreed"
    ARBITRATED = "arbitrated"
    REJECTED = "rejected"


ALL_ROLES = tuple(Role)
STAFF = (Role.MANAGER, Role.WORKER)


def choices_of(vocabulary: type[StrEnum]) -> list[tuple[str, str]]:
    """Return Django's form of a vocabulary."""
    return [(str(item), str(item)) for item in vocabulary]
