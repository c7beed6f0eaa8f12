"""Addresses of pre-label models."""

from __future__ import annotations

from django.urls import path

from services.tracker.drafts import api

urlpatterns = [
    path("projects/<slug:slug>/training", api.TrainingView.as_view()),
    path("projects/<slug:slug>/training/clips", api.TrainingSetView.as_view()),
    path("projects/<slug:slug>/models", api.ModelsView.as_view()),
    path("projects/<slug:slug>/models/<int:version>", api.ModelView.as_view()),
    path("projects/<slug:slug>/models/<int:version>/promote", api.ModelPromoteView.as_view()),
    path("projects/<slug:slug>/models/<int:version>/withdraw", api.ModelWithdrawView.as_view()),
    path("projects/<slug:slug>/promotions", api.PromotionsView.as_view()),
]
