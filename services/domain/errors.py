"""The errors Segue raises on purpose, each with a stable code and an HTTP status.

The tracker turns them into RFC 9457 problem+json; the client turns problem+json
back into them, so both sides of the wire raise the same types.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, ClassVar


class SegueError(Exception):
    """Base of every error raised on purpose.

    Parameters
    ----------
    detail : str
        A sentence that names the thing, the place and the remedy.
    code : str, optional
        Overrides the class's stable code with a more specific one.
    errors : sequence of mapping, optional
        One entry per faulty field: ``{"pointer": "/clips/3/name", "detail": "..."}``.
    """

    status: ClassVar[int] = 500
    default_code: ClassVar[str] = "error"
    title: ClassVar[str] = "Something went wrong"

    def __init__(
        self,
        detail: str,
        *,
        code: str | None = None,
        errors: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.code = code or self.default_code
        self.errors = tuple(dict(item) for item in errors)


class InputError(SegueError):
    """What was sent can never be accepted as it is."""

    status = 422
    default_code = "invalid_input"
    title = "The input is not valid"


class NotAuthenticatedError(SegueError):
    """No token, or one that is unknown, revoked or expired."""

    status = 401
    default_code = "not_authenticated"
    title = "A valid token is needed"


class NotFoundError(SegueError):
    """It does not exist, or the caller may not know that it does."""

    status = 404
    default_code = "not_found"
    title = "Not found"


class NotAllowedError(SegueError):
    """The caller's role never may do this."""

    status = 403
    default_code = "not_allowed"
    title = "Your role may not do this"


class ConflictError(SegueError):
    """The request is sound but the state of things forbids it."""

    status = 409
    default_code = "conflict"
    title = "The state of things forbids this"


class StaleStateError(ConflictError):
    """Somebody else changed the row between read and write."""

    default_code = "stale_state"


class TransitionError(ConflictError):
    """The workflow has no such transition."""

    default_code = "no_such_transition"


class LeaseLostError(ConflictError):
    """The lease ran out, was released or never was the caller's."""

    default_code = "lease_lost"


class DuplicateError(ConflictError):
    """The same thing exists already with other content."""

    default_code = "duplicate"


class TransientError(SegueError):
    """It may work in a moment; the only kind that is retried."""

    status = 503
    default_code = "try_again"
    title = "Temporarily unavailable"


class ExternalError(SegueError):
    """A part that Segue depends on misbehaved."""

    status = 502
    default_code = "external"
    title = "A part that Segue depends on misbehaved"


class LabelStudioError(ExternalError):
    """Label Studio refused or garbled a request."""

    default_code = "label_studio"


class StorageError(ExternalError):
    """The object store refused or lost something."""

    default_code = "storage"


class MediaError(ExternalError):
    """A media file cannot be used; ``code`` names the reason of refusal."""

    status = 422
    default_code = "media"
    title = "The media file cannot be used"


_OF_ANOTHER_FORM = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError)
"""What Python raises over data that are not of the form that code expects."""


class reading:  # noqa: N801 - it stands after `with`, as a verb
    """Refuse data that turn out not to be what they are read as.

    What Python raises over data of another form (a missing or unknown field, a value of
    another type) becomes an :class:`InputError`. A class and no generator, because a release
    is read segment by segment.

    Parameters
    ----------
    what : str
        With its article, as in ``"a segment"``.
    data : any JSON value, optional
        Shown to whoever has to mend it; left out where it may be long.
    """

    __slots__ = ("_data", "_what")

    def __init__(self, what: str, data: object = None) -> None:
        self._what = what
        self._data = data

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not isinstance(error, _OF_ANOTHER_FORM):
            return
        reason = f"the field {error} is missing" if isinstance(error, KeyError) else str(error)
        shown = reason if self._data is None else f"{self._data!r} ({reason})"
        raise InputError(f"This is not {self._what}: {shown}.") from error
