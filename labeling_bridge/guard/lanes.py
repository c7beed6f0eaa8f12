"""Whose lane is whose.

A lane is a Label Studio project with exactly one person who is not staff. The rule is
enforced where it is read: a project that ever had two such people is nobody's lane, so a
mistake locks both out instead of showing one the work of the other.

Imports of Label Studio's models are local: Label Studio loads the mixins that use this
module while those models are still being defined.
"""

from django.db.models import Exists, OuterRef, QuerySet


def lane_ids(user) -> "QuerySet":
    """Return the ids of the projects that are this person's, as a subquery."""
    from projects.models import ProjectMember

    somebody_else = ProjectMember.objects.filter(
        project=OuterRef("project"), enabled=True, user__is_staff=False
    ).exclude(user=OuterRef("user"))
    return ProjectMember.objects.filter(
        ~Exists(somebody_else), user=user.pk, enabled=True
    ).values_list("project", flat=True)


def owns_lane(user, project_id) -> bool:
    """Tell whether the project is this person's lane."""
    return lane_ids(user).filter(project=project_id).exists()
