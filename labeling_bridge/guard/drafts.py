"""Drafts laid ready for a person: Label Studio's own API can only make them for the caller."""

from django.db import transaction
from tasks.models import AnnotationDraft, Task
from users.models import User

from labeling_bridge.guard.lanes import owns_lane
from labeling_bridge.guard.requests_of_staff import DraftRequest, UnacceptableError


@transaction.atomic
def draft_set(wanted: DraftRequest) -> tuple[dict, bool]:
    """Lay the draft ready, once: a draft the person has already begun is left alone.

    Returns the draft's id and place, and whether it is new.
    """
    task = Task.objects.select_for_update().filter(pk=wanted.task).first()
    if task is None:
        raise UnacceptableError(422, f"There is no task {wanted.task}.")
    user = User.objects.filter(email__iexact=wanted.email, is_staff=False).first()
    if user is None or not owns_lane(user, task.project_id):
        raise UnacceptableError(409, f"Task {wanted.task} is not in a lane of {wanted.email}.")
    draft = AnnotationDraft.objects.filter(task=task, user=user, annotation=None).first()
    created = draft is None
    if draft is None:
        draft = AnnotationDraft.objects.create(task=task, user=user, result=wanted.result)
    return {"id": draft.pk, "task": task.pk, "user": user.pk}, created
