"""Accounts and tokens are made, changed and ended here."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.auth.hashers import check_password, make_password
from django.db import IntegrityError, transaction
from django.utils import timezone

from services.domain.errors import (
    DuplicateError,
    InputError,
    NotAllowedError,
    NotAuthenticatedError,
)
from services.tracker.core.roles import Role
from services.tracker.people.models import Token, User
from services.tracker.people.selectors import user_get
from services.tracker.people.tokens import token_digest, token_make
from services.tracker.projects.selectors import project_by_slug
from services.tracker.projects.services import membership_add, people_require_idle

LOGIN_TTL = timedelta(hours=12)
SHORTEST_PASSWORD = 10


@transaction.atomic
def user_create(
    *, actor: User, username: str, role: Role, password: str | None, projects: list[str]
) -> User:
    """Make an account.

    Raises
    ------
    NotAllowedError
        For a worker: whoever holds one sees every seat's work, so only bootstrap makes it.
    DuplicateError
        If the name is taken.
    NotFoundError
        If a project is not one of the manager's.
    """
    if role is Role.WORKER:
        raise NotAllowedError(
            "A worker sees everybody's work; only the bootstrap command makes one.",
            code="worker_reserved",
        )
    password_check(password)
    try:
        with transaction.atomic():
            user = User.objects.create(
                username=username,
                role=role,
                password=make_password(password),
                created_by=actor,
            )
    except IntegrityError as error:
        raise DuplicateError(f"The username {username!r} is taken; choose another.") from error
    for slug in sorted(projects):  # the locks of several projects in one order
        membership_add(project=project_by_slug(user=actor, slug=slug), user=user, actor=actor)
    return user


@transaction.atomic
def user_update(
    *,
    actor: User,
    username: str,
    password: str | None = None,
    is_active: bool | None = None,
) -> User:
    """Change an account's password or whether it may be used; either ends its tokens.

    Raises
    ------
    NotFoundError
        If the actor may not know of the account.
    NotAllowedError
        If it is another manager's or a worker's, or serves a project that is not the actor's.
    ConflictError
        If a person with unfinished work would be switched off.
    """
    user = user_get(user=actor, username=username)
    _require_below(actor=actor, user=user)
    password_check(password)
    if is_active is False:
        people_require_idle(people=[user])
    if password is not None:
        user.password = make_password(password)
    if is_active is not None:
        user.is_active = is_active
    user.save(update_fields=["password", "is_active"])
    if password is not None or is_active is False:
        Token.objects.filter(user=user, revoked_at=None).update(revoked_at=timezone.now())
    return user


def token_login(*, username: str, password: str) -> tuple[str, datetime]:
    """Give a token for a name and password.

    Raises
    ------
    NotAuthenticatedError
        The same words, after the same time, whatever was wrong.
    """
    user = User.objects.filter(username=username, is_active=True).first()
    if user is None:
        make_password(password)  # takes as long as looking at a stored one
    elif check_password(password, user.password):
        return token_issue(user=user, ttl=LOGIN_TTL)
    raise NotAuthenticatedError("The username or the password is wrong.", code="wrong_credentials")


def token_grant(*, actor: User, username: str, ttl: timedelta) -> tuple[str, datetime]:
    """Give somebody else's account a token: a client's program, for example.

    Raises
    ------
    NotFoundError
        If the actor may not know of the account.
    NotAllowedError
        If it is another manager's or a worker's, or serves a project that is not the actor's.
    """
    user = user_get(user=actor, username=username)
    _require_below(actor=actor, user=user)
    if not user.is_active:
        raise InputError(f"{username} is not active; activate the account first.")
    return token_issue(user=user, ttl=ttl)


def token_issue(*, user: User, ttl: timedelta) -> tuple[str, datetime]:
    """Make a token; only its hash stays here."""
    secret, expires_at = token_make(), timezone.now() + ttl
    Token.objects.create(digest=token_digest(secret), user=user, expires_at=expires_at)
    return secret, expires_at


def token_revoke(*, token: Token) -> None:
    """End a token; ending it twice is harmless."""
    Token.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now())


def password_check(password: str | None) -> None:
    """Refuse a password that is too short to be one; None makes an account without login."""
    if password is not None and len(password) < SHORTEST_PASSWORD:
        raise InputError(
            f"A password needs at least {SHORTEST_PASSWORD} characters.",
            errors=[{"pointer": "/password", "detail": "too short"}],
        )


def _require_below(*, actor: User, user: User) -> None:
    if user.pk != actor.pk and user.role in {Role.MANAGER, Role.WORKER}:
        raise NotAllowedError(f"{user.username} is a {user.role}; only they change themselves.")
    # Whoever acts for somebody sees what they see, in all of their projects.
    own = actor.memberships.values("project")
    if user.memberships.exclude(project__in=own).exists():
        raise NotAllowedError(
            f"{user.username} takes part in a project that is not yours as well; ask a manager of "
            "all of them.",
            code="shared_account",
        )
