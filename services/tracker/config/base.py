"""Django's settings as a function of ours."""

from __future__ import annotations

from typing import Any

from services.domain.standing import AnnotatorStanding
from services.domain.workflow import AssignmentState, ClipPurpose, ClipState, Stage
from services.tracker.config.env import TrackerEnv
from services.tracker.config.logs import configure_logs
from services.tracker.core.roles import (
    DecisionStatus,
    MemberRole,
    ReleaseState,
    Role,
    SeatKind,
    Verdict,
    choices_of,
)

API_VERSION = "1"
LARGEST_BODY_BYTES = 32 * 2**20
APPS = (
    "people",
    "projects",
    "clips",
    "annotations",
    "quality",
    "monitoring",
    "standing",
    "gold",
    "drafts",
    "duplicates",
    "work",
    "lanes",
    "releases",
    "inbox",
)


def django_settings(env: TrackerEnv) -> dict[str, Any]:
    """Return every name that Django shall find in its settings module."""
    return {
        "SEGUE": env,
        "SECRET_KEY": env.secret_key.get_secret_value(),
        "DEBUG": env.debug,
        "ALLOWED_HOSTS": list(env.allowed_hosts),
        "DATABASES": {"default": env.database()},
        "DEFAULT_AUTO_FIELD": "django.db.models.BigAutoField",
        "AUTH_USER_MODEL": "people.User",
        "INSTALLED_APPS": [
            "rest_framework",
            "drf_spectacular",
            "services.tracker.core",
            *(f"services.tracker.{app}" for app in APPS),
        ],
        "MIDDLEWARE": [
            "services.tracker.core.middleware.RequestMiddleware",
            "django.middleware.security.SecurityMiddleware",
        ],
        "TEMPLATES": [
            {"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}
        ],
        "ROOT_URLCONF": "services.tracker.config.urls",
        "WSGI_APPLICATION": "services.tracker.config.wsgi.application",
        "STATIC_URL": "/static/",
        # Bodies that are read at once; the API's own are streamed (LARGEST_BODY_BYTES).
        "DATA_UPLOAD_MAX_MEMORY_SIZE": 4 * 2**20,
        "APPEND_SLASH": False,
        "USE_TZ": True,
        "TIME_ZONE": "UTC",
        "USE_I18N": False,
        "SECURE_CROSS_ORIGIN_OPENER_POLICY": "same-origin",
        "LOGGING_CONFIG": None,
        "LOGGING": configure_logs(as_json=env.log_json),
        "REST_FRAMEWORK": _rest_framework(),
        "SPECTACULAR_SETTINGS": _spectacular(),
    }


def _rest_framework() -> dict[str, Any]:
    return {
        "DEFAULT_AUTHENTICATION_CLASSES": ["services.tracker.core.auth.BearerAuthentication"],
        "DEFAULT_PERMISSION_CLASSES": [],  # TrackerView asks every operation for its roles
        "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
        "DEFAULT_PAGINATION_CLASS": "services.tracker.core.pagination.IdPagination",
        "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
        "EXCEPTION_HANDLER": "services.tracker.core.problems.problem_handler",
        "UNAUTHENTICATED_USER": None,
        "UNAUTHENTICATED_TOKEN": None,
        # Who calls is who is connected: a caller can write anything into X-Forwarded-For.
        "NUM_PROXIES": 0,
        "COERCE_DECIMAL_TO_STRING": False,
    }


def _spectacular() -> dict[str, Any]:
    return {
        "TITLE": "Segue tracker",
        "DESCRIPTION": (
            "The only writer of state: projects, clips, work, annotations and releases. "
            "Errors are problem+json (RFC 9457) with a stable `code`; lists are paged by cursor."
        ),
        "VERSION": API_VERSION,
        "SERVE_INCLUDE_SCHEMA": False,
        "SERVE_PERMISSIONS": [],
        "SERVE_AUTHENTICATION": [],
        "SCHEMA_PATH_PREFIX": r"/api/v1",
        "COMPONENT_SPLIT_REQUEST": True,
        "SWAGGER_UI_DIST": "SIDECAR",
        "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
        "SWAGGER_UI_SETTINGS": {"persistAuthorization": False, "docExpansion": "list"},
        "POSTPROCESSING_HOOKS": [
            "drf_spectacular.hooks.postprocess_schema_enums",
            "services.tracker.core.schema.add_problems",
        ],
        "ENUM_NAME_OVERRIDES": {
            f"{vocabulary.__name__}Enum": choices_of(vocabulary)
            for vocabulary in (
                ClipState,
                ClipPurpose,
                Stage,
                AssignmentState,
                AnnotatorStanding,
                Role,
                MemberRole,
                SeatKind,
                Verdict,
                ReleaseState,
                DecisionStatus,
            )
        },
    }
