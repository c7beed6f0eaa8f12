"""Addresses of clips."""

from __future__ import annotations

from django.urls import path

from services.tracker.clips import api

urlpatterns = [
    path("projects/<slug:slug>/clips", api.ClipsView.as_view()),
    path("clips/<uuid:uid>", api.ClipView.as_view()),
    path("clips/<uuid:uid>/events", api.ClipEventsView.as_view()),
    path("clips/<uuid:uid>/retry", api.ClipRetryView.as_view()),
    path("clips/<uuid:uid>/reopen", api.ClipReopenView.as_view()),
]
