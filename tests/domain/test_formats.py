from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.comparison.compare import compare
from services.domain.comparison.consensus import consensus
from services.domain.comparison.disputes import ComparisonCounts
from services.domain.errors import InputError
from services.domain.formats import activitynet, jsonl, manifest
from services.domain.formats.build import build_release, media_type
from services.domain.formats.manifest import Fault, FileEntry, ReleaseCounts, sum_file
from services.domain.formats.records import ReleaseHead, ReleaseRecord
from services.domain.formats.registry import FORMATS
from services.domain.policy import Policy
from services.domain.segments import Segmentation
from services.domain.taxonomy import Taxonomy
from services.domain.timebase import Timebase
from tests.domain.notation import opinion
from tests.strategies import jittered, segmentations, timebases

TAXONOMY = Taxonomy.parse(
    {
        "name": "kitchen",
        "version": 2,
        "layers": [
            {
                "name": "main",
                "labels": [
                    {
                        "name": "X",
                        "start_trigger": "first frame of contact",
                        "stop_trigger": "first frame without",
                    },
                    {"name": "Y"},
                    {"name": "Z"},
                ],
            },
            {"name": "gaze", "exclusive": False, "labels": [{"name": "schaut zurück"}]},
        ],
    }
)
POLICY = Policy()
HEAD = ReleaseHead(project="demo", version="1.0.0", taxonomy=TAXONOMY, policy=POLICY)


def record(a: Segmentation, b: Segmentation, clip: Timebase, **more: Any) -> ReleaseRecord:
    comparison = compare(a, b, taxonomy=TAXONOMY, policy=POLICY)
    fields: dict[str, Any] = {
        "name": "clip é.mp4",
        "uid": "00000000-0000-0000-0000-000000000001",
        "sha256": "ab" * 32,
        "timebase": clip,
        "width": 640,
        "height": 360,
        "segments": Segmentation.of(consensus(comparison), n_frames=clip.n_frames),
        "status": "agreed",
        "opinions": (a, b),
        "comparison": comparison,
        "taxonomy_version": 2,
        "policy_hash": POLICY.hash,
        "round": 1,
    }
    return ReleaseRecord(**(fields | more))


NTSC = Timebase.constant(rate=Fraction(30000, 1001), n_frames=300)
PLAIN = record(
    opinion("X 0-30, Y 30-34, gaze/schaut zurück 10-300", n_frames=300),
    opinion("X 2-33, Y 33-36, gaze/schaut zurück 10-298", n_frames=300),
    NTSC,
)


@st.composite
def records(draw: st.DrawFn) -> ReleaseRecord:
    clip = draw(timebases(max_frames=80))
    a = draw(segmentations(n_frames=clip.n_frames))
    arbitrated = draw(st.booleans())
    return record(
        a,
        draw(jittered(a)),
        clip,
        name=draw(st.text(max_size=8)),
        status="arbitrated" if arbitrated else "agreed",
        comparison=None if draw(st.booleans()) else compare(a, a, taxonomy=TAXONOMY, policy=POLICY),
    )


def written(pieces: Iterable[tuple[str, bytes]]) -> dict[str, bytes]:
    files: defaultdict[str, bytes] = defaultdict(bytes)
    for path, data in pieces:
        files[path] += data
    return dict(files)


# --- records and JSON Lines ------------------------------------------------------------------


@given(st.lists(records(), max_size=4))
def test_json_lines_hold_everything(given_: list[ReleaseRecord]) -> None:
    data = written(jsonl.write(HEAD, given_))[jsonl.PATH]
    again = list(jsonl.read(data.splitlines(keepends=True)))
    assert again == given_
    assert written(jsonl.write(HEAD, again))[jsonl.PATH] == data


def test_a_line_reads_without_this_library() -> None:
    line = json.loads(written(jsonl.write(HEAD, [PLAIN]))[jsonl.PATH])
    assert (line["project"], line["release"], line["taxonomy"]) == ("demo", "1.0.0", "kitchen")
    # 0-30 and 2-33: mean 1 and 31.5, to the even 32.
    assert line["segments"][0] == {
        "layer": "main",
        "label": "X",
        "onset": 1,
        "offset": 32,
        "onset_spread": 2,
        "offset_spread": 3,
        "onset_s": 1001 / 30000,
        "offset_s": 32 * 1001 / 30000,
    }
    assert len(line["opinions"]) == 2
    assert line["comparison"]["counts"]["n_agreed"] == 3


def test_an_empty_release_is_an_empty_file() -> None:
    assert written(jsonl.write(HEAD, [])) == {jsonl.PATH: b""}
    assert list(jsonl.read([])) == []


