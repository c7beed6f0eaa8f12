"""The typed client against answers that a tracker, a proxy or a broken line may give."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.client.api import TrackerClient
from services.client.payloads import ClipIn, StageFailed, UserIn
from services.domain.errors import (
    ConflictError,
    DuplicateError,
    ExternalError,
    InputError,
    LeaseLostError,
    NotAllowedError,
    NotAuthenticatedError,
    NotFoundError,
    SegueError,
    TransientError,
    TransitionError,
)
from services.domain.workflow import Stage

ME = {
    "uid": str(uuid4()),
    "username": "wren",
    "role": "worker",
    "is_active": True,
    "projects": [],
}
FAILED = StageFailed(code="x", detail="x", transient=True)

Answer = Callable[[httpx.Request], httpx.Response]


class Line:
    """A network that plays back answers and remembers what was asked."""

    def __init__(self, *answers: httpx.Response | Exception | Answer) -> None:
        self.answers = list(answers)
        self.asked: list[httpx.Request] = []
        self.waits: list[float] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, httpx.Response) else answer(request)

    def client(self) -> TrackerClient:
        return TrackerClient(
            "http://tracker.test/",
            "secret",
            transport=httpx.MockTransport(self),
            sleep=self.waits.append,
        )


def problem(status: int, kind: str, code: str | None = None, **more: Any) -> httpx.Response:
    body = {"type": f"urn:segue:{kind}", "code": code or kind, "detail": "Why.", "errors": []}
    headers = {"Content-Type": "application/problem+json"}
    return httpx.Response(status, json=body | more, headers=headers)


def ok(body: Any) -> httpx.Response:
    return httpx.Response(200, json=body)


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        (
            problem(401, "not_authenticated", "token_invalid"),
            NotAuthenticatedError,
            "token_invalid",
        ),
        (problem(403, "not_allowed"), NotAllowedError, "not_allowed"),
        (problem(404, "not_found"), NotFoundError, "not_found"),
        (problem(409, "lease_lost"), LeaseLostError, "lease_lost"),
        (problem(409, "duplicate", "report_differs"), DuplicateError, "report_differs"),
        (problem(409, "no_such_transition", "rounds_used_up"), TransitionError, "rounds_used_up"),
        (problem(409, "of_next_year"), ConflictError, "of_next_year"),
        (problem(422, "invalid_input"), InputError, "invalid_input"),
        (problem(500, "error"), SegueError, "error"),
        (httpx.Response(500, text="<html>"), ExternalError, "external"),
        (httpx.Response(413, text="too large"), ExternalError, "external"),
        (httpx.Response(422, json=[]), InputError, "invalid_input"),
        (
            httpx.Response(404, text="{", headers={"Content-Type": "application/json"}),
            NotFoundError,
            "not_found",
        ),
    ],
)
def test_a_problem_becomes_the_error_it_was(
    answer: httpx.Response, kind: type[SegueError], code: str
) -> None:
    line = Line(answer)
    with line.client() as client, pytest.raises(SegueError) as caught:
        client.me()
    assert (type(caught.value), caught.value.code) == (kind, code)
    assert len(line.asked) == 1


def test_faults_of_fields_are_kept() -> None:
    faults = [{"pointer": "/name", "detail": "too long"}]
    with pytest.raises(InputError) as caught:
        Line(problem(422, "invalid_input", errors=faults)).client().me()
    assert list(caught.value.errors) == faults


BUSY = (
    problem(503, "try_again"),
    httpx.Response(502, text="bad gateway"),
    httpx.Response(504),
    httpx.ConnectError("refused"),
    httpx.ReadTimeout("slow"),
    httpx.RemoteProtocolError("cut"),
)


@pytest.mark.parametrize("failure", BUSY, ids=str)
def test_a_repeatable_call_is_repeated_with_longer_waits(
    failure: httpx.Response | Exception,
) -> None:
    line = Line(failure, failure, ok(ME))
    assert line.client().me().username == "wren"
    assert line.waits == [0.2, 0.4]


def test_in_the_end_it_gives_up_with_a_sentence() -> None:
    line = Line(*[httpx.ConnectError("refused")] * 5)
    with pytest.raises(TransientError) as caught:
        line.client().me()
    assert caught.value.code == "unreachable"
    assert "http://tracker.test" in caught.value.detail
    assert len(line.asked) == 5


def test_a_report_is_repeated() -> None:
    reported = {
        "clip_uid": str(uuid4()),
        "state": "registered",
        "due": None,
        "round": 1,
        "repeated": True,
    }
    line = Line(httpx.ReadTimeout("slow"), ok(reported))
    assert line.client().work_report(uuid4(), FAILED).repeated
    assert line.asked[0].content == line.asked[1].content


@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.work_claim(stage=Stage.INGEST, worker="x"),
        lambda client: client.user_add(UserIn(username="x", role="client")),
        lambda client: client.user_token("x", ttl_h=1),
        lambda client: client.token_create("x", "y"),
    ],
)
def test_what_would_happen_twice_is_not_repeated(call: Callable) -> None:
    line = Line(httpx.ReadTimeout("slow"))
    with pytest.raises(TransientError):
        call(line.client())
    assert len(line.asked) == 1


def test_an_error_for_good_is_not_repeated() -> None:
    line = Line(problem(409, "lease_lost"))
    with pytest.raises(LeaseLostError):
        line.client().work_heartbeat(uuid4())
    assert line.waits == []


def test_the_token_travels_in_the_header_only() -> None:
    line = Line(ok(ME))
    line.client().me()
    assert line.asked[0].headers["authorization"] == "Bearer secret"
    assert "secret" not in str(line.asked[0].url)


def test_pages_are_fetched_as_they_are_needed() -> None:
    page = {"results": [ME], "previous": None, "next": "http://inside:1/api/v1/users?cursor=c%3D"}
    line = Line(ok(page), ok({**page, "next": None}))
    users = line.client().users()
    assert next(users).username == "wren"
    assert len(line.asked) == 1
    assert len(list(users)) == 1
    # The host of the link is the proxy's business; ours stays.
    assert line.asked[1].url == "http://tracker.test/api/v1/users?cursor=c%3D"


def test_filters_that_are_not_set_are_not_sent() -> None:
    line = Line(ok({"results": [], "previous": None, "next": None}))
    assert list(line.client().clips("kitchen", held=True)) == []
    assert line.asked[0].url.query == b"held=true"


def test_registration_goes_in_batches() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        n = request.content.count(b"source_uri")
        clip = {"uid": str(uuid4()), "name": "x", "created": True}
        return ok({"n_created": n, "n_known": 0, "clips": [clip] * n})

    line = Line(*[answer] * 3)
    clips = (ClipIn(name=f"{n}", source_uri=f"file:///{n}") for n in range(4500))
    assert len(line.client().clips_register("kitchen", clips)) == 4500
    assert len(line.asked) == 3


def test_readiness() -> None:
    assert Line(ok({})).client().is_ready()
    assert not Line(httpx.Response(503)).client().is_ready()
    assert not Line(httpx.ConnectError("refused")).client().is_ready()


# --- downloads ---------------------------------------------------------------------------------

CONTENT = b"0123456789" * 100
TAG = f'"{sha256(CONTENT).hexdigest()}"'


def whole(request: httpx.Request) -> httpx.Response:
    return httpx.Response(200, content=CONTENT, headers={"ETag": TAG})


def rest(request: httpx.Request) -> httpx.Response:
    first = int(request.headers["range"].removeprefix("bytes=").removesuffix("-"))
    if first >= len(CONTENT):
        span = {"Content-Range": f"bytes */{len(CONTENT)}", "ETag": TAG}
        return httpx.Response(416, headers=span)
    return httpx.Response(206, content=CONTENT[first:], headers={"ETag": TAG})


def broken(request: httpx.Request) -> httpx.Response:
    def stream():
        yield CONTENT[:300]
        raise httpx.ReadError("cut")

    return httpx.Response(200, content=stream(), headers={"ETag": TAG})


@pytest.mark.parametrize(
    ("answers", "ranges"),
    [
        ([whole], [None]),
        ([broken, rest], [None, "bytes=300-"]),
        ([httpx.ConnectError("refused"), whole], [None, None]),
    ],
)
def test_a_download_goes_on_where_it_broke(
    tmp_path: Path, answers: list, ranges: list[str | None]
) -> None:
    line, target = Line(*answers), tmp_path / "deep" / "clips.jsonl"
    line.client().release_download(uuid4(), "clips.jsonl", target)
    assert target.read_bytes() == CONTENT
    assert [request.headers.get("range") for request in line.asked] == ranges
    assert [path.name for path in target.parent.iterdir()] == ["clips.jsonl"]


def test_a_file_that_had_come_whole_is_only_checked(tmp_path: Path) -> None:
    (tmp_path / "a.part").write_bytes(CONTENT)
    Line(rest).client().release_download(uuid4(), "a", tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == CONTENT


def test_a_partial_file_that_is_too_long_is_fetched_anew(tmp_path: Path) -> None:
    (tmp_path / "a.part").write_bytes(CONTENT + b"more")
    Line(rest, whole).client().release_download(uuid4(), "a", tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == CONTENT


def test_a_wrong_sum_leaves_no_file(tmp_path: Path) -> None:
    (tmp_path / "a.part").write_bytes(b"other bytes")
    with pytest.raises(ExternalError) as caught:
        Line(rest).client().release_download(uuid4(), "a", tmp_path / "a")
    assert caught.value.code == "wrong_sum"
    assert list(tmp_path.iterdir()) == []


def test_a_missing_file_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        Line(problem(404, "not_found")).client().release_download(uuid4(), "a", tmp_path / "a")
    assert list(tmp_path.iterdir()) == []


def test_the_client_needs_no_django() -> None:
    script = (
        "import sys; import services.client.api; "
        "sys.exit(any(name.split('.')[0] in ('django', 'rest_framework') for name in sys.modules))"
    )
    root = Path(__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", script], cwd=root, check=False).returncode == 0
