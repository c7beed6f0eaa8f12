"""Addresses of near duplicates."""

from __future__ import annotations

from django.urls import path

from services.tracker.duplicates import api

urlpatterns = [
    path("projects/<slug:slug>/near-duplicates", api.NearDuplicatesView.as_view()),
    path("projects/<slug:slug>/near-duplicates/find", api.NearDuplicatesFindView.as_view()),
    path("clips/<uuid:uid>/near-duplicates", api.ClipNearDuplicatesView.as_view()),
]
