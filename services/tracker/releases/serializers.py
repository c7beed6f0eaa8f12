"""Releases on the wire."""

from __future__ import annotations

from rest_framework import serializers

from services.tracker.core.fields import (
    HashField,
    KeyField,
    NameField,
    ObjectField,
    ObjectListField,
)
from services.tracker.core.roles import ReleaseState, choices_of
from services.tracker.work.serializers import LARGEST_BIGINT, LARGEST_INT

VERSION = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"
PATH = r"^[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*$"
MEDIA_TYPE = r"^[a-z]+/[A-Za-z0-9.+-]+(; ?charset=utf-8)?$"


class ReleaseIn(serializers.Serializer):
    """What to freeze under which version."""

    version = serializers.RegexField(VERSION, max_length=64)
    taxonomy_version = serializers.IntegerField(
        min_value=1, max_value=LARGEST_INT, required=False, allow_null=True, default=None
    )
    clips = serializers.ListField(
        child=serializers.UUIDField(),
        required=False,
        allow_null=True,
        default=None,
        allow_empty=False,
        max_length=100_000,
    )


class ReleaseFileIn(serializers.Serializer):
    """One file with where it is stored."""

    path = serializers.RegexField(PATH, max_length=300)
    sha256 = HashField()
    n_bytes = serializers.IntegerField(min_value=0, max_value=LARGEST_BIGINT)
    media_type = serializers.RegexField(MEDIA_TYPE, max_length=100)
    storage_key = KeyField()


class ReleasePublishIn(serializers.Serializer):
    """All files of a release."""

    files = serializers.ListField(child=ReleaseFileIn(), allow_empty=False, max_length=100_000)


class ReleaseFailIn(serializers.Serializer):
    """Why a release is given up."""

    fault = serializers.CharField(max_length=5000)


class ReleaseQuery(serializers.Serializer):
    """Which releases to list."""

    project = NameField(max_length=64, required=False)


class ReleaseFile(serializers.Serializer):
    """One file of a release."""

    path = serializers.CharField()
    sha256 = serializers.CharField()
    n_bytes = serializers.IntegerField()
    media_type = serializers.CharField()


class ReleaseOut(serializers.Serializer):
    """A release; its files are fetched from ``/releases/{uid}/files/{path}``."""

    uid = serializers.UUIDField()
    project = serializers.CharField(source="project.slug")
    version = serializers.CharField()
    state = serializers.ChoiceField(choices_of(ReleaseState))
    taxonomy_version = serializers.IntegerField(source="taxonomy.version")
    n_clips = serializers.IntegerField()
    files = ReleaseFile(many=True, source="files.all")
    created_at = serializers.DateTimeField()
    published_at = serializers.DateTimeField(allow_null=True)


class ReleaseClip(serializers.Serializer):
    """One accepted clip, frozen into a release."""

    clip_uid = serializers.UUIDField()
    name = serializers.CharField()
    sha256 = serializers.CharField()
    timebase = ObjectField()
    width = serializers.IntegerField()
    height = serializers.IntegerField()
    round = serializers.IntegerField()
    status = serializers.ChoiceField(["agreed", "arbitrated"])
    taxonomy_version = serializers.IntegerField()
    policy_hash = serializers.CharField()
    segments = ObjectListField()
    comparison = ObjectField(allow_null=True)
    opinions = serializers.ListField(child=ObjectListField())
