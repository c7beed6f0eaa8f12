"""Every address of the tracker."""

from __future__ import annotations

from pathlib import Path

import drf_spectacular_sidecar
from django.urls import include, path, re_path
from django.views.static import serve
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from services.tracker.core import health, problems
from services.tracker.files.views import signed_file

DOCS_FILES = Path(drf_spectacular_sidecar.__file__).parent / "static"
APPS = (
    "people",
    "projects",
    "clips",
    "work",
    "annotations",
    "quality",
    "monitoring",
    "standing",
    "gold",
    "drafts",
    "duplicates",
    "lanes",
    "inbox",
    "releases",
)

api = [path("", include(f"services.tracker.{app}.urls")) for app in APPS]

urlpatterns = [
    path("api/v1/", include(api)),
    path("api/v1/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/v1/docs/", SpectacularSwaggerView.as_view(url_name="schema")),
    # The pages of the documentation and nothing else: it works without the internet.
    re_path(
        r"^static/(?P<path>drf_spectacular_sidecar/[\w./-]+)$",
        serve,
        {"document_root": DOCS_FILES},
    ),
    path("files/<path:key>", signed_file),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
]

handler400 = problems.bad_request
handler404 = problems.not_found
handler500 = problems.server_error
