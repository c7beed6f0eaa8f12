"""`segue quality`: agreement, people against known answers, what drafts do, and alarms."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table

from orchestration.cli.screen import wide_console
from orchestration.cli.session import tracker
from services.client.quality_payloads import (
    AgreementOut,
    AlarmOut,
    AnchoringOut,
    AnnotatorsOut,
    ConfirmationOut,
    EstimateOut,
    PersonFiguresOut,
    QualityOut,
    ShareLimitsOut,
)


class Reference(StrEnum):
    """What people are held against."""

    GOLD = "gold"
    ARBITRATION = "arbitration"


def quality(
    project: Annotated[str, typer.Argument(help="The project's slug.")],
    *,
    reference: Annotated[
        Reference, typer.Option(help="What people are held against.")
    ] = Reference.GOLD,
    take_back: Annotated[
        UUID | None, typer.Option(help="Take this alarm back, and all that followed it.")
    ] = None,
    note: Annotated[str, typer.Option(help="Why it is taken back; kept on record.")] = "",
) -> None:
    """Show a project's quality: all figures with their 95 % intervals."""
    # Imported here, because the metrics bring scipy in and `segue --help` shall not wait for it.
    from orchestration.cli.layer_tables import layer_tables

    console = wide_console()
    with tracker() as client:
        if take_back is not None:
            taken = client.alarm_reverse(take_back, note=note)
            console.print(f"The alarm over {taken.username} is taken back.")
            return
        agreement = client.quality(project)
        anchoring = client.quality_anchoring(project)
        console.print(agreement_table(agreement))
        for table in layer_tables(agreement, anchoring):
            console.print(table)
        people = client.quality_annotators(project, reference=reference.value)
        console.print(people_table(people))
        console.print(confusion_table(people))
        console.print(anchoring_table(anchoring))
        print_alarms(console, list(client.alarms(project)))


def agreement_table(found: QualityOut) -> Table:
    """Draw how far blind opinions agree, label by label."""
    table = _table("agreement of blind opinions", "label")
    for heading in ("clips", "segments", "agree", "alone", "other label", "shifted", "divided"):
        table.add_column(heading, justify="right")
    for row in found.labels:
        name = f"{row.layer}/{row.label} (v{row.taxonomy_version})"
        table.add_row(name, *_agreement_cells(row))
    table.add_row("all", *_agreement_cells(found.overall))
    return table


