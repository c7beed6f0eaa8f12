"""Accounts and their tokens."""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Now

from services.tracker.core.models import Row, one_of, word
from services.tracker.core.roles import Role


class User(Row, AbstractBaseUser):
    """A person or a machine; the role says what the account is for."""

    username = models.CharField(max_length=150, unique=True)
    role = word()
    is_active = models.BooleanField(default=True)
    created_by = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    last_login = None

    objects = BaseUserManager()

    USERNAME_FIELD = "username"

    class Meta:
        constraints = [one_of("role", Role, name="user_role")]

    def __str__(self) -> str:
        return self.username


class Token(models.Model):
    """A bearer token; who reads this table cannot use it."""

    digest = models.CharField(max_length=64, unique=True)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="tokens")
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"token of {self.user_id}"
