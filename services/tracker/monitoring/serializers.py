"""Quality on the wire. Ratios over nothing are null, and so is an interval over too little."""

from __future__ import annotations

from rest_framework import serializers

from services.tracker.core.fields import NameField, ObjectField
from services.tracker.core.roles import choices_of
from services.tracker.monitoring.layer_serializers import LayerAnchoringOut, LayerMeasuresOut
from services.tracker.monitoring.vocabulary import ConsequenceKind, ReferenceKind, ReopenOutcome

LARGEST_VERSION = 2**31 - 1


class QualityQuery(serializers.Serializer):
    """Which figures of a project to show."""

    taxonomy_version = serializers.IntegerField(
        min_value=1,
        max_value=LARGEST_VERSION,
        required=False,
        allow_null=True,
        default=None,
        help_text=(
            "Only `labels` and `layers` are of this version; `overall`, `pairs` and `days` "
            "are of all."
        ),
    )
    days = serializers.IntegerField(min_value=1, max_value=3660, default=90)


class AnnotatorQuery(serializers.Serializer):
    """Whose figures to show, and against what."""

    reference = serializers.ChoiceField(choices_of(ReferenceKind), default=str(ReferenceKind.GOLD))
    username = NameField(max_length=150, required=False, allow_null=True, default=None)


class EstimateOut(serializers.Serializer):
    """A figure with its 95 % interval."""

    value = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)


class AgreementOut(serializers.Serializer):
    """What became of two blind opinions' segments; distances are in source frames."""

    n_clips = serializers.IntegerField()
    n_segments = serializers.IntegerField()
    n_agreed = serializers.IntegerField()
    n_alone = serializers.IntegerField()
    n_mislabelled = serializers.IntegerField()
    n_shifted = serializers.IntegerField()
    n_divided = serializers.IntegerField()
    agreement = EstimateOut()
    mean_onset_frames = serializers.FloatField(allow_null=True)
    mean_offset_frames = serializers.FloatField(allow_null=True)


class LabelAgreementOut(AgreementOut):
    """Agreement on one label."""

    taxonomy_version = serializers.IntegerField()
    layer = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment] # the column's name, not the form's


class PairAgreementOut(AgreementOut):
    """Agreement of two people."""

    username_a = serializers.CharField()
    username_b = serializers.CharField()


class DayAgreementOut(AgreementOut):
    """Agreement of the opinions compared on one day (UTC)."""

    day = serializers.DateField()


class QualityOut(serializers.Serializer):
    """How far blind opinions agree; but for `labels` and `layers`, over all taxonomies."""

    overall = AgreementOut()
    labels = LabelAgreementOut(many=True)
    layers = LayerMeasuresOut(many=True)
    pairs = PairAgreementOut(many=True)
    days = DayAgreementOut(many=True)


class BinOut(serializers.Serializer):
    """How many boundaries lay this many frames late (early below 0); the ends hold the rest."""

    frames = serializers.IntegerField()
    n = serializers.IntegerField()


class DeltasOut(serializers.Serializer):
    """Signed distances of one side's boundaries, in source frames; late is positive."""

    n = serializers.IntegerField()
    bias = EstimateOut()
    spread = serializers.FloatField(allow_null=True)
    median = serializers.FloatField(allow_null=True)
    deviation = serializers.FloatField(allow_null=True)
    late = EstimateOut()
    early = EstimateOut()
    histogram = BinOut(many=True)


class RangeOut(serializers.Serializer):
    """Between which shares."""

    low = serializers.FloatField()
    high = serializers.FloatField()


class ShareLimitsOut(serializers.Serializer):
    """What the others show, and between which shares 95 and 99.8 % of sound people are."""

    expected = serializers.FloatField()
    warning = RangeOut()
    action = RangeOut()


class FunnelOut(serializers.Serializer):
    """The limits of a person's shares; null where there is nothing or nobody to compare."""

    misses = ShareLimitsOut(allow_null=True)
    extras = ShareLimitsOut(allow_null=True)
    confusions = ShareLimitsOut(allow_null=True)


class LabelFiguresOut(serializers.Serializer):
    """One person on one label."""

    layer = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment] # the column's name, not the form's
    n_reference = serializers.IntegerField()
    n_answered = serializers.IntegerField()
    n_agreed = serializers.IntegerField()
    misses = EstimateOut()
    extras = EstimateOut()
    confusions = EstimateOut()
    recall = EstimateOut()
    precision = EstimateOut()
    funnel = FunnelOut()
    onset = DeltasOut()
    offset = DeltasOut()


class ConfusionCellOut(serializers.Serializer):
    """How often one label was given where the reference has the other; null: nothing."""

    layer = serializers.CharField()
    reference = serializers.CharField(allow_null=True)
    answered = serializers.CharField(allow_null=True)
    n = serializers.IntegerField()


