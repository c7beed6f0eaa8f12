"""A taxonomy version as Label Studio's labeling configuration: the same XML every time."""

from __future__ import annotations

import re
import unicodedata
from typing import Final
from xml.etree import ElementTree as ET

from labeling_bridge.protocol import HOW_TO_COUNT, hint, layer_lines, names_gone, protocol_entries
from labeling_bridge.regions import NOTE, SEGMENTS, VERDICT, VIDEO, Opinion
from services.domain.errors import InputError
from services.domain.taxonomy import Layer, Taxonomy

# Label Studio replaces this, wherever it stands, by a field of the task.
_VARIABLE: Final = re.compile(r"\$(?=[\w\[\].{}])")
_WORD_JOINER: Final = "\u2060"
# Whatever has no hotkey is given the next free one by Label Studio; this is on no keyboard.
_NO_KEY: Final = "∅"

VERDICTS: Final = {
    "accept": "the final segments are right",
    "reopen": "two new opinions are needed",
    "reject": "the clip cannot be labelled",
}

_STYLE: Final = """
.segue .ant-collapse-header { padding: 4px 12px !important; }
.segue-brief { max-height: 128px; overflow: auto; padding: 6px 12px; margin-bottom: 8px;
  border-left: 4px solid #0072B2; background: rgba(0, 114, 178, 0.08); white-space: pre-line; }
.segue-strip p { margin: 0 0 8px; }
.segue-strip img { display: block; width: 100%; }
.segue-protocol { max-height: 240px; overflow: auto; }
.segue-hidden { display: none; }
.segue-desk { display: flex; flex-wrap: wrap; gap: 4px 32px; align-items: center; padding: 8px 0; }
.segue-desk .lsf-labels, .segue-desk .lsf-text-area, .segue-desk .ant-form-item
  { margin: 0 !important; }
.segue-verdict { display: flex; gap: 12px; align-items: center; }
.segue-verdict .lsf-hint { display: none; }
"""
_SMALL: Final = "font-size: 14px; line-height: 20px; font-weight: 400; margin: 0"
_LAYER: Final = "font-size: 14px; line-height: 32px; font-weight: 600; margin: 0 8px 0 0"
_STRONG: Final = "font-size: 14px; line-height: 20px; font-weight: 600; margin: 8px 0 0"


def annotation_config(taxonomy: Taxonomy, *, tolerance: int) -> str:
    """Return the configuration of an annotator's lane.

    Raises
    ------
    InputError
        A label cannot be shown by Label Studio as it is written.
    """
    root = _frame()
    _add_protocol(root, taxonomy, tolerance=tolerance)
    _add_labels(root, taxonomy)
    _add_video(root, height=320)
    return _text(root)


def arbitration_config(taxonomy: Taxonomy, *, tolerance: int) -> str:
    """Return the configuration of an arbiter's lane: the final labels, X and Y, the verdict.

    Raises
    ------
    InputError
        A label cannot be shown by Label Studio as it is written.
    """
    root = _frame()
    _add_protocol(root, taxonomy, tolerance=tolerance)
    desk = _add_labels(root, taxonomy)
    _add_verdict(desk)
    # After the final labels: Label Studio draws with the first timeline control only, so that
    # nobody can draw into an opinion.
    hidden = ET.SubElement(root, "View", {"className": "segue-hidden"})
    for opinion in Opinion:
        track = _timeline(hidden, opinion.control)
        for number, (name, (color, _)) in enumerate(taxonomy.appearance.items(), start=1):
            attributes = {
                "value": opinion.shown(_showable(name)),
                "background": color,
                "hotkey": f"{_NO_KEY}{opinion}{number}",
            }
            ET.SubElement(track, "Label", attributes)
    _add_video(root, height=240)
    return _text(root)


def _frame() -> ET.Element:
    root = ET.Element("View", {"className": "segue"})
    ET.SubElement(root, "Style").text = _STYLE
    brief = ET.SubElement(root, "View", {"className": "segue-brief"})
    _header(brief, "$brief", _SMALL)
    return root


