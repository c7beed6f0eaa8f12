"""The labelling protocol as people read it: the same sentences on the task and in the help."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from services.domain.sanity.findings import listed, n_frames_said, quoted
from services.domain.taxonomy import LabelClass, Layer, NameStatus, Side, Taxonomy

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


def layer_lines(layer: Layer) -> tuple[str, ...]:
    """Say how the segments of a layer may lie, and in which order they come."""
    overlap = "segments must not overlap" if layer.exclusive else "segments may overlap"
    cover = "every frame carries a label" if layer.complete else "frames may stay unlabelled"
    lines = [f"Layer {layer.name}: {overlap}; {cover}."]
    if layer.steps:
        lines.append(_steps(layer))
    # One frame is the shortest there is, so a limit of one has nothing to point out.
    if layer.flicker_frames > 1:
        lines.append(
            "A label that interrupts another for fewer than "
            f"{n_frames_said(layer.flicker_frames)} is pointed out: mark it only if it is real."
        )
    return tuple(lines)


def names_gone(taxonomy: Taxonomy) -> tuple[str, ...]:
    """Say what became of labels of the version before that have no one successor."""
    lines = []
    for change in taxonomy.changes:
        resolved = taxonomy.resolve(change.layer, change.before)
        if resolved.status is NameStatus.RETIRED:
            lines.append(f"{quoted(change.before)} is no longer used.")
        elif resolved.status is NameStatus.SPLIT:
            options = listed(resolved.candidates, last="or")
            lines.append(f"{quoted(change.before)} was split: use {options}.")
    return tuple(lines)


def instructions_html(taxonomy: Taxonomy, *, tolerance: int) -> str:
    """Return the protocol as the HTML behind Label Studio's Instructions button."""
    parts = _paragraphs((HOW_TO_COUNT, *names_gone(taxonomy)))
    entries = protocol_entries(taxonomy, tolerance=tolerance)
    for layer in taxonomy.layers:
        heading, *rules = layer_lines(layer)
        parts += [f"<h3>{escape(heading)}</h3>", *_paragraphs(rules)]
        for entry in entries:
            if entry.layer == layer.name:
                lines = "".join(f"<li>{escape(line)}</li>" for line in entry.lines)
                parts.append(f"<h4>{escape(entry.heading)}</h4><ul>{lines}</ul>")
    return "".join(parts)


def hint(label: LabelClass) -> str:
    """Return the one line shown when the pointer rests on a label."""
    triggers = (("Starts", label.start_trigger), ("Stops", label.stop_trigger))
    return " ".join(f"{word}: {text}" for word, text in triggers if text)


def _paragraphs(lines: Sequence[str]) -> list[str]:
    return [f"<p>{escape(line)}</p>" for line in lines]


def _steps(layer: Layer) -> str:
    order = " → ".join(
        f"{step} (may be left out)" if step in layer.optional_steps else step
        for step in layer.steps
    )
    more = [
        sentence
        for says, sentence in (
            (layer.steps_repeat, " They may be gone through again from the start."),
            (
                layer.steps_from_end_to_end,
                " Every clip shows all of it, from the first step to the last.",
            ),
        )
        if says
    ]
    return f"Steps, in this order: {order}.{''.join(more)}"


def _never_with(label: LabelClass, taxonomy: Taxonomy) -> list[str]:
    pairs = [pair for pair in taxonomy.impossible_together if label.name in pair]
    others = [b if a == label.name else a for a, b in pairs]
    return ["itself" if name == label.name else name for name in dict.fromkeys(others)]


def _other_names(label: LabelClass, layer: Layer, taxonomy: Taxonomy) -> list[str]:
    changed = [
        change.before
        for change in taxonomy.changes
        if change.kind in ("rename", "merge")
        and change.after == (label.name,)
        and (change.layer, change.before) != (layer.name, label.name)
    ]
    return list(dict.fromkeys((*label.aliases, *changed)))


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
    if never := _never_with(label, taxonomy):
        lines.append(f"Never together with: {', '.join(never)}")
    if former := _other_names(label, layer, taxonomy):
        lines.append(f"Also called: {', '.join(former)}")
    if label.widens_tolerance_to is not None:
        widest = n_frames_said(label.widens_tolerance_to)
        lines.append(f"Marks doubt: boundaries inside it may be {widest} off")
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
