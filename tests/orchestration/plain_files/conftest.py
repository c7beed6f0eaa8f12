"""Files written by hand, and the command run as a person runs it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from orchestration.cli.main import run

Line = dict[str, Any] | str | bytes
Write = Callable[..., Path]


@dataclass(frozen=True)
class Ran:
    status: int
    out: str
    err: str


Segue = Callable[..., Ran]


def marked(
    annotator: str | None, text: str, *, item: object = "clip", **more: Any
) -> dict[str, Any]:
    """``marked("ana", "X 0-10, Y 10-20")``: a line with frames."""
    segments = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        label, frames = part.rsplit(maxsplit=1)
        start, end = frames.split("-")
        segments.append({"label": label, "start_frame": int(start), "end_frame": int(end)})
    line = {"item": item, "fps": 25, "n_frames": 1000, "annotator": annotator}
    return line | {"segments": segments} | more


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(*lines: Line, name: str = "file.jsonl") -> Path:
        raw = [
            line
            if isinstance(line, bytes)
            else (line if isinstance(line, str) else json.dumps(line)).encode()
            for line in lines
        ]
        path = tmp_path / name
        path.write_bytes(b"".join(line + b"\n" for line in raw))
        return path

    return written


@pytest.fixture
def segue(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Segue:
    """Run a command in this process; return its exit status and what it said."""

    def ran(*arguments: object) -> Ran:
        monkeypatch.setattr(sys, "argv", ["segue", *map(str, arguments)])
        monkeypatch.setenv("COLUMNS", "160")
        with pytest.raises(SystemExit) as left:
            run()
        said = capsys.readouterr()
        code = left.value.code
        return Ran(int(code) if code else 0, said.out, said.err)

    return ran
