"""Addresses of releases."""

from __future__ import annotations

from django.urls import path

from services.tracker.releases import api

urlpatterns = [
    path("projects/<slug:slug>/releases", api.ProjectReleasesView.as_view()),
    path("releases", api.ReleasesView.as_view()),
    path("releases/<uuid:uid>", api.ReleaseView.as_view()),
    path("releases/<uuid:uid>/clips", api.ReleaseClipsView.as_view()),
    path("releases/<uuid:uid>/publish", api.ReleasePublishView.as_view()),
    path("releases/<uuid:uid>/fail", api.ReleaseFailView.as_view()),
    path("releases/<uuid:uid>/files/<path:path>", api.ReleaseFileView.as_view()),
]
