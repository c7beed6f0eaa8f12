"""Operations on pre-label models: for machines and managers, never for people who label."""

from __future__ import annotations

from rest_framework.response import Response

from services.tracker.core.requests import ApiRequest
from services.tracker.core.roles import STAFF, Role
from services.tracker.core.views import TrackerView, operation, plain, read_body, shown
from services.tracker.drafts import selectors, services
from services.tracker.drafts.serializers import (
    ModelIn,
    ModelNote,
    ModelOut,
    PromotionOut,
    TrainingClip,
    TrainingState,
)
from services.tracker.projects.selectors import project_by_slug


class TrainingSetView(TrackerView):
    """What models learn from."""

    @operation("training_clips", roles=[Role.WORKER], responses=TrainingClip(many=True))
    def get(self, request: ApiRequest, slug: str) -> Response:
        """List accepted clips under the project's labels, each with its side of the split."""
        project = project_by_slug(user=request.user, slug=slug)
        return self.page(
            selectors.training_rows(project=project, taxonomy=project.labels),
            lambda rows: shown(
                TrainingClip, selectors.training_clips(project=project, rows=rows), many=True
            ),
        )


class TrainingView(TrackerView):
    """How training stands."""

    @operation("training_state", roles=STAFF, responses=TrainingState)
    def get(self, request: ApiRequest, slug: str) -> Response:
        """Count what there is to learn from and what is new; name the model in use."""
        project = project_by_slug(user=request.user, slug=slug)
        return Response(shown(TrainingState, selectors.training_state(project=project)))


class ModelsView(TrackerView):
    """A project's models."""

    @operation("model_list", roles=STAFF, responses=ModelOut(many=True))
    def get(self, request: ApiRequest, slug: str) -> Response:
        """List models, the oldest first."""
        project = project_by_slug(user=request.user, slug=slug)
        return self.page(
            selectors.models_of(project=project), lambda rows: shown(ModelOut, rows, many=True)
        )

    @operation(
        "model_register",
        roles=[Role.WORKER],
        request=ModelIn,
        responses={200: ModelOut, 201: ModelOut},
    )
    def post(self, request: ApiRequest, slug: str) -> Response:
        """Keep a trained model; it takes over if it drafts better. Again returns the same."""
        body = read_body(ModelIn, request)
        # UIDs stay UIDs; what came as JSON is stored without the framework's wrappers.
        report = {**plain(body), "train": body["train"], "held_out": body["held_out"]}
        model, is_new = services.model_register(actor=request.user, slug=slug, report=report)
        return Response(shown(ModelOut, model), status=201 if is_new else 200)


class ModelView(TrackerView):
    """One model."""

    @operation("model_read", roles=STAFF, responses=ModelOut)
    def get(self, request: ApiRequest, slug: str, version: int) -> Response:
        """Show a model with its figures."""
        project = project_by_slug(user=request.user, slug=slug)
        return Response(shown(ModelOut, selectors.model_get(project=project, version=version)))


class ModelPromoteView(TrackerView):
    """A manager's word for a model."""

    @operation("model_promote", roles=[Role.MANAGER], request=ModelNote, responses=ModelOut)
    def post(self, request: ApiRequest, slug: str, version: int) -> Response:
        """Let a model draft from now on; again is harmless."""
        note = read_body(ModelNote, request)["note"]
        model = services.model_promote(actor=request.user, slug=slug, version=version, note=note)
        return Response(shown(ModelOut, model))


class ModelWithdrawView(TrackerView):
    """A manager's word against a model."""

    @operation("model_withdraw", roles=[Role.MANAGER], request=ModelNote, responses=ModelOut)
    def post(self, request: ApiRequest, slug: str, version: int) -> Response:
        """Put the model in use back to the one before, or to the cold start."""
        note = read_body(ModelNote, request)["note"]
        model = services.model_withdraw(actor=request.user, slug=slug, version=version, note=note)
        return Response(shown(ModelOut, model))


class PromotionsView(TrackerView):
    """How the model in use changed."""

    @operation("promotion_list", roles=STAFF, responses=PromotionOut(many=True))
    def get(self, request: ApiRequest, slug: str) -> Response:
        """List promotions and withdrawals, the oldest first."""
        project = project_by_slug(user=request.user, slug=slug)
        return self.page(
            selectors.promotions_of(project=project),
            lambda rows: shown(PromotionOut, rows, many=True),
        )
