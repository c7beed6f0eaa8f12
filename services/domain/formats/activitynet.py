"""ActivityNet JSON, as ActionFormer, OpenTAD and the official evaluator read it.

Conventions
-----------
Segments are in seconds after the clip's first frame: the source's own presentation time,
computed exactly and rounded once to the nearest double. ``label_id`` counts the taxonomy's
labels from 0 in their written order; ``fps`` is the declared rate. Every clip is in the
subset ``training`` until splits exist. A clip whose name was used before in the release is
entered as ``name-uid``, since the names are keys.

What the form cannot hold (layers, spreads, opinions) is in ``clips.jsonl``. ActionFormer drops
annotations shorter than 1 ms, or repeated within it; at the rates of real video no frame is.

References
----------
Caba Heilbron et al., "ActivityNet: A Large-Scale Video Benchmark for Human Activity
Understanding", CVPR 2015.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from services.domain.canonical import canonical_json
from services.domain.errors import InputError
from services.domain.formats.records import Exporter, Piece, ReleaseHead, ReleaseRecord
from services.domain.taxonomy import Taxonomy

PATH: Final = "activitynet.json"

_ROOT: Final = 0


def write(head: ReleaseHead, records: Iterable[ReleaseRecord]) -> Iterator[Piece]:
    """Write one JSON document, clip by clip.

    Raises
    ------
    InputError
        ``label_not_in_release`` when a clip carries a label that the release's taxonomy lacks.
    """
    label_ids = {label.name: index for index, label in enumerate(_labels(head.taxonomy))}
    # Keys in sorted order, as canonical JSON has them: database, taxonomy, version.
    yield PATH, b'{"database":{'
    names: set[str] = set()
    for record in records:
        key = record.name if record.name not in names else f"{record.name}-{record.uid}"
        separator = b"," if names else b""
        names.add(key)
        yield (
            PATH,
            separator + canonical_json(key) + b":" + canonical_json(_entry(record, label_ids)),
        )
    tail = canonical_json({"taxonomy": _nodes(head.taxonomy), "version": _version(head)})
    yield PATH, b"}," + tail[1:] + b"\n"


def _entry(record: ReleaseRecord, label_ids: dict[str, int]) -> dict[str, Any]:
    annotations = []
    for segment in record.segments:
        if segment.label not in label_ids:
            raise InputError(
                f"Clip {record.name!r} (taxonomy version {record.taxonomy_version}) carries the "
                f"label {segment.label!r}, which the release's taxonomy does not have; "
                "label it again or release it with the taxonomy version it was made with.",
                code="label_not_in_release",
            )
        annotations.append(
            {
                "segment": [record.seconds(segment.onset), record.seconds(segment.offset)],
                "label": segment.label,
                "label_id": label_ids[segment.label],
            }
        )
    return {
        "annotations": annotations,
        "clip_uid": record.uid,
        "duration": record.seconds(record.n_frames),
        "fps": float(record.timebase.rate),
        "n_frames": record.n_frames,
        "resolution": f"{record.width}x{record.height}",
        "sha256": record.sha256,
        "subset": "training",
        "url": "",
    }


def _labels(taxonomy: Taxonomy) -> list[Any]:
    return [label for layer in taxonomy.layers for label in layer.labels]


def _nodes(taxonomy: Taxonomy) -> list[dict[str, Any]]:
    """Draw the taxonomy as the tree of the format: a root, the layers, their labels."""

    def node(number: int, name: str, parent: int | None, parent_name: str | None) -> dict[str, Any]:
        return {
            "nodeId": number,
            "nodeName": name,
            "parentId": parent,
            "parentName": parent_name,
        }

    nodes = [node(_ROOT, "Root", None, None)]
    for layer in taxonomy.layers:
        parent = len(nodes)
        nodes.append(node(parent, layer.name, _ROOT, "Root"))
        for label in layer.labels:
            nodes.append(node(len(nodes), label.name, parent, layer.name))
    return nodes


def _version(head: ReleaseHead) -> str:
    return f"{head.project} {head.version} (taxonomy {head.taxonomy.name} {head.taxonomy.version})"


EXPORTER: Final = Exporter(
    name="activitynet",
    title="ActivityNet JSON with label_id and fps, for temporal action detection",
    media_types={".json": "application/json"},
    write=write,
)
