"""Projects are what their declared form says; applying it twice changes nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping

from django.db import transaction
from django.db.models import Max

from services.domain.errors import ConflictError, DuplicateError, InputError, NotFoundError
from services.domain.policy import Policy
from services.domain.taxonomy import Taxonomy
from services.domain.workflow import AssignmentState
from services.tracker.annotations.models import Assignment
from services.tracker.annotations.planning import held_clips_replan
from services.tracker.gold.planting import calibrations_plant
from services.tracker.gold.scoring import trials_go_on
from services.tracker.people.models import User
from services.tracker.people.selectors import user_visible_to
from services.tracker.projects.models import Membership, PolicyVersion, Project, TaxonomyVersion
from services.tracker.standing.services import standings_begin

SLUG = re.compile(r"^(?=.{1,64}$)[a-z0-9]+(?:[-_][a-z0-9]+)*$")


@transaction.atomic
def project_apply(
    *,
    actor: User,
    slug: str,
    title: str,
    policy: Policy,
    taxonomy: Taxonomy,
    members: Mapping[str, str],
) -> tuple[Project, bool]:
    """Make a project what its declared form says; return it and whether it is new.

    Raises
    ------
    NotFoundError
        If it is somebody else's.
    InputError
        If a member does not exist or has another role.
    DuplicateError
        If the labels changed under a version number that is taken.
    ConflictError
        If a person with unfinished work would be left out.
    """
    project, is_new = _project_open(actor=actor, slug=slug, title=title)
    _memberships_lock(project)
    _policy_apply(actor=actor, project=project, policy=policy)
    _taxonomy_apply(actor=actor, project=project, taxonomy=taxonomy)
    project.title = title
    project.save(update_fields=["title", "policy", "taxonomy"])
    _members_apply(actor=actor, project=project, members=members)
    trials_go_on(project=project)
    return project, is_new


def membership_add(*, project: Project, user: User, actor: User) -> None:
    """Let a person take part; clips that waited for people go on."""
    Membership.objects.get_or_create(project=project, user=user)
    standings_begin(project=project, people=[user], actor=actor.username)
    held_clips_replan(project=project)
    calibrations_plant(project=project)


def people_require_idle(*, people: list[User], project: Project | None = None) -> None:
    """Refuse to let people go whose seats nobody else could take.

    Raises
    ------
    ConflictError
        If one of them holds an open seat, in the project or (None) in any.
    """
    busy = Assignment.objects.filter(user__in=people).exclude(state=AssignmentState.CLOSED)
    if project is not None:
        busy = busy.filter(clip__project=project)
    if names := sorted(set(busy.values_list("user__username", flat=True))):
        raise ConflictError(
            f"{', '.join(names)} still hold open seats; keep them until their clips are decided.",
            code="member_busy",
        )


def _project_open(*, actor: User, slug: str, title: str) -> tuple[Project, bool]:
    if not SLUG.match(slug):
        raise InputError(
            f"{slug!r} cannot name a project: use lower-case letters and digits, joined by single "
            "hyphens or underscores, at most 64.",
            errors=[{"pointer": "/slug", "detail": "not a slug"}],
        )
    # Without the key: clips and seats of the project go on being made meanwhile.
    project, is_new = Project.objects.select_for_update(no_key=True).get_or_create(
        slug=slug, defaults={"title": title}
    )
    if is_new:
        Membership.objects.create(project=project, user=actor)
    elif not Membership.objects.filter(project=project, user=actor).exists():
        raise NotFoundError(f"There is no project {slug!r} that you may see.")
    return project, is_new


def _policy_apply(*, actor: User, project: Project, policy: Policy) -> None:
    versions = PolicyVersion.objects.filter(project=project)
    current = project.policy
    if current is None or current.hash != policy.hash:
        _policy_check(policy)
        last = versions.aggregate(last=Max("version"))["last"] or 0
        project.policy = PolicyVersion.objects.create(
            project=project,
            version=last + 1,
            document=policy.model_dump(mode="json"),
            hash=policy.hash,
            created_by=actor,
        )


def _policy_check(policy: Policy) -> None:
    """Refuse new rules that contradict each other; those that are in force stay."""
    try:
        policy.require_sound()
    except InputError as error:
        errors = [{**fault, "pointer": "/policy" + fault["pointer"]} for fault in error.errors]
        raise InputError(error.detail, errors=errors) from error


def _memberships_lock(project: Project) -> None:
    """Take all memberships before any clip, as a report does that ends a person's trial."""
    rows = Membership.objects.select_for_update(of=("self",)).filter(project=project)
    list(rows.order_by("pk").values_list("pk"))


def _taxonomy_apply(*, actor: User, project: Project, taxonomy: Taxonomy) -> None:
    current = project.taxonomy
    if current is not None and current.hash == taxonomy.hash:
        return
    if current is not None and taxonomy.version <= current.version:
        raise DuplicateError(
            f"The labels differ from taxonomy version {current.version} of {project.slug}, "
            f"which never changes; give the new ones version {current.version + 1} or higher."
        )
    project.taxonomy = TaxonomyVersion.objects.create(
        project=project,
        version=taxonomy.version,
        document=taxonomy.model_dump(mode="json"),
        hash=taxonomy.hash,
        created_by=actor,
    )


def _members_apply(*, actor: User, project: Project, members: Mapping[str, str]) -> None:
    wanted = _people(actor=actor, members=members)
    wanted[actor.username] = actor  # nobody locks himself out
    present = {
        row.user.username: row
        for row in Membership.objects.filter(project=project).select_related("user")
    }
    gone = [row.user for name, row in present.items() if name not in wanted]
    people_require_idle(people=gone, project=project)
    Membership.objects.filter(project=project, user__in=gone).delete()
    new = [user for name, user in wanted.items() if name not in present]
    Membership.objects.bulk_create([Membership(project=project, user=user) for user in new])
    if new:
        standings_begin(project=project, people=new, actor=actor.username)
        held_clips_replan(project=project)


def _people(*, actor: User, members: Mapping[str, str]) -> dict[str, User]:
    known = {
        user.username: user for user in user_visible_to(user=actor).filter(username__in=members)
    }
    faults = []
    for name, role in members.items():
        user = known.get(name)
        if user is None:
            faults.append((name, "there is no such user; add the account first"))
        elif user.role != role:
            faults.append((name, f"the account is for a {user.role}, not for a {role}"))
    if faults:
        raise InputError(
            "Some members cannot take part: "
            + "; ".join(f"{name}: {fault}" for name, fault in faults)
            + ".",
            errors=[{"pointer": f"/members/{name}", "detail": fault} for name, fault in faults],
        )
    return known
