import json
from fractions import Fraction
from itertools import pairwise

import av
import numpy as np
import pytest

from models import lowres
from models.coldstart import change_points, draft_layer
from models.features import Features, Group, key_of, stride_for, write_features, write_rows
from models.lowres import LowRes
from models.refusal import MediaRefusedError
from services.domain.errors import InputError, StorageError
from services.domain.taxonomy import Taxonomy
from tests.videos import N_FRAMES, clip


class Middles:
    """An extractor that says which frame it saw, by the frame's timestamp."""

    id, version, dim = "middles", "1", 1
    groups = (Group(name="number", width=1),)

    def __init__(self, rate_hz):
        self.rate_hz = rate_hz

    def rows(self, frames):
        for frame in frames:
            yield np.array([[round(float(frame.pts * frame.time_base) * 25)]], dtype=np.float32)


def plainly(path):
    """The same numbers from whole pictures, without chunks."""
    rows, lumas = [], []
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            planes = []
            for plane, size in zip(frame.planes, ((40, 60), (20, 30), (20, 30)), strict=True):
                whole = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
                ys, xs = (
                    ((np.arange(n) + 0.5) * m / n).astype(int)
                    for n, m in zip(size, (plane.height, plane.width), strict=True)
                )
                planes.append(whole[np.ix_(ys, xs)].astype(float) / 255)
            luma, u, v = planes
            cells = [luma.reshape(4, 10, 6, 10).mean((1, 3)).ravel()]
            cells += [c.reshape(2, 10, 3, 10).mean((1, 3)).ravel() for c in (u, v)]
            level = np.bincount((luma.ravel()[::2] * 255 // 32).round().astype(int), minlength=8)
            rows.append(np.concatenate([*cells, level / level.sum()]))
            lumas.append(luma)
    change = [np.abs(b - a).reshape(4, 10, 6, 10).mean((1, 3)).ravel() for a, b in pairwise(lumas)]
    change = [change[0], *change, change[-1]]
    motion = [np.minimum(a, b) for a, b in pairwise(change)]
    return np.concatenate([rows, motion], axis=1)


@pytest.mark.parametrize("chunk", [2, 7, 37, 256])
def test_rows_are_those_of_the_definition_whatever_the_chunks(tmp_path, monkeypatch, chunk):
    monkeypatch.setattr(lowres, "CHUNK", chunk)
    path = clip(tmp_path)
    features = write_features(path, LowRes(), tmp_path / "f.npy")
    assert features.n_frames == N_FRAMES
    assert features.read(0, N_FRAMES) == pytest.approx(plainly(path), abs=1e-5)


def test_the_file_is_a_plain_npy_and_opens_again(tmp_path):
    features = write_features(clip(tmp_path), LowRes(), tmp_path / "f.npy")
    assert features == Features.open(tmp_path / "f.npy")
    whole = np.load(tmp_path / "f.npy")
    assert whole.shape == (N_FRAMES, LowRes.dim)
    assert np.array_equal(whole[10:20], features.read(10, 20))
    assert features.extractor == key_of(LowRes()) == "lowres@2"


@pytest.mark.parametrize(("rate_hz", "stride"), [(None, 1), (25, 1), (10, 2), (6, 4), (0.1, 250)])
def test_a_step_is_a_whole_number_of_frames_seen_by_its_middle_one(tmp_path, rate_hz, stride):
    assert stride_for(Fraction(25), rate_hz) == stride
    features = write_features(clip(tmp_path), Middles(rate_hz), tmp_path / "f.npy")
    assert (features.stride, features.n_frames) == (stride, N_FRAMES)
    steps = [range(low, min(low + stride, N_FRAMES)) for low in range(0, N_FRAMES, stride)]
    middles = [step[len(step) // 2] for step in steps]
    assert features.read(0, 10**9)[:, 0].tolist() == middles
    assert features.n_steps == len(middles)


def test_a_cut_off_file_and_a_strange_one_are_refused(tmp_path):
    features = write_features(clip(tmp_path), LowRes(), tmp_path / "f.npy")
    data = features.path.read_bytes()
    features.path.write_bytes(data[:-10])
    with pytest.raises(StorageError, match="cut off"):
        features.read(0, N_FRAMES)
    facts = json.loads((tmp_path / "f.json").read_text())
    (tmp_path / "f.json").write_text(json.dumps(facts | {"more": 1}))
    with pytest.raises(InputError, match="no feature file"):
        Features.open(tmp_path / "f.npy")


def test_nothing_half_written_stays(tmp_path):
    (tmp_path / "text.mp4").write_text("no video")
    with pytest.raises(MediaRefusedError):
        write_features(tmp_path / "text.mp4", LowRes(), tmp_path / "f.npy")
    assert [path.name for path in tmp_path.iterdir()] == ["text.mp4"]


@pytest.mark.parametrize(
    ("row", "match"), [([[1.0, 2.0]], "shape"), ([[float("nan")]], "not finite")]
)
def test_what_an_extractor_gives_is_checked(tmp_path, row, match):
    extractor = Middles(None)
    extractor.rows = lambda frames: iter([np.array(row, dtype=np.float32) for _ in frames])
    with pytest.raises(InputError, match=match):
        write_features(clip(tmp_path), extractor, tmp_path / "f.npy")


def steps_of(lengths, *, noise=0.1, seed=0):
    generator = np.random.default_rng(seed)
    means = [generator.normal(0, 1.5, 3) for _ in lengths]
    rows = np.concatenate([np.tile(m, (n, 1)) for m, n in zip(means, lengths, strict=True)])
    return (rows + generator.normal(0, noise, rows.shape)).astype(np.float32)


def stored(path, rows, **more):
    more = {"extractor": "x@1", "rate": Fraction(25), "groups": (Group(name="x", width=3),)} | more
    return write_rows(path, rows, **more)


def test_a_long_clip_is_worked_through_in_stretches(tmp_path, monkeypatch):
    """Boundaries in every stretch, and a part that is longer than a stretch."""
    lengths = [300, 200, 2600, 150, 400, 350]
    features = stored(tmp_path / "f.npy", steps_of(lengths))
    wanted = np.cumsum(lengths)[:-1].tolist()
    for stretch_s in (600, 40, 25):
        monkeypatch.setattr("models.coldstart.STRETCH_S", stretch_s)
        monkeypatch.setattr("models.coldstart.MARGIN_S", 5)
        found = change_points(features, min_frames=1, max_segments=50, penalty=3.0)
        assert [point.frame for point in found] == wanted


def test_boundaries_of_strided_features_are_on_frames(tmp_path):
    features = stored(tmp_path / "f.npy", steps_of([30, 45, 20]), stride=4, n_frames=378)
    found = change_points(features, min_frames=1, max_segments=50, penalty=3.0)
    assert [point.frame for point in found] == [120, 300]
    assert all(point.spread >= 2 for point in found), "a step's own width is not known better"
    taxonomy = Taxonomy.parse({"name": "t", "version": 1, "layers": [{"labels": [{"name": "a"}]}]})
    assert draft_layer(features, taxonomy.layers[0])[-1].offset == 378


def test_rows_that_fit_no_clip_are_refused(tmp_path):
    with pytest.raises(InputError, match="95 rows are no 500 frames in steps of 4"):
        stored(tmp_path / "f.npy", steps_of([30, 45, 20]), stride=4, n_frames=500)


class Full(Middles):
    def rows(self, frames):
        next(frames)
        raise OSError("110 requested and 0 written")
        yield


def test_no_room_for_the_features_is_said(tmp_path):
    with pytest.raises(StorageError, match=r"The features do not fit into .*0 written"):
        write_features(clip(tmp_path), Full(None), tmp_path / "f.npy")
    assert not list(tmp_path.glob("f.*"))
