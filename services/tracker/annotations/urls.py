"""Addresses of seats, answers and drafts."""

from __future__ import annotations

from django.urls import path

from services.tracker.annotations import api

urlpatterns = [
    path("assignments", api.AssignmentsView.as_view()),
    path("assignments/<uuid:uid>", api.AssignmentView.as_view()),
    path("assignments/<uuid:uid>/annotations", api.SubmissionsView.as_view()),
    path("annotations/<uuid:uid>", api.AnnotationView.as_view()),
    path("clips/<uuid:uid>/annotations", api.ClipAnnotationsView.as_view()),
    path("clips/<uuid:uid>/prelabels", api.ClipPrelabelsView.as_view()),
]
