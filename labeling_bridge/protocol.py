"""The labelling protocol as people read it: the same sentences on the task and in the help."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from services.domain.taxonomy import LabelClass, Layer, Side, Taxonomy

HOW_TO_COUNT = (
    "Start frame: the first frame that shows the start. "
    "End frame: the last frame before the stop is seen."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtocolEntry:
    """One label with its rules, one line each."""

    layer: str
    label: str
    hotkey: str | None
    lines: tuple[str, ...]

    @property
    def heading(self) -> str:
        """The label and the key that picks it."""
        return f"{self.label}  [{self.hotkey}]" if self.hotkey else self.label


def protocol_entries(taxonomy: Taxonomy, *, tolerance: int) -> tuple[ProtocolEntry, ...]:
    """Write down the protocol of every label, in the taxonomy's order.

    ``tolerance`` is the policy's, for labels without one of their own.
    """
    return tuple(
        ProtocolEntry(
            layer=layer.name,
            label=label.name,
            hotkey=taxonomy.appearance[label.name][1],
            lines=tuple(_lines(label, layer, taxonomy, tolerance=tolerance)),
        )
        for layer in taxonomy.layers
        for label in layer.labels
    )


def layer_rule(layer: Layer) -> str:
    """Say how the segments of a layer may lie."""
    overlap = "segments must not overlap" if layer.exclusive else "segments may overlap"
    cover = "every frame carries a label" if layer.complete else "frames may stay unlabelled"
    return f"{overlap}; {cover}"


def instructions_html(taxonomy: Taxonomy, *, tolerance: int) -> str:
    """Return the protocol as the HTML behind Label Studio's Instructions button."""
    parts = [f"<p>{escape(HOW_TO_COUNT)}</p>"]
    entries = protocol_entries(taxonomy, tolerance=tolerance)
    for layer in taxonomy.layers:
        parts.append(f"<h3>{escape(layer.name)}: {escape(layer_rule(layer))}</h3>")
        for entry in entries:
            if entry.layer == layer.name:
                lines = "".join(f"<li>{escape(line)}</li>" for line in entry.lines)
                parts.append(f"<h4>{escape(entry.heading)}</h4><ul>{lines}</ul>")
    return "".join(parts)


def hint(label: LabelClass) -> str:
    """Return the one line shown when the pointer rests on a label."""
    triggers = (("Starts", label.start_trigger), ("Stops", label.stop_trigger))
    return " ".join(f"{word}: {text}" for word, text in triggers if text)


def _lines(label: LabelClass, layer: Layer, taxonomy: Taxonomy, *, tolerance: int) -> list[str]:
    lines = [
        f"{word}: {text}"
        for word, text in (
            ("Starts", label.start_trigger),
            ("Stops", label.stop_trigger),
            ("Includes", "; ".join(label.includes)),
            ("Excludes", "; ".join(label.excludes)),
            ("Examples", "; ".join(label.examples)),
        )
        if text
    ]
    if label.followed_by is not None:
        lines.append(f"Followed by: {', '.join(label.followed_by) or 'nothing'}")
    onset, offset = (
        taxonomy.tolerance(layer.name, label.name, side, default=tolerance) for side in Side
    )
    same = f"{onset} frames" if onset == offset else f"start {onset}, end {offset} frames"
    limits = [f"tolerance {same}"]
    if label.min_frames > 1:
        limits.append(f"at least {label.min_frames} frames long")
    if label.max_frames is not None:
        limits.append(f"at most {label.max_frames} frames long")
    return [*lines, f"Limits: {', '.join(limits)}"]
