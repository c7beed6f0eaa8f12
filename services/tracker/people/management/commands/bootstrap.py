"""Make the accounts that an installation starts with; running it again changes nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.auth.hashers import check_password, make_password
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from services.tracker.config.env import BootstrapEnv, read_env
from services.tracker.core.roles import Role
from services.tracker.people.models import Token, User
from services.tracker.people.services import SHORTEST_PASSWORD
from services.tracker.people.tokens import token_digest

WORKER = "worker"
WORKER_TOKEN_TTL = timedelta(days=3650)


class Command(BaseCommand):
    """Read SEGUE_WORKER_TOKEN and SEGUE_MANAGER_PASSWORD; see config/env.py."""

    help = "Create the service account 'worker' and the first manager; repeatable."

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        """Make what is missing and set what differs."""
        env = read_env(BootstrapEnv)
        worker = self._account(WORKER, Role.WORKER)
        self._worker_token(worker, env)
        manager = self._account(env.manager_username, Role.MANAGER)
        password = env.manager_password.get_secret_value()
        if len(password) < SHORTEST_PASSWORD:
            raise CommandError(
                f"SEGUE_MANAGER_PASSWORD needs at least {SHORTEST_PASSWORD} characters."
            )
        if not check_password(password, manager.password):
            manager.password = make_password(password)
            manager.save(update_fields=["password"])
        self.stdout.write(f"Accounts are ready: {WORKER}, {env.manager_username}.")

    def _account(self, username: str, role: Role) -> User:
        user, _ = User.objects.get_or_create(
            username=username, defaults={"role": role, "password": make_password(None)}
        )
        if user.role != role:
            raise CommandError(f"The account {username!r} exists and is a {user.role}.")
        return user

    def _worker_token(self, worker: User, env: BootstrapEnv) -> None:
        """Leave exactly one live worker token: a changed one replaces the old."""
        now = timezone.now()
        digest = token_digest(env.worker_token.get_secret_value())
        Token.objects.filter(user=worker, revoked_at=None).exclude(digest=digest).update(
            revoked_at=now
        )
        token, created = Token.objects.get_or_create(
            digest=digest, defaults={"user": worker, "expires_at": now + WORKER_TOKEN_TTL}
        )
        if not created:
            if token.user_id != worker.pk:
                raise CommandError("SEGUE_WORKER_TOKEN is somebody else's token.")
            token.revoked_at, token.expires_at = None, now + WORKER_TOKEN_TTL
            token.save(update_fields=["revoked_at", "expires_at"])
