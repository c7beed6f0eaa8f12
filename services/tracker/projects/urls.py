"""Addresses of projects."""

from __future__ import annotations

from django.urls import path

from services.tracker.projects import api

urlpatterns = [
    path("projects", api.ProjectsView.as_view()),
    path("projects/<slug:slug>", api.ProjectView.as_view()),
    path("projects/<slug:slug>/status", api.ProjectStatusView.as_view()),
    path("projects/<slug:slug>/taxonomies", api.TaxonomiesView.as_view()),
    path("projects/<slug:slug>/taxonomies/<int:version>", api.TaxonomyView.as_view()),
]
