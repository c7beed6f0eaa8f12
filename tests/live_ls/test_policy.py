"""The policy table against the URLs of the pinned Label Studio."""

from __future__ import annotations

import pytest

from tests.live_ls.routes import Route
from tests.live_ls.server import LabelStudio

pytestmark = [pytest.mark.live_ls, pytest.mark.timeout(300)]

TABLE = """
from labeling_bridge.guard.policy import MEMBERS, OPEN
print(json.dumps([sorted({*OPEN, *MEMBERS}), sorted(set(OPEN) & set(MEMBERS))]))
"""

# Names behind which Label Studio has several addresses; everything else stands for one view.
KNOWN_TARGETS = {
    "core.utils.static_serve.serve": {"core.utils.static_serve.serve"},
    "core.views.serve_file": {"core.views.static_file_with_host_resolver.<locals>.serve_file"},
    "django.views.generic.base.RedirectView": {"django.views.generic.base.RedirectView"},
}
OWN = {"segue-health", "segue-media", "heidi_tips"}


@pytest.fixture(scope="module")
def table(label_studio: LabelStudio) -> list[tuple[str, str]]:
    lines, double = label_studio.run_inside(TABLE)
    assert double == []
    return [(name, method) for name, method in lines]


def test_every_name_resolves(table: list[tuple[str, str]], routes: list[Route]) -> None:
    """A version that renames a view would leave people without it; better to hear of it here."""
    names = {route.view_name for route in routes}

    assert sorted({name for name, _ in table} - names) == []


def test_every_name_stands_for_one_view(table: list[tuple[str, str]], routes: list[Route]) -> None:
    """Label Studio uses some names twice; such a name would open two doors."""
    for name in {name for name, _ in table}:
        targets = {route.target for route in routes if route.view_name == name}
        assert targets == KNOWN_TARGETS.get(name, targets)
        assert len(targets) == 1, (name, targets)
        if name in OWN:
            assert targets < {
                f"labeling_bridge.guard.views.{view}" for view in ("health", "media", "no_tips")
            }


def test_the_unnamed_redirect_is_the_icon_alone(routes: list[Route]) -> None:
    name = "django.views.generic.base.RedirectView"

    assert [route.form for route in routes if route.view_name == name] == ["/favicon.ico"]


def test_only_known_methods_stand_in_the_table(table: list[tuple[str, str]]) -> None:
    assert {method for _, method in table} == {"GET", "POST", "PATCH", "DELETE"}


def test_most_of_label_studio_is_shut(table: list[tuple[str, str]], routes: list[Route]) -> None:
    open_names = {name for name, _ in table}

    assert len({route.view_name for route in routes} - open_names) > 5 * len(open_names) / 2
