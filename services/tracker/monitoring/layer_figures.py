"""The field's measures of a project's rounds, layer by layer, made of the sums alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from services.domain.metrics.layer_sums import LayerSums, figures_of
from services.tracker.monitoring.models import LayerMeasures
from services.tracker.projects.models import Project

Json = dict[str, Any]
_COLUMNS = ("taxonomy__version", "layer", "with_draft", "clip_group")
_AMOUNTS = ("n_pairs", "above", "below", "n_defined")
_Groups = list[tuple[int, LayerSums]]


def layers_measured(*, project: Project, taxonomy_version: int | None) -> list[Json]:
    """Measure each layer, of one taxonomy version or of all, drafts or not."""
    return [
        {"taxonomy_version": version, "layer": layer, **_measures(groups[True] + groups[False])}
        for (version, layer), groups in _layers(project, taxonomy_version)
    ]


def layers_by_draft(*, project: Project) -> list[Json]:
    """Measure each layer with drafts and without."""
    return [
        {
            "taxonomy_version": version,
            "layer": layer,
            "with_draft": _measures(groups[True]),
            "without_draft": _measures(groups[False]),
        }
        for (version, layer), groups in _layers(project, None)
    ]


def _layers(
    project: Project, taxonomy_version: int | None
) -> list[tuple[tuple[int, str], dict[bool, _Groups]]]:
    """Return the sums of each layer by draft, group by group."""
    rows = LayerMeasures.objects.filter(project=project, n_pairs__gt=0)
    if taxonomy_version is not None:
        rows = rows.filter(taxonomy__version=taxonomy_version)
    found: dict[tuple[int, str], dict[bool, _Groups]] = defaultdict(lambda: {True: [], False: []})
    # As plain values: there are some hundreds of rows a layer, and models cost more than they.
    for version, layer, with_draft, group, *amounts in rows.values_list(*_COLUMNS, *_AMOUNTS):
        sums = LayerSums(**dict(zip(_AMOUNTS, amounts, strict=True)))
        found[version, layer][with_draft].append((group, sums))
    return sorted(found.items())


def _measures(groups: Sequence[tuple[int, LayerSums]]) -> Json:
    return {
        "n_pairs": sum(sums.n_pairs for _, sums in groups),
        "figures": [row._asdict() for row in figures_of(groups)],
    }
