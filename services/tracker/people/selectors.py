"""Who may know of whom."""

from __future__ import annotations

from django.db import connection
from django.db.models import Q, QuerySet
from django.utils import timezone

from services.domain.errors import NotFoundError
from services.tracker.core.roles import Role
from services.tracker.people.models import Token, User
from services.tracker.people.tokens import token_digest

BY_DIGEST = """
SELECT t.id, u.id, u.uid, u.username, u.role
FROM people_token t JOIN people_user u ON u.id = t.user_id
WHERE t.digest = %s AND t.revoked_at IS NULL AND t.expires_at > %s AND u.is_active
"""


def token_find(*, secret: str) -> Token | None:
    """Return the live token with its user; None if it is unknown, over, or its user inactive.

    By hand, because every request begins with it and the query costs less than its building.
    """
    with connection.cursor() as cursor:
        cursor.execute(BY_DIGEST, [token_digest(secret), timezone.now()])
        row = cursor.fetchone()
    if row is None:
        return None
    token, pk, uid, username, role = row
    user = User(pk=pk, uid=uid, username=username, role=role, is_active=True)
    user._state.adding = False
    return Token(pk=token, user=user)


def user_visible_to(*, user: User) -> QuerySet[User]:
    """Return the accounts a manager may know of: his own, those he made, and his projects'."""
    if user.role != Role.MANAGER:
        return User.objects.filter(pk=user.pk)
    return User.objects.filter(
        Q(pk=user.pk)
        | Q(created_by=user)
        | Q(memberships__project__in=user.memberships.values("project"))
    ).distinct()


def user_get(*, user: User, username: str) -> User:
    """Return one account, or raise NotFoundError."""
    found = user_visible_to(user=user).filter(username=username).first()
    if found is None:
        raise NotFoundError(f"There is no user {username!r} that you may see.")
    return found


def slugs_shared(*, user: User, people: list[User]) -> dict[int, list[str]]:
    """Return each person's projects, as far as the asking user shares them."""
    found: dict[int, list[str]] = {person.pk: [] for person in people}
    rows = (
        User.objects.filter(pk__in=found)
        .filter(Q(pk=user.pk) | Q(memberships__project__in=user.memberships.values("project")))
        .values_list("pk", "memberships__project__slug", "memberships__project")
        .order_by("memberships__project__slug")
    )
    own = set(user.memberships.values_list("project", flat=True))
    for pk, slug, project in rows:
        if project in own:
            found[pk].append(slug)
    return found
