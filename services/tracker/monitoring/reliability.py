"""How reliable people are by the model of Dawid and Skene, from sums alone."""

from __future__ import annotations

from services.domain.monitoring.dawid_skene import Item, dawid_skene, merge_items
from services.tracker.monitoring.models import ConfusionSums, VoteSums
from services.tracker.monitoring.vocabulary import ReferenceKind
from services.tracker.projects.models import Project

MOST_STEPS = 200


def reliabilities(*, project: Project) -> dict[str, float]:
    """Return how often each person is right about what a thing is, by username.

    Two blind opinions are votes; answers to gold are votes on a known truth. Labels are those
    of the project's present taxonomy version.
    """
    votes = VoteSums.objects.filter(project=project, taxonomy=project.taxonomy_id, n__gt=0)
    known = ConfusionSums.objects.filter(
        project=project, taxonomy=project.taxonomy_id, reference=ReferenceKind.GOLD, n__gt=0
    )
    items = [
        Item(
            votes=(
                (row.user_a.username, row.label_a or None),
                (row.user_b.username, row.label_b or None),
            ),
            weight=row.n,
        )
        for row in votes.select_related("user_a", "user_b").order_by("id")
    ]
    items += [
        Item(
            votes=((row.user.username, row.answered_label or None),),
            truth=row.reference_label or None,
            is_known=True,
            weight=row.n,
        )
        for row in known.select_related("user").order_by("id")
    ]
    if not items:
        return {}
    found = dawid_skene(merge_items(items), max_steps=MOST_STEPS)
    return {name: found.accuracy(name) for name in sorted(found.confusion)}
