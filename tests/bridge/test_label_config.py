from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from labeling_bridge.label_config import annotation_config, arbitration_config
from labeling_bridge.protocol import instructions_html
from services.domain.errors import InputError
from services.domain.taxonomy import Taxonomy
from tests.bridge.samples import AWKWARD, COFFEE

GOLDEN = Path(__file__).parents[1] / "golden" / "bridge"

FORMS = {
    "coffee_annotation.xml": lambda: annotation_config(COFFEE, tolerance=3),
    "coffee_arbitration.xml": lambda: arbitration_config(COFFEE, tolerance=3),
    "awkward_annotation.xml": lambda: annotation_config(AWKWARD, tolerance=3),
    "awkward_instructions.html": lambda: instructions_html(AWKWARD, tolerance=3),
}


@pytest.mark.parametrize("name", FORMS)
def test_the_written_form_is_the_golden_one(name: str, request: pytest.FixtureRequest) -> None:
    written = FORMS[name]() + "\n"
    path = GOLDEN / name
    if request.config.getoption("--update-golden", default=False):
        path.write_text(written, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == written


def _labels(config: str, control: str) -> list[str | None]:
    root = ET.fromstring(config)
    return [
        label.get("value") for label in root.iterfind(f".//TimelineLabels[@name='{control}']/Label")
    ]


@pytest.mark.parametrize("taxonomy", [COFFEE, AWKWARD])
def test_labels_come_through_xml_unchanged(taxonomy: Taxonomy) -> None:
    names = [label.name for layer in taxonomy.layers for label in layer.labels]
    for config in (
        annotation_config(taxonomy, tolerance=3),
        arbitration_config(taxonomy, tolerance=3),
    ):
        assert _labels(config, "segments") == names


def test_opinions_come_after_the_final_labels() -> None:
    # Label Studio draws with the first timeline control; nobody shall draw into an opinion.
    root = ET.fromstring(arbitration_config(COFFEE, tolerance=3))
    controls = [control.get("name") for control in root.iter("TimelineLabels")]
    assert controls == ["segments", "opinion_x", "opinion_y"]
    assert _labels(arbitration_config(COFFEE, tolerance=3), "opinion_y") == ["Y · pour", "Y · stir"]


def test_colours_and_hotkeys_are_the_taxonomys() -> None:
    root = ET.fromstring(annotation_config(COFFEE, tolerance=3))
    pour, stir = root.iter("Label")
    assert (pour.get("background"), pour.get("hotkey")) == ("#0072B2", "1")
    assert (stir.get("background"), stir.get("hotkey")) == ("#123456", "s")


def test_nothing_in_the_protocol_is_read_as_a_field_of_the_task() -> None:
    root = ET.fromstring(annotation_config(AWKWARD, tolerance=3))
    variables = [
        value for element in root.iter() for value in element.attrib.values() if "$" in value
    ]
    ours = [value for value in variables if value in ("$brief", "$video", "$fps", "$strip")]
    assert sorted(ours) == ["$brief", "$fps", "$strip", "$video"]
    rest = [value for value in variables if value not in ours]
    assert rest
    assert all("$\u2060" in value for value in rest)


@pytest.mark.parametrize("name", ["$price", "a${b}", "$[0]", "bell\x07", "tab\there"])
def test_a_label_that_label_studio_would_change_is_refused(name: str) -> None:
    taxonomy = Taxonomy.parse(
        {"name": "odd", "version": 1, "layers": [{"labels": [{"name": name}]}]}
    )
    with pytest.raises(InputError, match="Rename it"):
        annotation_config(taxonomy, tolerance=3)


def test_a_dollar_that_stands_alone_is_a_label() -> None:
    taxonomy = Taxonomy.parse(
        {"name": "odd", "version": 1, "layers": [{"labels": [{"name": "5 $ note"}]}]}
    )
    assert _labels(annotation_config(taxonomy, tolerance=3), "segments") == ["5 $ note"]


def test_the_instructions_hold_no_markup_of_the_taxonomys() -> None:
    html = instructions_html(AWKWARD, tolerance=3)
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