def test_a_broken_line_is_named() -> None:
    sound = written(jsonl.write(HEAD, [PLAIN]))[jsonl.PATH]
    for broken in (b"{", b"[]", b"{}", sound.replace(b'"agreed"', b'"odd"')):
        with pytest.raises(InputError, match="Line 2: "):
            list(jsonl.read([sound, broken]))


@pytest.mark.parametrize(
    "change", [{"status": "draft"}, {"timebase": {}}, {"segments": None}, {"comparison": {"a": 1}}]
)
def test_what_is_no_record_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        ReleaseRecord.from_json(PLAIN.as_json() | change)


def test_the_trackers_extra_fields_are_no_fault() -> None:
    assert ReleaseRecord.from_json(PLAIN.as_json() | {"newer": 1}) == PLAIN


# --- ActivityNet -----------------------------------------------------------------------------


def exported(*given_: ReleaseRecord) -> dict[str, Any]:
    data = written(activitynet.write(HEAD, given_))[activitynet.PATH]
    document = json.loads(data)
    canonical = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert data == canonical.encode() + b"\n"
    return dict(document)


def test_it_has_the_keys_that_readers_ask_for() -> None:
    document = exported(PLAIN)
    assert set(document) == {"database", "taxonomy", "version"}
    entry = document["database"]["clip é.mp4"]
    assert entry["subset"] == "training"
    assert entry["resolution"] == "640x360"
    assert entry["fps"] == 30000 / 1001
    assert entry["duration"] == 300 * 1001 / 30000
    assert entry["annotations"] == [
        {"segment": [1001 / 30000, 32 * 1001 / 30000], "label": "X", "label_id": 0},
        {
            "segment": [10 * 1001 / 30000, 299 * 1001 / 30000],
            "label": "schaut zurück",
            "label_id": 3,
        },
        {"segment": [32 * 1001 / 30000, 35 * 1001 / 30000], "label": "Y", "label_id": 1},
    ]


def test_the_taxonomy_is_a_tree() -> None:
    nodes = exported(PLAIN)["taxonomy"]
    assert [(n["nodeId"], n["nodeName"], n["parentId"], n["parentName"]) for n in nodes] == [
        (0, "Root", None, None),
        (1, "main", 0, "Root"),
        (2, "X", 1, "main"),
        (3, "Y", 1, "main"),
        (4, "Z", 1, "main"),
        (5, "gaze", 0, "Root"),
        (6, "schaut zurück", 5, "gaze"),
    ]


def test_clips_of_one_name_stay_apart() -> None:
    twin = replace(PLAIN, uid="00000000-0000-0000-0000-000000000002")
    database = exported(PLAIN, twin)["database"]
    assert list(database) == ["clip é.mp4", "clip é.mp4-00000000-0000-0000-0000-000000000002"]


def test_no_clip_and_no_segment_are_written_too() -> None:
    assert exported()["database"] == {}
    nothing = opinion("", n_frames=300)
    assert exported(record(nothing, nothing, NTSC))["database"]["clip é.mp4"]["annotations"] == []


def test_a_label_of_another_taxonomy_is_refused_with_the_clip() -> None:
    foreign = replace(PLAIN, segments=opinion("Q 0-9", n_frames=300), taxonomy_version=1)
    with pytest.raises(InputError, match=r"'clip é.mp4' \(taxonomy version 1\).* 'Q'") as caught:
        exported(foreign)
    assert caught.value.code == "label_not_in_release"


@given(records())
def test_seconds_lead_back_to_the_frame(given_: ReleaseRecord) -> None:
    clip = given_.timebase
    entry = next(iter(exported(given_)["database"].values()))
    shown = {float(clip.seconds(f) - clip.seconds(0)): f for f in range(clip.n_frames + 1)}
    assert len(shown) == clip.n_frames + 1
    frames = [[shown[s] for s in item["segment"]] for item in entry["annotations"]]
    assert frames == [[segment.onset, segment.offset] for segment in given_.segments]


# --- manifest and whole releases -------------------------------------------------------------


def release(*given_: ReleaseRecord) -> dict[str, bytes]:
    return written(build_release(HEAD, lambda: given_))


def found(files: dict[str, bytes]) -> dict[str, FileEntry]:
    return {path: sum_file(path, [data]) for path, data in files.items() if path != manifest.PATH}