class TimeOut(serializers.Serializer):
    """Seconds a clip; the typical one is the geometric mean."""

    n = serializers.IntegerField()
    mean_s = serializers.FloatField(allow_null=True)
    typical_s = EstimateOut()


class PersonFiguresOut(serializers.Serializer):
    """One person against the reference; reliability is the model's, at the last inspection."""

    username = serializers.CharField()
    reliability = serializers.FloatField(allow_null=True)
    time = TimeOut()
    labels = LabelFiguresOut(many=True)
    confusion = ConfusionCellOut(many=True)


class AnnotatorsOut(serializers.Serializer):
    """Everybody against the reference."""

    reference = serializers.ChoiceField(choices_of(ReferenceKind))
    people = PersonFiguresOut(many=True)


class DraftOut(serializers.Serializer):
    """What became of drafts' boundaries, and of those moved on purpose."""

    n_boundaries = serializers.IntegerField()
    n_flawed = serializers.IntegerField()
    n_probes = serializers.IntegerField()
    untouched = EstimateOut()
    flaws_kept = EstimateOut()
    probes_noticed = EstimateOut()


class PersonAnchoringOut(serializers.Serializer):
    """What drafts do to one person."""

    username = serializers.CharField()
    drafts = DraftOut()
    time_with_draft = TimeOut()
    time_without_draft = TimeOut()


class AnchoringOut(serializers.Serializer):
    """What drafts do to a project's people."""

    drafts = DraftOut()
    with_draft = AgreementOut()
    without_draft = AgreementOut()
    difference = EstimateOut()
    layers = LayerAnchoringOut(many=True)
    people = PersonAnchoringOut(many=True)


class SignalOut(serializers.Serializer):
    """A figure that stands out of everybody's; frames and shares as the sentence has them."""

    key = serializers.CharField()
    sentence = serializers.CharField()
    question = ObjectField()
    direction = serializers.CharField(allow_null=True)
    p_value = serializers.FloatField()
    adjusted = serializers.FloatField()
    value = serializers.FloatField()
    expected = serializers.FloatField()
    n_cases = serializers.IntegerField()
    n_clips = serializers.IntegerField()
    since_index = serializers.IntegerField()
    since_clip_name = serializers.CharField()
    last_sound_clip_name = serializers.CharField(allow_null=True)


class ReopenedClipOut(serializers.Serializer):
    """A clip that an alarm put in doubt."""

    clip_uid = serializers.UUIDField(source="clip.uid")
    name = serializers.CharField(source="clip.name")
    outcome = serializers.ChoiceField(choices_of(ReopenOutcome))
    at = serializers.DateTimeField()


class ConsequenceOut(serializers.Serializer):
    """What followed an alarm."""

    kind = serializers.ChoiceField(choices_of(ConsequenceKind))
    reason = serializers.CharField()
    since = serializers.DateTimeField(
        allow_null=True, help_text="Of reopen: answers after this are in doubt; null: all are."
    )
    clips = ReopenedClipOut(many=True, source="clips.all")
    made_at = serializers.DateTimeField()


class ReversalOut(serializers.Serializer):
    """That a manager took an alarm back."""

    actor = serializers.CharField(source="actor.username")
    note = serializers.CharField(allow_blank=True)
    outcome = ObjectField()
    reversed_at = serializers.DateTimeField()


class ConfirmationOut(serializers.Serializer):
    """That later answers alone bore an alarm out: the second look."""

    n_later = serializers.IntegerField(
        help_text="The person's gold answers since; 0: the rules came to want one look."
    )
    signals = SignalOut(many=True, help_text="Those of the alarm's that stood out again.")
    confirmed_at = serializers.DateTimeField()


class AlarmOut(serializers.Serializer):
    """What stood out about one person, and what followed."""

    uid = serializers.UUIDField()
    username = serializers.CharField(source="user.username")
    policy_version = serializers.IntegerField(source="inspection.policy.version")
    signals = SignalOut(many=True)
    consequences = ConsequenceOut(many=True, source="consequences.all")
    confirmation = ConfirmationOut(
        allow_null=True, source="borne_out", help_text="Null: later answers have not borne it out."
    )
    reversal = ReversalOut(allow_null=True, source="taken_back")
    raised_at = serializers.DateTimeField()


class AlarmNote(serializers.Serializer):
    """Why an alarm is taken back."""

    note = serializers.CharField(max_length=5000, allow_blank=True, default="")


class MonitorOut(serializers.Serializer):
    """What a run of the monitor came to."""

    is_new = serializers.BooleanField()
    n_people = serializers.IntegerField(source="inspection.n_people")
    n_clips = serializers.IntegerField(source="inspection.n_clips")
    n_alarms = serializers.IntegerField()
    n_reopened = serializers.IntegerField()
    inspected_at = serializers.DateTimeField(source="inspection.inspected_at")