def _add_protocol(root: ET.Element, taxonomy: Taxonomy, *, tolerance: int) -> None:
    collapse = ET.SubElement(root, "Collapse", {"bordered": "true"})
    title = "Protocol: what starts and stops each label"
    panel = ET.SubElement(collapse, "Panel", {"value": title})
    box = ET.SubElement(panel, "View", {"className": "segue-protocol"})
    for line in (HOW_TO_COUNT, *names_gone(taxonomy)):
        _header(box, _literal(line), _SMALL)
    entries = protocol_entries(taxonomy, tolerance=tolerance)
    for layer in taxonomy.layers:
        for line in layer_lines(layer):
            _header(box, _literal(line), _SMALL)
        for entry in entries:
            if entry.layer == layer.name:
                _header(box, _literal(entry.heading), _STRONG)
                for line in entry.lines:
                    _header(box, _literal(line), _SMALL)


def _add_labels(root: ET.Element, taxonomy: Taxonomy) -> ET.Element:
    desk = ET.SubElement(root, "View", {"className": "segue-desk"})
    control = _timeline(desk, SEGMENTS)
    for layer in taxonomy.layers:
        _add_layer(control, layer, taxonomy)
    return desk


def _add_layer(control: ET.Element, layer: Layer, taxonomy: Taxonomy) -> None:
    if len(taxonomy.layers) > 1:
        _header(control, layer.name, _LAYER)
    for label in layer.labels:
        color, hotkey = taxonomy.appearance[label.name]
        attributes = {"value": _showable(label.name), "background": color}
        if hotkey:
            attributes["hotkey"] = hotkey
        if tip := hint(label):
            attributes["hint"] = _literal(tip)
        ET.SubElement(control, "Label", attributes)


def _add_video(root: ET.Element, *, height: int) -> None:
    ET.SubElement(root, "Markdown", {"className": "segue-strip", "value": "$strip"})
    attributes = {
        "name": VIDEO,
        "value": "$video",
        "frameRate": "$fps",
        "height": str(height),
        "timelineHeight": "200",
    }
    ET.SubElement(root, "Video", attributes)


def _add_verdict(desk: ET.Element) -> None:
    box = ET.SubElement(desk, "View", {"className": "segue-verdict"})
    choices = ET.SubElement(
        box,
        "Choices",
        {
            "name": VERDICT,
            "toName": VIDEO,
            "choice": "single-radio",
            "layout": "inline",
            "required": "true",
            "requiredMessage": "Choose a verdict: accept, reopen or reject.",
        },
    )
    for verdict, meaning in VERDICTS.items():
        # A verdict is clicked, never typed: a slip on the keyboard must not change it.
        attributes = {"value": verdict, "hint": meaning, "hotkey": f"{_NO_KEY}{verdict}"}
        ET.SubElement(choices, "Choice", attributes)
    ET.SubElement(
        box,
        "TextArea",
        {"name": NOTE, "toName": VIDEO, "placeholder": "Note (why)", "maxSubmissions": "1"},
    )


def _timeline(parent: ET.Element, name: str) -> ET.Element:
    return ET.SubElement(parent, "TimelineLabels", {"name": name, "toName": VIDEO})


def _header(parent: ET.Element, value: str, style: str) -> None:
    ET.SubElement(parent, "Header", {"value": value, "size": "5", "style": style})


def _literal(text: str) -> str:
    """Return text that Label Studio shows as it is; XML's own characters are escaped later."""
    printable = "".join(
        " " if unicodedata.category(char) in ("Cc", "Cs") else char for char in text
    )
    return _VARIABLE.sub(f"${_WORD_JOINER}", printable)


def _showable(label: str) -> str:
    """Return the label itself: answers carry it back, so nothing in it may be changed."""
    if _literal(label) != label:
        raise InputError(
            f"Label {label!r} cannot be shown in Label Studio: it holds a control character, or "
            "a $ that would be read as a field of the task. Rename it in the taxonomy."
        )
    return label


def _text(root: ET.Element) -> str:
    ET.indent(root)
    return ET.tostring(root, encoding="unicode")
