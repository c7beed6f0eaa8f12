"""What `segue` says to words that are no command of its own."""

from __future__ import annotations

import pytest

from orchestration.cli import main


def typed(monkeypatch: pytest.MonkeyPatch, *words: str) -> int | str | None:
    monkeypatch.setattr("sys.argv", ["segue", *words])
    with pytest.raises(SystemExit) as caught:
        main.run()
    return caught.value.code


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("gold", "promote", "kitchen", "not-a-uid"),
            "Invalid value for 'clips': Input should be a valid UUID",
        ),
        (
            ("standing", "reverse", "not-a-uid"),
            "Invalid value for 'event': Input should be a valid UUID",
        ),
        (
            ("quality", "kitchen", "--reference", "guess"),
            "Invalid value for '--reference': 'guess' is not one of",
        ),
        (("gold", "list"), "Missing argument 'project'."),
        (("gold", "list", "kitchen", "--nothing"), "No such option: --nothing"),
        (("gild",), "No such command 'gild'."),
        (("compare", "a.jsonl", "--tolerance", "x"), '--tolerance: "x" is no number of frames.'),
    ],
)
def test_it_is_refused_in_one_sentence(
    words: tuple[str, ...],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert typed(monkeypatch, *words) == 2
    out, err = capsys.readouterr()
    assert err.startswith(f"segue: {said}")
    assert err.endswith(".\n")
    assert err.count("\n") == 1
    assert not out


def test_a_group_alone_shows_its_help(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert typed(monkeypatch, "gold") == 2
    out, err = capsys.readouterr()
    assert "promote" in out + err
    assert "segue:" not in err


def test_what_was_done_ends_with_status_0(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not typed(monkeypatch, "gold", "promote", "--help")
    assert "Accepted clips by uid." in capsys.readouterr().out
