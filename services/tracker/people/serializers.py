"""Accounts and tokens on the wire."""

from __future__ import annotations

from rest_framework import serializers

from services.tracker.core.fields import NameField
from services.tracker.core.roles import Role, choices_of
from services.tracker.people.names import LONGEST_USERNAME, USERNAME


class TokenIn(serializers.Serializer):
    """A name and a password."""

    username = NameField(max_length=150)
    password = serializers.CharField(max_length=500, trim_whitespace=False)


class TokenGrantIn(serializers.Serializer):
    """How long the token shall work."""

    ttl_h = serializers.IntegerField(min_value=1, max_value=24 * 366)


class TokenOut(serializers.Serializer):
    """A new token, shown this once."""

    token = serializers.CharField()
    expires_at = serializers.DateTimeField()


class UserIn(serializers.Serializer):
    """A person."""

    username = serializers.RegexField(USERNAME, max_length=LONGEST_USERNAME)
    role = serializers.ChoiceField(choices_of(Role))
    password = serializers.CharField(
        max_length=500, trim_whitespace=False, allow_null=True, required=False
    )
    projects = serializers.ListField(child=NameField(max_length=64), required=False, max_length=100)


class UserPatchIn(serializers.Serializer):
    """What may change about a person; a role never does."""

    password = serializers.CharField(max_length=500, trim_whitespace=False, required=False)
    is_active = serializers.BooleanField(required=False)


class UserOut(serializers.Serializer):
    """A user without secrets."""

    uid = serializers.UUIDField()
    username = serializers.CharField()
    role = serializers.ChoiceField(choices_of(Role))
    is_active = serializers.BooleanField()
    projects = serializers.SerializerMethodField()

    def get_projects(self, user: object) -> list[str]:
        """Return the projects that the asking user shares with this one."""
        shared: dict[int, list[str]] = self.context["projects"]
        return shared[user.pk]  # type: ignore[attr-defined]
