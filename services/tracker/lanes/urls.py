"""Addresses of lanes."""

from __future__ import annotations

from django.urls import path

from services.tracker.lanes import api

urlpatterns = [
    path("lanes", api.LanesView.as_view()),
    path("lanes/<uuid:uid>/watermark", api.LaneWatermarkView.as_view()),
]