def people_table(found: AnnotatorsOut) -> Table:
    """Draw each person's figures, a line a label, with a mark at what the others hardly show."""
    table = _table(
        f"annotators against {found.reference} "
        "(! more than 95 % of sound people would show, !! than 99.8 %)",
    )
    table.padding = (0, 1, 0, 0)
    for heading in ("annotator", "label"):
        table.add_column(heading, overflow="fold")
    table.add_column("segments", justify="right")
    for heading in ("missed", "extra", "other\nlabel", "onset\nbias", "offset\nbias"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("spread", justify="right")
    for person in found.people:
        for index, row in enumerate(person.labels):
            table.add_row(
                _person(person) if index == 0 else "",
                f"{row.layer}/{row.label}",
                str(row.n_reference),
                *map(
                    _stacked,
                    (
                        _marked(row.misses, row.funnel.misses),
                        _marked(row.extras, row.funnel.extras),
                        _marked(row.confusions, row.funnel.confusions),
                        _frames(row.onset.bias),
                        _frames(row.offset.bias),
                    ),
                ),
                f"{_number(row.onset.spread)} / {_number(row.offset.spread)}",
            )
        if not person.labels:
            table.add_row(_person(person))
    return table


def _person(person: PersonFiguresOut) -> str:
    """Write who it is over what is of no label: the time a clip takes, and the reliability."""
    lines = [person.username]
    if person.time.typical_s.value is not None:
        lines.append(f"{_seconds(person.time.typical_s)} a clip")
    if person.reliability is not None:
        lines.append(f"{person.reliability:.0%} reliable")
    return "\n".join(lines)


def _stacked(cell: str) -> str:
    """Write an interval below its figure, so that the table fits 100 columns."""
    return cell.replace(" ", "\n")


def confusion_table(found: AnnotatorsOut) -> Table:
    """Draw which labels people mix up: the cells off the diagonal."""
    table = _table("labels mixed up", "annotator", "layer", "known", "answered")
    table.add_column("times", justify="right")
    for person in found.people:
        for cell in person.confusion:
            if cell.reference != cell.answered:
                names = (cell.reference or "nothing", cell.answered or "nothing")
                table.add_row(person.username, cell.layer, *names, str(cell.n))
    return table


def anchoring_table(found: AnchoringOut) -> Table:
    """Draw what drafts do: to agreement, and person by person to their boundaries."""
    table = _table(
        f"drafts: {_percent(found.with_draft.agreement)} agree with one, "
        f"{_percent(found.without_draft.agreement)} without, "
        f"difference {_percent(found.difference)}",
        "annotator",
    )
    for heading in ("boundaries", "untouched", "wrong ones kept", "probes", "noticed"):
        table.add_column(heading, justify="right")
    people = [(person.username, person.drafts) for person in found.people]
    for name, of in (*people, ("all", found.drafts)):
        table.add_row(
            name,
            str(of.n_boundaries),
            _percent(of.untouched),
            _percent(of.flaws_kept),
            str(of.n_probes),
            _percent(of.probes_noticed),
        )
    return table


def print_alarms(console: Console, alarms: list[AlarmOut]) -> None:
    """Say what stood out, what followed, and what was taken back."""
    for alarm in alarms:
        followed = ", ".join(item.kind for item in alarm.consequences)
        n_clips = sum(len(item.clips) for item in alarm.consequences)
        back = f"; taken back by {alarm.reversal.actor}" if alarm.reversal else ""
        lines = [
            f"alarm {alarm.uid} over {alarm.username}, {alarm.raised_at:%Y-%m-%d %H:%M}: "
            f"{followed} ({n_clips} clips in doubt){back}",
            *(f"  {signal.sentence}" for signal in alarm.signals),
            *_second_look(alarm.confirmation),
        ]
        for line in lines:
            console.print(line, highlight=False, markup=False, soft_wrap=True)


def _second_look(found: ConfirmationOut | None) -> list[str]:
    if found is None:
        return []
    again = "; ".join(signal.sentence for signal in found.signals)
    answers = "answer" if found.n_later == 1 else "answers"
    why = f"by {found.n_later} later gold {answers}" if found.n_later else "by new rules: one look"
    return [f"  borne out {found.confirmed_at:%Y-%m-%d %H:%M} {why}: {again}"]


def _table(title: str, *headings: str) -> Table:
    return Table(*headings, title=title, title_justify="left", box=None)


def _agreement_cells(row: AgreementOut) -> list[str]:
    counts = (row.n_alone, row.n_mislabelled, row.n_shifted, row.n_divided)
    return [
        str(row.n_clips),
        str(row.n_segments),
        _percent(row.agreement),
        *(str(count) for count in counts),
    ]


def _marked(found: EstimateOut, limits: ShareLimitsOut | None) -> str:
    if found.value is None or limits is None or found.value <= limits.warning.high:
        return _percent(found)
    return _percent(found, mark="!!" if found.value > limits.action.high else "!")


def _percent(found: EstimateOut, *, mark: str = "") -> str:
    if found.value is None:
        return "-"
    if found.low is None or found.high is None:
        return f"{found.value:.1%}{mark}"
    return f"{found.value:.1%}{mark} [{found.low:.0%}..{found.high:.0%}]".replace("[", r"\[")


def _frames(found: EstimateOut) -> str:
    if found.value is None:
        return "-"
    if found.low is None or found.high is None:
        return f"{found.value:+.1f}"
    return f"{found.value:+.1f} [{found.low:+.1f}..{found.high:+.1f}]".replace("[", r"\[")


def _seconds(found: EstimateOut) -> str:
    return "-" if found.value is None else f"{found.value:.0f} s"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"
