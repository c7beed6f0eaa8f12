"""Label Studio's settings with the guard around them.

Start Label Studio with ``DJANGO_SETTINGS_MODULE=labeling_bridge.guard.settings`` and both
Label Studio's package folder and Segue's root on PYTHONPATH.

The order of the imports is Label Studio's own need: ``base`` first, or its error reporter
fails to start when ``label_studio`` is imported.
"""

import os
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

# isort: off
from label_studio.core.settings.base import *  # noqa: F403
from label_studio.core.settings.label_studio import *  # noqa: F403
from label_studio.core.settings.label_studio import INSTALLED_APPS, MIDDLEWARE
# isort: on

from services.domain.links import SHORTEST_SECRET


def _required(name: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        raise ImproperlyConfigured(f"{name} is not set; the guard cannot start without it.")
    return value


SEGUE_LINKS_KEY = _required("SEGUE_LINKS_KEY")
if len(SEGUE_LINKS_KEY) < SHORTEST_SECRET:
    raise ImproperlyConfigured(f"SEGUE_LINKS_KEY needs at least {SHORTEST_SECRET} characters.")

SEGUE_TRACKER_PUBLIC_URL = _required("SEGUE_TRACKER_PUBLIC_URL").rstrip("/")
if urlsplit(SEGUE_TRACKER_PUBLIC_URL).scheme not in ("http", "https"):
    raise ImproperlyConfigured("SEGUE_TRACKER_PUBLIC_URL must start with http:// or https://.")

ROOT_URLCONF = "labeling_bridge.guard.urls"
INSTALLED_APPS = [*INSTALLED_APPS, "labeling_bridge.guard.apps.GuardConfig"]
# Last, so that it judges the request exactly as the view would get it.
MIDDLEWARE = [*MIDDLEWARE, "labeling_bridge.guard.middleware.GuardMiddleware"]

PROJECT_MIXIN = "labeling_bridge.guard.project_mixin.LaneProjectMixin"
ANNOTATION_MIXIN = "labeling_bridge.guard.annotation_mixin.OwnAnnotationMixin"
DATA_MANAGER_CHECK_ACTION_PERMISSION = "labeling_bridge.guard.actions.may_run_action"

# Whatever the environment says: a traceback page shows other people's rows.
DEBUG = False
DEBUG_MODAL_EXCEPTIONS = False
DEBUG_PROPAGATE_EXCEPTIONS = False
# Label Studio lets every site read answers; nobody but its own pages needs them.
CORS_ALLOW_ALL_ORIGINS = False
# People come in through POST /segue/members alone.
DISABLE_SIGNUP_WITHOUT_LINK = True
COLLECT_ANALYTICS = False
