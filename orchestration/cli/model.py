"""`segue model`: the models that draft a project's clips."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from orchestration.cli.screen import wide_console
from orchestration.cli.session import point_prefect_here, tracker
from orchestration.nudges import run_deployment_and_wait
from services.client.draft_payloads import Figures, ModelOut, TrainingState
from services.domain.promotion import FIGURES

app = typer.Typer(
    help="Train, list, promote and withdraw the models that draft clips.", no_args_is_help=True
)

Project = Annotated[str, typer.Argument(help="The project's slug.")]
Version = Annotated[int, typer.Argument(help="A model, as `segue model list` numbers them.")]
Note = Annotated[str, typer.Option(help="Why; kept on record.")]


@app.command("list")
def list_models(project: Project) -> None:
    """List a project's models with their figures on held-out clips, and what is new."""
    console = wide_console()
    with tracker() as client:
        console.print(models_table(list(client.models(project))))
        console.print(state_line(client.training_state(project)), soft_wrap=True)


@app.command("show")
def show(project: Project, version: Version) -> None:
    """Show a model: what made it, its figures and those of what it was measured against."""
    console = wide_console()
    with tracker() as client:
        model = client.model(project, version)
        console.print(figures_table(model))
        for line in model_lines(model):
            console.print(line, soft_wrap=True, highlight=False)
        for item in client.promotions(project):
            if version in (item.before_version, item.after_version):
                change = f"{_named(item.before_version)} -> {_named(item.after_version)}"
                said = f"{item.at:%Y-%m-%d %H:%M} {item.act} by {item.actor}: {change}"
                console.print(f"{said}. {item.reason}".rstrip(), soft_wrap=True, highlight=False)


@app.command("train")
def train(
    project: Project,
    *,
    min_new: Annotated[int, typer.Option(help="Newly accepted clips that are waited for.")] = 1,
    seed: Annotated[int, typer.Option(help="Of everything that is drawn.")] = 0,
    epochs: Annotated[int, typer.Option(help="Most passes over the clips.")] = 40,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
) -> None:
    """Train a model now, and wait for it; it takes over only if it drafts better."""
    console = wide_console()
    with tracker() as client:
        before = client.training_state(project).newest
    point_prefect_here()
    params = {
        "project": project,
        "min_new_clips": min_new,
        "seed": seed,
        "epochs": epochs,
        "device": device,
    }
    with console.status(f"training {project}"):
        run_deployment_and_wait("train", params=params, timeout_s=86400)
    with tracker() as client:
        state = client.training_state(project)
    made = state.newest
    if made is None or made == before or (before and made.version == before.version):
        console.print(f"Nothing was trained. {state_line(state)}", soft_wrap=True)
        return
    end = "It drafts from now on." if made.is_current else "What drafted goes on drafting."
    console.print(f"Model {made.version}: {made.verdict['reason']} {end}", soft_wrap=True)


@app.command("promote")
def promote(project: Project, version: Version, *, note: Note = "") -> None:
    """Let a model draft from now on, whatever its figures."""
    with tracker() as client:
        made = client.model_promote(project, version, note=note)
        wide_console().print(f"Model {made.version} drafts {project}'s clips from now on.")


@app.command("withdraw")
def withdraw(project: Project, version: Version, *, note: Note = "") -> None:
    """Put the model in use back to the one before, or to the cold start."""
    with tracker() as client:
        client.model_withdraw(project, version, note=note)
        now = client.training_state(project).current
        wide_console().print(
            f"Model {version} drafts no more; {_named(now.version if now else None)} does.",
            soft_wrap=True,
        )


def models_table(rows: list[ModelOut]) -> Table:
    """Draw models one a line, each beside what it was measured against."""
    table = Table(box=None)
    for heading in ("model", "drafts", "labels", "learnt", "held out", "F1@50", "edit"):
        table.add_column(heading, no_wrap=True)
    for heading in ("off", "against", "its F1@50", "trained"):
        table.add_column(heading, no_wrap=True)
    for model in rows:
        table.add_row(
            str(model.version),
            "yes" if model.is_current else "",
            str(model.taxonomy_version),
            str(model.n_train),
            str(model.n_held_out),
            _figure(model.metrics, "f1_50"),
            _figure(model.metrics, "edit"),
            _figure(model.metrics, "boundary_mae"),
            _named(model.rival_version),
            _figure(model.rival_metrics, "f1_50"),
            f"{model.trained_at:%Y-%m-%d %H:%M}",
        )
    return table


def figures_table(model: ModelOut) -> Table:
    """Draw a model's figures beside its rival's; errors and bias in frames."""
    table = Table(box=None)
    table.add_column(f"on {model.n_held_out} held-out clips")
    table.add_column(f"model {model.version}", justify="right")
    table.add_column(_named(model.rival_version), justify="right")
    for name in FIGURES:
        table.add_row(name, _figure(model.metrics, name), _figure(model.rival_metrics, name))
    return table


def model_lines(model: ModelOut) -> list[str]:
    """Say what made a model and what was decided."""
    return [
        model.verdict["reason"],
        f"Learnt from {model.n_train} clips under taxonomy {model.taxonomy_version} "
        f"(data {model.data_hash[:12]}), seed {model.seed}, {model.extractor} features, "
        f"{model.code_version}, on {model.config.get('device', 'an unnamed device')}.",
        f"{model.storage_key}, {model.n_bytes:,} bytes.",
    ]


def state_line(state: TrainingState) -> str:
    """Say what there is to learn from, and what drafts."""
    current = state.current.version if state.current else None
    gold = f"; {state.n_gold_left_out} gold clips are left out" if state.n_gold_left_out else ""
    return (
        f"Now {_named(current)} drafts. {state.n_train} accepted "
        f"clips to learn from, {state.n_new} of them new, {state.n_held_out} held out{gold}."
    )


def _named(version: int | None) -> str:
    return "the cold start" if version is None else f"model {version}"


def _figure(figures: Figures, name: str) -> str:
    value = figures.get(name)
    return "" if value is None else f"{value:.3f}"
