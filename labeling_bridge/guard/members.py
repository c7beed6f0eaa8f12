"""People and their lanes: made by the service, one person a lane."""

from collections import defaultdict

from django.db import transaction
from organizations.models import Organization
from projects.models import Project, ProjectMember
from rest_framework.authtoken.models import Token
from tasks.models import Annotation, AnnotationDraft
from users.models import User

from labeling_bridge.guard.requests_of_staff import MemberRequest, UnacceptableError


@transaction.atomic
def member_set(wanted: MemberRequest, *, organization: Organization) -> tuple[dict, bool]:
    """Make the person and the memberships as wanted; a repeat changes nothing.

    Returns the person as `member_list` shows them, and whether they are new.
    """
    # The lock on the lanes makes two simultaneous requests for one lane wait for each other.
    lanes = list(Project.objects.select_for_update().filter(pk__in=wanted.projects).order_by("pk"))
    missing = sorted(set(wanted.projects) - {lane.pk for lane in lanes})
    if missing:
        raise UnacceptableError(422, f"There is no project {', '.join(map(str, missing))}.")
    user, created = _person(wanted, organization)
    _refuse_company(user, wanted.projects)
    mine = ProjectMember.objects.filter(user=user)
    if wanted.replace:
        mine.exclude(project__in=wanted.projects).delete()
    mine.filter(project__in=wanted.projects).update(enabled=True)
    present = set(mine.values_list("project", flat=True))
    ProjectMember.objects.bulk_create(
        ProjectMember(user=user, project=lane) for lane in lanes if lane.pk not in present
    )
    return _described([user])[0], created


def member_list(*, project: int | None = None) -> list[dict]:
    """Return everybody who is not staff, or those of one lane."""
    people = User.objects.filter(is_staff=False).order_by("pk")
    if project is not None:
        people = people.filter(
            project_memberships__project=project, project_memberships__enabled=True
        ).distinct()
    return _described(people)


def _person(wanted: MemberRequest, organization: Organization) -> tuple[User, bool]:
    user = User.objects.select_for_update().filter(email__iexact=wanted.email).first()
    created = user is None
    if user is None:
        user = User.objects.create_user(wanted.email, wanted.password)
        user.username = wanted.email.partition("@")[0]
    if user.is_staff or user.is_superuser:
        raise UnacceptableError(
            409, f"{wanted.email} is staff and sees every lane; use another person."
        )
    # Setting the same password again would end the person's sessions.
    if wanted.password and not user.check_password(wanted.password):
        user.set_password(wanted.password)
    for field in ("first_name", "last_name"):
        if getattr(wanted, field) is not None:
            setattr(user, field, getattr(wanted, field))
    organization.add_user(user)
    user.active_organization = organization
    user.save()
    # Label Studio gives everybody a token; people need none, and what is not there leaks nowhere.
    Token.objects.filter(user=user).delete()
    return user, created


def _refuse_company(user: User, projects: tuple[int, ...]) -> None:
    taken = (
        ProjectMember.objects.filter(project__in=projects, enabled=True, user__is_staff=False)
        .exclude(user=user)
        .values_list("project", flat=True)
    )
    annotated = (
        Annotation.objects.filter(project__in=projects, completed_by__is_staff=False)
        .exclude(completed_by=user)
        .values_list("project", flat=True)
    )
    drafted = (
        AnnotationDraft.objects.filter(task__project__in=projects, user__is_staff=False)
        .exclude(user=user)
        .values_list("task__project", flat=True)
    )
    others = sorted({*taken, *annotated, *drafted})
    if others:
        raise UnacceptableError(
            409, f"Lane {', '.join(map(str, others))} is another person's; a lane has one person."
        )


def _described(people) -> list[dict]:
    people = list(people)
    lanes: dict[int, list[int]] = defaultdict(list)
    memberships = ProjectMember.objects.filter(user__in=people, enabled=True)
    for user, project in memberships.order_by("project").values_list("user", "project"):
        lanes[user].append(project)
    return [
        {
            "id": user.pk,
            "email": user.email,
            "first_name": user.first_name,
            "last_name": user.last_name,
            "projects": lanes[user.pk],
        }
        for user in people
    ]
