"""`segue prelabel`: drafts of any videos, which `segue compare` reads."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from models.temporal.dataset import LabelledClip
from models.temporal.network import NetworkConfig
from models.temporal.settings import TrainConfig
from models.temporal.train import train
from services.domain.segments import Segment, Segmentation
from services.domain.taxonomy import Taxonomy
from tests.models.test_external import FEATURES, MODEL, MeanColour, Redness, saved
from tests.orchestration.plain_files.conftest import Segue
from tests.orchestration.plain_files.test_weight import HEAVY, ROOT
from tests.videos import N_FRAMES, clip, cut_off

# torch would have people export instead; what others hold today is TorchScript.
pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")

TIMELINE = [("reach", 0, 30), ("pour", 30, 55), ("rest", 55, 75)]


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_drafts_are_in_the_form_that_compare_reads(tmp_path: Path, segue: Segue) -> None:
    video, out = clip(tmp_path, "one.mp4", rotation=90), tmp_path / "out.jsonl"
    ran = segue("prelabel", video, "--out", out)
    assert ran.status == 0
    assert "one.mp4: " in ran.out
    (line,) = lines(out)
    assert (line["item"], line["fps"], line["n_frames"]) == ("one", 25, N_FRAMES)
    assert line["annotator"] == "change-points@2"
    onsets = [segment["start_frame"] for segment in line["segments"]]
    assert all(min(abs(onset - at) for onset in onsets) <= 3 for at in (30, 55))
    assert line["segments"][-1]["end_frame"] == N_FRAMES
    assert {"score", "layer", "onset_spread", "offset_spread"} <= set(line["segments"][0])
    person = {
        "item": "one", "fps": 25, "n_frames": N_FRAMES, "annotator": "ana",
        "segments": [
            {"label": label, "start_frame": low, "end_frame": high}
            for label, low, high in TIMELINE
        ],
    }  # fmt: skip
    with out.open("a") as file:
        file.write(json.dumps(person) + "\n")
    table = tmp_path / "pairs.csv"
    ran = segue("compare", out, "--csv", table)
    assert ran.status == 0
    rows = table.read_text().splitlines()
    assert len(rows) == 2
    assert "change-points@2" in rows[1]


def test_a_bad_file_stops_nothing(tmp_path: Path, segue: Segue) -> None:
    sound = clip(tmp_path, "sound.mp4")
    bad = cut_off(sound, 0.4)
    text = tmp_path / "text.mp4"
    text.write_text("no video")
    out = tmp_path / "out.jsonl"
    ran = segue("prelabel", bad, sound, text, tmp_path / "gone.mp4", "--out", out)
    assert ran.status == 2
    assert [line["item"] for line in lines(out)] == ["sound"]
    for code in ("not_video", "file_missing"):
        assert f"no draft ({code})" in ran.err
    assert ran.err.count("no draft") == 3


def test_nothing_drafted_replaces_nothing(tmp_path: Path, segue: Segue) -> None:
    text, out = tmp_path / "text.mp4", tmp_path / "out.jsonl"
    text.write_text("no video")
    out.write_text("kept")
    ran = segue("prelabel", text, "--out", out)
    assert ran.status == 2
    assert "nothing was written" in ran.err
    assert out.read_text() == "kept"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.jsonl", "text.mp4"]


def test_a_video_is_not_written_over(tmp_path: Path, segue: Segue) -> None:
    video = clip(tmp_path)
    before = video.read_bytes()
    ran = segue("prelabel", video, "--out", video)
    assert ran.status == 2
    assert "would replace a video" in ran.err
    assert video.read_bytes() == before


def test_files_of_one_name_are_told_apart(tmp_path: Path, segue: Segue) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        clip(tmp_path / folder)
    videos = [tmp_path / folder / "clip.mp4" for folder in ("a", "b")]
    ran = segue("prelabel", *videos, "--out", "-")
    assert ran.status == 0
    items = [json.loads(line)["item"] for line in ran.out.splitlines()]
    assert items == list(map(str, videos))


def test_a_taxonomy_names_the_parts(tmp_path: Path, segue: Segue) -> None:
    rules = tmp_path / "t.yaml"
    rules.write_text(
        "{name: t, version: 1, layers: [{name: main, labels: [{name: X}, {name: Y}]}]}"
    )
    out = tmp_path / "out.jsonl"
    assert segue("prelabel", clip(tmp_path), "--taxonomy", rules, "--out", out).status == 0
    (line,) = lines(out)
    assert {segment["label"] for segment in line["segments"]} <= {"X", "Y"}
    assert segue("check", out, "--taxonomy", rules).status == 0


def test_a_trained_model_drafts(tmp_path: Path, segue: Segue) -> None:
    """From training on the house's own features to a draft by path."""
    from models.features import write_features
    from models.lowres import LowRes

    labels = [{"name": name} for name, _, _ in TIMELINE]
    taxonomy = Taxonomy.parse({"name": "own", "version": 1, "layers": [{"labels": labels}]})
    video = clip(tmp_path)
    truth = Segmentation.of(
        [Segment(label=label, onset=low, offset=high) for label, low, high in TIMELINE],
        n_frames=N_FRAMES,
    )
    learnt = [
        LabelledClip(
            name=f"c{seed}",
            source=f"s{seed}",
            features=write_features(
                clip(tmp_path, f"{seed}.mp4", noise=2.0 * seed), LowRes(), tmp_path / f"{seed}.npy"
            ),
            truth=truth,
        )
        for seed in range(3)
    ]
    network = NetworkConfig(
        channels=16, n_prediction_layers=4, n_refinements=1, n_refinement_layers=3, dropout=0.1
    )
    config = TrainConfig(network=network, n_epochs=12, least_batches=8, learning_rate=5e-3)
    done = train(learnt, taxonomy, config, tmp_path / "run")
    out = tmp_path / "out.jsonl"
    ran = segue("prelabel", video, "--model", done.path, "--out", out)
    assert ran.status == 0, ran.err
    (line,) = lines(out)
    assert line["annotator"] == done.checkpoint.model_id
    found = [(s["label"], s["start_frame"], s["end_frame"]) for s in line["segments"]]
    assert [label for label, _, _ in found] == ["reach", "pour", "rest"]
    assert max(abs(a[1] - b[1]) for a, b in zip(found, TIMELINE, strict=True)) <= 3
    assert 0 <= line["details"]["uncertainty"] <= 1
    other = tmp_path / "t.yaml"
    other.write_text("{name: t, version: 1, layers: [{name: main, labels: [{name: X}]}]}")
    ran = segue("prelabel", video, "--model", done.path, "--taxonomy", other, "--out", out)
    assert ran.status == 2
    assert "was trained for taxonomy own version 1" in ran.err
    damaged = tmp_path / "damaged.safetensors"
    damaged.write_bytes(done.path.read_bytes()[:1000])
    ran = segue("prelabel", video, "--model", damaged, "--out", out)
    assert ran.status == 2
    assert "no whole safetensors file" in ran.err


