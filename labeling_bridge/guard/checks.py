"""The checks of the policy table: each follows one object to the person it belongs to.

A check returns nothing when the visit may go on and raises RefusedError otherwise. An object of
somebody else and an object that does not exist are refused alike.
"""

from labeling_bridge.guard.ownership import (
    annotation_of,
    draft_of,
    must_own_lane,
    project_of_view,
    task_in_lane,
)
from labeling_bridge.guard.refusals import forbid, hide
from labeling_bridge.guard.visit import Visit, whole_number

# ---- who ----------------------------------------------------------------------------------


def anybody(visit: Visit) -> None:
    """Open to the world: holds nothing of anybody."""


def logged_in(visit: Visit) -> None:
    """Open to every person: answers with that person's own rows only."""
    # The middleware has turned away whoever has no session.


# ---- which lane ---------------------------------------------------------------------------


def own_lane_in_path(visit: Visit) -> None:
    """`<pk>` is a project and it is the person's lane."""
    must_own_lane(visit, visit.number("pk"))


def own_lane_in_query(visit: Visit) -> None:
    """`?project=` is there and is the person's lane."""
    # Several views fall back to project 1 when it is missing.
    if visit.number_in_query("project") is None:
        hide()
    scope_of_query(visit)


def own_lane_or_view_in_query(visit: Visit) -> None:
    """`?project=` or `?view=` is there, and whatever is there is in the person's lane."""
    named = [visit.number_in_query(name) for name in ("project", "view")]
    if named == [None, None]:
        hide()
    scope_of_query(visit)


def scope_of_query(visit: Visit) -> None:
    """Every project, view and tab that the query names is in the person's lane."""
    project = visit.number_in_query("project")
    if project is not None:
        must_own_lane(visit, project)
    view = visit.number_in_query("view")
    if view is not None:
        must_own_lane(visit, project_of_view(view))
    # The page's own tabs may be unsaved and have names; the server reads none of those.
    tabs = [tab for tab in visit.query.getlist("tab") if tab.isdecimal()]
    for tab in tabs:
        must_own_lane(visit, project_of_view(whole_number(tab)))


# ---- which task, annotation, draft, view ---------------------------------------------------


def own_task(visit: Visit) -> None:
    """`<pk>` is a task in the person's lane."""
    task_in_lane(visit, visit.number("pk"))


def own_annotation(visit: Visit) -> None:
    """`<pk>` is an annotation in the person's lane, made by that person."""
    annotation_of(visit, visit.number("pk"))


def own_draft(visit: Visit) -> None:
    """`<pk>` is a draft in the person's lane, made by that person."""
    draft_of(visit, visit.number("pk"))


# ---- which writes --------------------------------------------------------------------------


def new_annotation(visit: Visit) -> None:
    """POST of an annotation to an own task, in one's own name."""
    task = task_in_lane(visit, visit.number("pk"))
    _only(visit, ANNOTATION_KEYS)
    _stay_in_place(visit, task)
    _same_author(visit)
    _own_references(visit, task)


def changed_annotation(visit: Visit) -> None:
    """PATCH of an own annotation that leaves it where and whose it is."""
    annotation = annotation_of(visit, visit.number("pk"))
    _only(visit, ANNOTATION_KEYS)
    _stay_in_place(visit, annotation.task)
    _same_author(visit)
    _own_references(visit, annotation.task)


def skipped_annotation(visit: Visit) -> None:
    """POST that takes an own skipped task up again; what was submitted is not taken back."""
    if not annotation_of(visit, visit.number("pk")).was_cancelled or visit.body:
        forbid()


def new_draft(visit: Visit) -> None:
    """POST of a draft to an own task (and annotation, where the path names one)."""
    task = task_in_lane(visit, visit.number("pk"))
    if "annotation_id" in visit.kwargs:
        annotation = annotation_of(visit, visit.number("annotation_id"))
        if annotation.task_id != task.pk:
            hide()
    _check_draft_body(visit, task)


def changed_draft(visit: Visit) -> None:
    """PATCH of an own draft that leaves it where and whose it is."""
    draft = draft_of(visit, visit.number("pk"))
    _check_draft_body(visit, draft.task)


