"""What the service sends to the guard's own endpoints, read and refused with a sentence."""

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import JsonResponse

from labeling_bridge.guard.refusals import RefusedError
from labeling_bridge.guard.visit import json_body


class UnacceptableError(Exception):
    """A request of the service that cannot be carried out, with the status to answer."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence

    def response(self) -> JsonResponse:
        return JsonResponse({"detail": self.sentence}, status=self.status)


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberRequest:
    """A person and the lanes that shall be theirs; None leaves a field as it is."""

    email: str
    password: str | None
    first_name: str | None
    last_name: str | None
    projects: tuple[int, ...]
    replace: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftRequest:
    """Regions that shall lie ready, unsubmitted, when the person opens the task."""

    task: int
    email: str
    result: list


def read_member(request) -> MemberRequest:
    """Read the body of POST /segue/members."""
    body = _body(request, {"email", "password", "first_name", "last_name", "projects", "replace"})
    projects = body.get("projects", [])
    if not isinstance(projects, list) or not all(_is_id(item) for item in projects):
        raise UnacceptableError(422, "projects must be a list of project ids.")
    return MemberRequest(
        email=_email(body),
        password=_text(body, "password") or None,
        first_name=_text(body, "first_name"),
        last_name=_text(body, "last_name"),
        projects=tuple(sorted(set(projects))),
        replace=body.get("replace", False) is True,
    )


def read_draft(request) -> DraftRequest:
    """Read the body of POST /segue/drafts."""
    body = _body(request, {"task", "email", "result"})
    if not _is_id(body.get("task")):
        raise UnacceptableError(422, "task must be the id of a task.")
    result = body.get("result")
    if not isinstance(result, list) or not all(isinstance(item, dict) for item in result):
        raise UnacceptableError(422, "result must be a list of regions.")
    return DraftRequest(task=body["task"], email=_email(body), result=result)


def _body(request, keys: set[str]) -> dict:
    try:
        body = json_body(request)
    except RefusedError as error:
        raise UnacceptableError(422, "The body must be a JSON object.") from error
    unknown = sorted(set(body) - keys)
    if unknown:
        raise UnacceptableError(422, f"Unknown fields: {', '.join(unknown)}.")
    return body


def _email(body: dict) -> str:
    email = _text(body, "email") or ""
    try:
        validate_email(email)
    except ValidationError as error:
        raise UnacceptableError(422, "email must be an e-mail address.") from error
    return email.lower()  # the log-in form lowers what is typed into it


def _text(body: dict, key: str) -> str | None:
    value = body.get(key)
    if value is not None and not isinstance(value, str):
        raise UnacceptableError(422, f"{key} must be text.")
    return value


def _is_id(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0
