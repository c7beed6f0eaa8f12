"""From an object to its project, from there to the lane's person, and to its author.

Each function returns the object or refuses in the words for something that does not exist.
"""

from labeling_bridge.guard.lanes import owns_lane
from labeling_bridge.guard.refusals import hide
from labeling_bridge.guard.visit import Visit


def must_own_lane(visit: Visit, project_id: int) -> None:
    """Refuse a project that is not the person's lane."""
    if not owns_lane(visit.user, project_id):
        hide()


def task_in_lane(visit: Visit, pk: int):
    """Return a task of the person's lane."""
    from tasks.models import Task

    task = Task.objects.filter(pk=pk).only("id", "project_id").first()
    if task is None:
        hide()
    must_own_lane(visit, task.project_id)
    return task


def annotation_of(visit: Visit, pk: int):
    """Return an annotation of the person's own, in the person's lane."""
    from tasks.models import Annotation

    annotation = Annotation.objects.filter(pk=pk, completed_by=visit.user.pk).first()
    if annotation is None:
        hide()
    task_in_lane(visit, annotation.task_id)
    return annotation


def draft_of(visit: Visit, pk: int):
    """Return a draft of the person's own, in the person's lane."""
    from tasks.models import AnnotationDraft

    draft = AnnotationDraft.objects.filter(pk=pk, user=visit.user.pk).first()
    if draft is None:
        hide()
    task_in_lane(visit, draft.task_id)
    return draft


def project_of_view(pk: int) -> int:
    """Return the project that a view belongs to."""
    from data_manager.models import View

    view = View.objects.filter(pk=pk).only("id", "project_id").first()
    if view is None:
        hide()
    return view.project_id
