"""Addresses of decisions."""

from __future__ import annotations

from django.urls import path

from services.tracker.quality import api

urlpatterns = [path("clips/<uuid:uid>/decisions", api.ClipDecisionsView.as_view())]
