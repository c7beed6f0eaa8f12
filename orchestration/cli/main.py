"""The `segue` command: one word for each thing a person does with the system."""

from __future__ import annotations

import sys
from importlib.metadata import version
from typing import NoReturn

import typer
from pydantic import ValidationError
from rich.console import Console

from orchestration.cli import (
    apply,
    check,
    compare,
    demo,
    gold,
    ingest,
    model,
    prelabel,
    probe,
    proxy,
    quality,
    release,
    standing,
    status,
    up,
    users,
)
from services.domain.errors import SegueError

app = typer.Typer(
    name="segue",
    help="Adjudicated temporal labels for video, exact to the frame.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
)
app.command("up")(up.up)
app.command("demo")(demo.demo)
app.command("apply")(apply.apply)
app.command("ingest")(ingest.ingest)
app.command("status")(status.status)
app.command("retry")(status.retry)
app.command("quality")(quality.quality)
app.command("compare")(compare.compare)
app.command("check")(check.check)
app.command("probe")(probe.probe)
app.command("proxy")(proxy.proxy)
app.command("prelabel")(prelabel.prelabel)
app.add_typer(users.app, name="users")
app.add_typer(release.app, name="release")
app.add_typer(gold.app, name="gold")
app.add_typer(model.app, name="model")
app.add_typer(standing.app, name="standing")


@app.callback(invoke_without_command=True)
def _root(
    *,
    show_version: bool = typer.Option(False, "--version", help="Print the version and leave."),
) -> None:
    if show_version:
        Console().print(version("segue"))
        raise typer.Exit


def run() -> None:
    """Run the command; what is refused is one sentence and exit status 2."""
    try:
        sys.exit(app(standalone_mode=False))
    except typer.Abort:
        _refuse("Nothing was done: there was no answer.")
    except typer.TyperException as error:  # the words typed are no command of ours
        if said := error.format_message():
            _refuse(f"{said.replace(': Value error, ', ': ').rstrip('.')}.")
        sys.exit(2)  # nothing but a command's name was typed, and its help has been shown
    except SegueError as error:
        _refuse(error.detail)
    except ValidationError as error:
        # Only settings are validated outside the tracker's reach; name each with its fault.
        faults = (f"{fault['loc'][0]}: {fault['msg']}" for fault in error.errors())
        _refuse(f"A setting is not valid. {'; '.join(faults)}.")


def _refuse(sentence: str) -> NoReturn:
    console = Console(stderr=True)
    console.print("[bold red]segue:[/]", end=" ")
    console.print(sentence, highlight=False, markup=False, soft_wrap=True)
    sys.exit(2)


if __name__ == "__main__":
    run()
