"""The field's measures on the wire, layer by layer."""

from __future__ import annotations

from rest_framework import serializers


class FigureOut(serializers.Serializer):
    """One of the field's measures over many pairs of opinions, named as `segue compare` does."""

    name = serializers.CharField()
    value = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    n = serializers.IntegerField(help_text="Pairs that had something to compare.")


class MeasuresOut(serializers.Serializer):
    """Pairs of blind opinions, the one of the older account first, on one layer."""

    n_pairs = serializers.IntegerField()
    figures = FigureOut(many=True)


class LayerMeasuresOut(MeasuresOut):
    """What the pairs come to on a layer."""

    taxonomy_version = serializers.IntegerField()
    layer = serializers.CharField()


class LayerAnchoringOut(serializers.Serializer):
    """What the pairs come to on a layer where they saw a draft, and where they did not."""

    taxonomy_version = serializers.IntegerField()
    layer = serializers.CharField()
    with_draft = MeasuresOut()
    without_draft = MeasuresOut()