def test_features_and_model_from_elsewhere(tmp_path: Path, segue: Segue) -> None:
    features = saved(tmp_path / "features.ts", MeanColour(), FEATURES)
    model = saved(tmp_path / "model.ts", Redness(), MODEL)
    out, video = tmp_path / "out.jsonl", clip(tmp_path)
    ran = segue("prelabel", video, "--features", features, "--model", model, "--out", out)
    assert ran.status == 0, ran.err
    (line,) = lines(out)
    assert line["annotator"] == "redness@3"
    ran = segue("prelabel", video, "--features", features, "--out", out)
    assert ran.status == 0, ran.err
    assert lines(out)[0]["details"]["extractor"] == "mean-colour@1"
    ran = segue("prelabel", video, "--model", model, "--out", out)
    assert ran.status == 2
    assert "reads mean-colour@1 features" in ran.err


def test_it_starts_without_a_server_and_a_cold_start_without_torch(tmp_path: Path) -> None:
    heavy = [name for name in HEAVY if name != "av"]
    code = (
        "import sys\n"
        "from orchestration.cli.main import run\n"
        "try:\n    run()\n"
        "except SystemExit as left:\n    assert not left.code, left.code\n"
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    out = tmp_path / "out.jsonl"
    ran = subprocess.run(
        [sys.executable, "-c", code, "prelabel", str(clip(tmp_path)), "--out", str(out)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("words", [[], ["--out", "x.jsonl"]])
def test_what_is_missing_is_said(segue: Segue, words: list[str]) -> None:
    assert segue("prelabel", *words).status == 2
