"""Addresses of annotators' standings."""

from __future__ import annotations

from django.urls import path

from services.tracker.standing import api

urlpatterns = [
    path("projects/<slug:slug>/standings", api.StandingsView.as_view()),
    path("projects/<slug:slug>/standings/<str:username>", api.StandingView.as_view()),
    path("projects/<slug:slug>/standings/<str:username>/events", api.StandingEventsView.as_view()),
    path("standing-events/<uuid:uid>/reverse", api.StandingReverseView.as_view()),
]
