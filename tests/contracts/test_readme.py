"""README says the truth about the parts that a machine can check."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from models import refusal
from orchestration.cli.main import app
from services.domain.comparison.disputes import DisputeKind
from services.domain.sanity import findings
from services.domain.workflow import as_mermaid

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
VIDEO = (ROOT / "docs" / "video.md").read_text(encoding="utf-8")
QUALITY = (ROOT / "docs" / "quality.md").read_text(encoding="utf-8")


def test_the_picture_is_the_workflow_table():
    drawn = re.search(
        r"<!-- workflow:begin.*?```mermaid\n(.*?)```\n<!-- workflow:end -->", README, re.S
    )
    assert drawn is not None
    assert drawn.group(1) == as_mermaid()


def test_every_make_target_named_exists():
    targets = set(re.findall(r"^([a-z][\w-]*):", (ROOT / "Makefile").read_text(), re.M))
    named = set(re.findall(r"(?:^|`|; )(?:\w+=\w+ )?make ([a-z][\w-]*)", README, re.M))
    assert named
    assert named <= targets


def commands_named():
    pages = "\n".join(page.read_text(encoding="utf-8") for page in ROOT.glob("docs/*.md"))
    return sorted(set(re.findall(r"^segue ((?:[a-z]+ ?){1,2})", README + pages, re.M)))


@pytest.mark.parametrize("words", commands_named())
def test_every_segue_command_named_exists(words):
    command = words.split()
    groups = {"gold", "model", "release", "standing", "users"}
    asked = command[:2] if command[0] in groups else command[:1]
    result = CliRunner().invoke(app, [*asked, "--help"])
    assert result.exit_code == 0, result.output


def test_the_folder_map_names_real_folders():
    named = re.findall(r"^([a-z_]+(?:/[a-z_]+)*/) ", README, re.M)
    assert len(named) > 5
    assert [folder for folder in named if not (ROOT / folder).is_dir()] == []


def test_every_finding_is_explained():
    codes = set(re.findall(r"``([a-z_]+)``", findings.__doc__ or ""))
    told = set(re.findall(r"`([a-z_]+)`", QUALITY.split("## Tier 2")[0]))
    assert len(codes) > 15
    assert codes - told == set()
    assert codes >= findings.WARNINGS


def test_every_refusal_of_a_file_is_explained():
    codes = set(re.findall(r"``([a-z_]+)``", refusal.__doc__ or "")) - {"proxy_unsound"}
    told = re.findall(r"^\| (`[a-z_`, ]+`) \|", VIDEO, re.M)
    assert len(codes) > 8
    assert codes == set(re.findall(r"`([a-z_]+)`", " ".join(told)))


def test_every_kind_of_dispute_is_explained():
    assert {f"`{kind}`" for kind in DisputeKind} <= set(re.findall(r"`[a-z_]+`", QUALITY))
