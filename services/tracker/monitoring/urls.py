"""Addresses of quality."""

from __future__ import annotations

from django.urls import path

from services.tracker.monitoring import api

urlpatterns = [
    path("projects/<slug:slug>/quality", api.QualityView.as_view()),
    path("projects/<slug:slug>/quality/annotators", api.AnnotatorQualityView.as_view()),
    path("projects/<slug:slug>/quality/anchoring", api.AnchoringView.as_view()),
    path("projects/<slug:slug>/quality/alarms", api.AlarmsView.as_view()),
    path("alarms/<uuid:uid>/reverse", api.AlarmReverseView.as_view()),
    path("projects/<slug:slug>/monitor", api.MonitorView.as_view()),
]
