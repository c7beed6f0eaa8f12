"""Clips on the wire."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from services.domain.errors import InputError
from services.domain.multiview.layout import MAX_VIEWS
from services.domain.multiview.manifest import ViewSpec
from services.domain.workflow import ClipPurpose, ClipState, Stage
from services.tracker.core.fields import NameField, ObjectField
from services.tracker.core.roles import choices_of

MOST_CLIPS = 5000
ANY = "any"


SYNCS = ("auto", "timecode", "audio", "given")


class SourceField(serializers.RegexField):
    """Where a client's file is."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(r"^(file|s3)://\S", max_length=2000, **kwargs)


class GroupViewIn(serializers.Serializer):
    """One view of a group, and how it is to be put in its place in time."""

    name = NameField(max_length=100)
    source_uri = SourceField()
    sync = serializers.ChoiceField(SYNCS, default="auto")
    offset_s = NameField(max_length=64, required=False, allow_null=True, default=None)
    drift_ppm = NameField(max_length=64, default="0")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Hold it to what a manifest may say; numbers become exact ones."""
        given = {name: attrs[name] for name in ("sync", "offset_s", "drift_ppm")}
        try:
            return attrs | ViewSpec.parse(given).model_dump()
        except InputError as error:
            told = "; ".join(item["detail"] for item in error.errors) or error.detail
            raise serializers.ValidationError(told) from error


class GroupViewOut(GroupViewIn):
    """A view as it was found."""

    sha256 = serializers.CharField(allow_null=True)
    n_frames = serializers.IntegerField(allow_null=True)
    rate = serializers.CharField(allow_null=True)
    alignment = ObjectField(allow_null=True)
    frame_map = ObjectField(allow_null=True)


class ClipIn(serializers.Serializer):
    """A clip to register; its source is its identity within the project."""

    name = NameField()
    source_uri = SourceField()
    views = serializers.ListField(child=GroupViewIn(), max_length=MAX_VIEWS, default=list)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Tell the views of a group apart; the first is the clip's own source."""
        views = attrs["views"]
        if not views:
            return attrs
        first = views[0]
        if len(views) < 2 or first["source_uri"] != attrs["source_uri"]:
            raise serializers.ValidationError(
                {"views": "A group has two views or more; the first is the clip's own source."}
            )
        if first["offset_s"] is not None or first["sync"] != "auto":
            raise serializers.ValidationError(
                {"views": "The first view is the reference: it has neither offset_s nor sync."}
            )
        for key in ("name", "source_uri"):
            if len({view[key] for view in views}) < len(views):
                raise serializers.ValidationError({"views": f"Two views have the same {key}."})
        return attrs


class ClipsIn(serializers.Serializer):
    """Clips to register."""

    clips = serializers.ListField(child=ClipIn(), allow_empty=False, max_length=MOST_CLIPS)


class ClipRegistered(serializers.Serializer):
    """What became of one clip."""

    uid = serializers.UUIDField()
    name = serializers.CharField()
    created = serializers.BooleanField()


class ClipsRegistered(serializers.Serializer):
    """What became of all clips, in the order asked."""

    n_created = serializers.IntegerField()
    n_known = serializers.IntegerField()
    clips = ClipRegistered(many=True)


class ClipQuery(serializers.Serializer):
    """Which clips to list."""

    state = serializers.ChoiceField(choices_of(ClipState), required=False)
    due = serializers.ChoiceField(choices_of(Stage), required=False)
    held = serializers.BooleanField(required=False, allow_null=True, default=None)
    name = NameField(required=False)
    purpose = serializers.ChoiceField([*choices_of(ClipPurpose), (ANY, ANY)], default="work")


class ClipOut(serializers.Serializer):
    """A clip as managers and workers see it."""

    uid = serializers.UUIDField()
    project = serializers.CharField(source="project.slug")
    name = serializers.CharField()
    source_uri = serializers.CharField()
    purpose = serializers.ChoiceField(choices_of(ClipPurpose))
    state = serializers.ChoiceField(choices_of(ClipState))
    due = serializers.ChoiceField(choices_of(Stage), allow_null=True)
    held = serializers.BooleanField()
    round = serializers.IntegerField()
    n_frames = serializers.IntegerField(allow_null=True)
    rate = serializers.CharField(allow_null=True)
    sha256 = serializers.CharField(allow_null=True)
    reason = ObjectField(allow_null=True)
    taxonomy_version = serializers.IntegerField(
        source="taxonomy.version", allow_null=True, default=None
    )
    views = GroupViewOut(many=True)
    created_at = serializers.DateTimeField()
    changed_at = serializers.DateTimeField()


class ClipEventOut(serializers.Serializer):
    """One link of a clip's history."""

    seq = serializers.IntegerField()
    at = serializers.DateTimeField()
    actor = serializers.CharField()
    step = serializers.CharField()
    before = serializers.CharField(allow_null=True)
    after = serializers.CharField()
    round = serializers.IntegerField()
    payload = ObjectField()
    previous_hash = serializers.CharField()
    hash = serializers.CharField()
