"""Segue's own few addresses in front of Label Studio's."""

from core.urls import urlpatterns as label_studio
from django.urls import path

from labeling_bridge.guard import views

urlpatterns = [
    path("segue/health", views.health, name="segue-health"),
    path("segue/members", views.members, name="segue-members"),
    path("segue/drafts", views.drafts, name="segue-drafts"),
    path("segue/media/<str:token>", views.media, name="segue-media"),
    # Label Studio's view fetches marketing texts from the internet for up to 5 s a page.
    path("heidi-tips/", views.no_tips, name="heidi_tips"),
    *label_studio,
]
