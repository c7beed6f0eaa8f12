"""A lane: one person's own Label Studio project for one taxonomy version.

Two people never share a lane, so whatever Label Studio shows inside a project is the
person's own. A lane's title and description name nobody but its person.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, Literal

from labeling_bridge.label_config import annotation_config, arbitration_config
from labeling_bridge.protocol import instructions_html
from services.domain.canonical import content_hash
from services.domain.taxonomy import Taxonomy

Kind = Literal["annotation", "arbitration"]

LONGEST_TITLE: Final = 50  # Label Studio's own limit
LOOK: Final = {"annotation": "#0072B2", "arbitration": "#D55E00"}
WEBHOOK_ACTIONS: Final = ("ANNOTATION_CREATED", "ANNOTATION_UPDATED")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """Whose project it is and what it is for; equal lanes are one project."""

    project: str
    taxonomy_version: int
    username: str
    kind: Kind

    @property
    def key(self) -> str:
        """What marks the project in Label Studio; it is found again by this."""
        digest = content_hash([self.project, self.taxonomy_version, self.username, self.kind])
        return f"segue-lane {digest[:16]}"

    @property
    def title(self) -> str:
        """What the person reads in the list of projects."""
        ending = f" v{self.taxonomy_version}"
        ending += " arbitration" if self.kind == "arbitration" else ""
        # The tail keeps titles of one long project apart for those who see them all.
        tail = f" {self.key[-4:]}"
        room = LONGEST_TITLE - len(ending) - len(tail)
        return f"{self.project[:room]}{ending}{tail}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """Where Label Studio sends its hints, and the secret that makes them ours."""

    url: str
    secret: str = field(repr=False)

    @property
    def headers(self) -> dict[str, str]:
        """The header by which the receiver knows the sender."""
        return {"X-Segue-Webhook-Secret": self.secret}


def lane_settings(lane: Lane, taxonomy: Taxonomy, *, tolerance: int) -> dict[str, Any]:
    """Return the Label Studio project as it shall be; ``tolerance`` is the policy's.

    No skipping: a skip would look like an answer to Label Studio and be none to us. The
    history of others' edits is off, drafts from predictions are on.
    """
    config = annotation_config if lane.kind == "annotation" else arbitration_config
    return {
        "title": lane.title,
        "description": lane.key,
        "color": LOOK[lane.kind],
        "label_config": config(taxonomy, tolerance=tolerance),
        "expert_instruction": instructions_html(taxonomy, tolerance=tolerance),
        "show_instruction": False,
        "show_skip_button": False,
        "enable_empty_annotation": True,
        "show_annotation_history": False,
        "show_collab_predictions": True,
        "reveal_preannotations_interactively": False,
        "maximum_annotations": 1,
        "sampling": "Sequential sampling",
    }
