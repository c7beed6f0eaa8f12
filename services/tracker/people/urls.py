"""Addresses of accounts and tokens."""

from __future__ import annotations

from django.urls import path

from services.tracker.people import api

urlpatterns = [
    path("tokens", api.TokensView.as_view()),
    path("tokens/current", api.CurrentTokenView.as_view()),
    path("me", api.MeView.as_view()),
    path("users", api.UsersView.as_view()),
    path("users/<str:username>", api.UserView.as_view()),
    path("users/<str:username>/tokens", api.UserTokensView.as_view()),
]