def new_view(visit: Visit) -> None:
    """POST of a list of one's own lane: the page makes one when there is none."""
    own_lane_in_query(visit)
    _only(visit, VIEW_KEYS)
    if visit.body.get("project") is None:
        forbid()
    _must_equal(visit, "project", visit.number_in_query("project"))


def changed_view(visit: Visit) -> None:
    """PATCH of the look of an own list; not its owner, nor its stored filters by id."""
    view = visit.number("pk")
    project = project_of_view(view)
    must_own_lane(visit, project)
    _only(visit, VIEW_KEYS)
    _must_equal(visit, "id", view)
    _must_equal(visit, "project", project)


def next_task(visit: Visit) -> None:
    """POST of the one bulk action that serves the person's own next task."""
    own_lane_in_query(visit)
    if visit.query.getlist("id") != ["next_task"]:
        forbid()
    _only(visit, NEXT_TASK_KEYS)
    _must_equal(visit, "project", visit.number_in_query("project"))


def own_labels(visit: Visit) -> None:
    """The label links of the person's lane, followed no further than to the label."""
    own_lane_in_query(visit)
    if not set(visit.query) <= {"project", "expand", "from_name", "page", "page_size"}:
        forbid()
    if visit.query.getlist("expand") not in ([], ["label"]):
        forbid()


def own_tour(visit: Visit) -> None:
    """PATCH of how far the person went through a product tour."""
    _only(visit, {"name", "state", "interaction_data"})


def own_hotkeys(visit: Visit) -> None:
    """PATCH of the person's own hotkeys."""
    _only(visit, {"custom_hotkeys"})


# ---- what a body may hold ------------------------------------------------------------------

REFERENCE_KEYS = frozenset({"task", "project"})
ANNOTATION_KEYS = REFERENCE_KEYS | {
    "id",
    "result",
    "lead_time",
    "started_at",
    "was_cancelled",
    "draft_id",
    "parent_prediction",
    "parent_annotation",
    "completed_by",
    "ground_truth",
}
DRAFT_KEYS = REFERENCE_KEYS | {
    "id",
    "result",
    "lead_time",
    "started_at",
    "was_postponed",
    "annotation",
    "annotation_id",
    "draft_id",
    "parent_prediction",
    "parent_annotation",
    "user",
}
VIEW_KEYS = frozenset({"id", "project", "data"})
NEXT_TASK_KEYS = frozenset({"project", "interaction", "selectedItems", "ordering", "filters"})


def _check_draft_body(visit: Visit, task) -> None:
    _only(visit, DRAFT_KEYS)
    _stay_in_place(visit, task)
    _own_references(visit, task)
    for key in ("annotation", "annotation_id"):
        if visit.body.get(key) is not None:
            annotation = annotation_of(visit, whole_number(visit.body[key]))
            if annotation.task_id != task.pk:
                hide()
    _must_equal(visit, "user", visit.user.pk)


def _own_references(visit: Visit, task) -> None:
    from tasks.models import Prediction

    draft = visit.body.get("draft_id")
    if draft and draft_of(visit, whole_number(draft)).task_id != task.pk:
        hide()
    parent = visit.body.get("parent_annotation")
    if parent is not None and annotation_of(visit, whole_number(parent)).task_id != task.pk:
        hide()
    prediction = visit.body.get("parent_prediction")
    if (
        prediction is not None
        and not Prediction.objects.filter(pk=whole_number(prediction), task=task).exists()
    ):
        hide()


def _same_author(visit: Visit) -> None:
    _must_equal(visit, "completed_by", visit.user.pk)
    # A "ground truth" would take the mark off every other annotation of the task.
    if visit.body.get("ground_truth") not in (None, False):
        forbid()


def _stay_in_place(visit: Visit, task) -> None:
    _must_equal(visit, "task", task.pk)
    _must_equal(visit, "project", task.project_id)
    if "pk" in visit.kwargs and visit.method == "PATCH":
        _must_equal(visit, "id", visit.number("pk"))
    scope_of_query(visit)


def _only(visit: Visit, keys) -> None:
    if not set(visit.body) <= set(keys):
        forbid()


def _must_equal(visit: Visit, key: str, value: int) -> None:
    given = visit.body.get(key)
    if given is not None and whole_number(given) != value:
        forbid()
