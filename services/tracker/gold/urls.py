"""Addresses of known answers."""

from __future__ import annotations

from django.urls import path

from services.tracker.gold import api

urlpatterns = [
    path("projects/<slug:slug>/gold", api.GoldView.as_view()),
    path("projects/<slug:slug>/showings", api.ShowingsView.as_view()),
    path("gold/<uuid:uid>/withdraw", api.GoldWithdrawView.as_view()),
]
