"""Addresses of the machines' work."""

from __future__ import annotations

from django.urls import path

from services.tracker.work import api

urlpatterns = [
    path("work/claim", api.WorkClaimView.as_view()),
    path("work/<uuid:uid>/heartbeat", api.WorkHeartbeatView.as_view()),
    path("work/<uuid:uid>/report", api.WorkReportView.as_view()),
]
