"""Addresses of the inbox."""

from __future__ import annotations

from django.urls import path

from services.tracker.inbox import api

urlpatterns = [
    path("inbox", api.InboxView.as_view()),
    path("inbox/done", api.InboxDoneView.as_view()),
    path("inbox/label-studio", api.LabelStudioInboxView.as_view()),
]
