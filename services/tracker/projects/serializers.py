"""Projects on the wire."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from services.tracker.core.fields import NameField, ObjectField
from services.tracker.core.roles import MemberRole, choices_of
from services.tracker.people.names import is_username


class ProjectIn(serializers.Serializer):
    """A project's declared form."""

    title = NameField(max_length=200)
    policy = ObjectField()
    taxonomy = ObjectField()
    members = serializers.DictField(
        child=serializers.ChoiceField(choices_of(MemberRole)), required=False
    )

    def validate_members(self, members: dict[str, str]) -> dict[str, str]:
        """Refuse what can be no username before it reaches the database."""
        if odd := [name for name in members if not is_username(name)]:
            raise serializers.ValidationError({name[:150]: "not a username" for name in odd})
        return members


class ProjectOut(serializers.Serializer):
    """A project as it stands."""

    slug = serializers.CharField()
    title = serializers.CharField()
    policy = ObjectField(source="policy.document")
    policy_version = serializers.IntegerField(source="policy.version")
    taxonomy = ObjectField(source="taxonomy.document")
    taxonomy_version = serializers.IntegerField(source="taxonomy.version")
    members = serializers.SerializerMethodField()

    def get_members(self, project: Any) -> dict[str, str]:
        """Return the people with their roles."""
        members: dict[int, dict[str, str]] = self.context["members"]
        return members[project.pk]


class CountsField(serializers.DictField):
    """Numbers by name."""

    child = serializers.IntegerField()


class ProjectStatus(serializers.Serializer):
    """Counts for the manager."""

    states = CountsField()
    due = CountsField()
    claimable = CountsField()
    at_work = CountsField()
    held = serializers.IntegerField()
    seats = CountsField()


class TaxonomyOut(serializers.Serializer):
    """One version of a project's labels."""

    version = serializers.IntegerField()
    hash = serializers.CharField()
    document = ObjectField()
    created_at = serializers.DateTimeField()