def test_a_release_holds_every_format_and_then_the_manifest() -> None:
    paths = [path for path, _ in build_release(HEAD, lambda: [PLAIN])]
    assert list(dict.fromkeys(paths)) == [jsonl.PATH, activitynet.PATH, manifest.PATH]
    assert set(FORMATS) == {"jsonl", "activitynet"}
    assert [media_type(path) for path in dict.fromkeys(paths)] == [
        "application/jsonl",
        "application/json",
        "application/json",
    ]


def test_the_same_clips_give_the_same_bytes() -> None:
    assert release(PLAIN) == release(ReleaseRecord.from_json(PLAIN.as_json()))


def test_the_manifest_says_what_the_labels_mean_and_how_many_there_are() -> None:
    nothing = opinion("", n_frames=300)
    empty = record(nothing, nothing, NTSC, status="arbitrated", comparison=None)
    document = json.loads(release(PLAIN, empty)[manifest.PATH])
    assert (document["project"], document["version"]) == ("demo", "1.0.0")
    assert document["taxonomy"]["hash"] == TAXONOMY.hash
    label = document["taxonomy"]["layers"][0]["labels"][0]
    assert label["start_trigger"] == "first frame of contact"
    assert document["policy"]["hash"] == POLICY.hash
    counts = document["counts"]
    assert (counts["n_clips"], counts["n_frames"], counts["n_segments"]) == (2, 600, 3)
    assert counts["statuses"] == {"agreed": 1, "arbitrated": 1}
    assert counts["taxonomy_versions"] == {"2": 2}
    assert counts["policies"] == {POLICY.hash: 2}
    assert counts["labels"] == {"X": 1, "Y": 1, "schaut zurück": 1}
    assert counts["label_frames"] == {"X": 31, "Y": 3, "schaut zurück": 289}
    assert counts["agreement"] == 1.0


@given(st.lists(records(), max_size=4))
def test_counts_add(given_: list[ReleaseRecord]) -> None:
    forth, back = ReleaseCounts(), ReleaseCounts()
    for one, other in zip(given_, reversed(given_), strict=True):
        forth += ReleaseCounts.of(one)
        back = ReleaseCounts.of(other) + back
    assert forth == back
    assert forth.n_clips == len(given_)
    assert forth.n_segments == sum(forth.labels.values())
    if not given_:
        assert forth.comparisons == ComparisonCounts()
        assert forth.as_json()["agreement"] is None


def test_an_untouched_release_verifies() -> None:
    files = release(PLAIN)
    assert manifest.verify(files[manifest.PATH], found(files)) == ()


def test_every_difference_is_named() -> None:
    files = release(PLAIN)
    document = files[manifest.PATH]
    changed = files[jsonl.PATH].replace(b"X", b"Y", 1)
    there = found({jsonl.PATH: changed, "notes.txt": b""})
    faults = manifest.verify(document, there)
    assert [(fault.code, fault.path) for fault in faults] == [
        ("missing", "activitynet.json"),
        ("changed", "clips.jsonl"),
        ("unlisted", "notes.txt"),
    ]
    assert all(isinstance(fault, Fault) and fault.detail.endswith(".") for fault in faults)


def test_a_sum_does_not_depend_on_the_chunks() -> None:
    assert sum_file("a", [b"ab", b"", b"c"]) == sum_file("a", [b"abc"])
    assert sum_file("a", [b"abc"]).sha256.startswith("ba7816bf")


@pytest.mark.parametrize("path", ["", "/a", "../a", "a/../b", "a//b", "./a", "a\\b", "a\nb"])
def test_a_manifest_never_points_outside(path: str) -> None:
    with pytest.raises(InputError, match="not a path inside a release"):
        sum_file(path, [b""])


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"[]",
        b"{}",
        b'{"form":"other/1","files":[]}',
        b'{"form":"segue-release/1","files":[{"path":"a"}]}',
    ],
)
def test_what_is_no_manifest_is_refused(broken: bytes) -> None:
    with pytest.raises(InputError, match="not a release manifest"):
        manifest.verify(broken, {})


def test_an_unknown_format_is_refused_before_anything_is_written() -> None:
    with pytest.raises(InputError, match="no release format 'avi'; there are jsonl") as caught:
        build_release(HEAD, list, formats=["jsonl", "avi"])
    assert caught.value.code == "unknown_format"


def test_records_are_taken_one_by_one() -> None:
    taken = []

    def source() -> Iterable[ReleaseRecord]:
        for number in range(3):
            taken.append(number)
            yield replace(PLAIN, uid=f"u{number}")

    pieces = build_release(HEAD, source, formats=["jsonl"])
    assert [next(pieces)[1], taken] == [b"", []]
    next(pieces)
    assert taken == [0]
