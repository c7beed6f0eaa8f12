"""Proof that the guard stands: every part of it is looked for, none is taken on trust."""

from django.conf import settings

MIDDLEWARE = "labeling_bridge.guard.middleware.GuardMiddleware"
URLS = "labeling_bridge.guard.urls"


def missing_parts() -> list[str]:
    """Return the parts of the guard that are not in force in this process."""
    from data_manager.api import ViewAPI
    from projects.api import ProjectAPI, ProjectCountsListAPI, ProjectListAPI
    from projects.models import Project
    from tasks.models import Annotation
    from users.api import UserAPI

    from labeling_bridge.guard.annotation_mixin import OwnAnnotationMixin
    from labeling_bridge.guard.narrowing import is_narrowed
    from labeling_bridge.guard.project_mixin import LaneProjectMixin

    lists = (ProjectListAPI, ProjectCountsListAPI, ProjectAPI, ViewAPI, UserAPI)
    in_force = {
        "middleware": settings.MIDDLEWARE[-1] == MIDDLEWARE,
        "urls": settings.ROOT_URLCONF == URLS,
        "projects": issubclass(Project, LaneProjectMixin),
        "annotations": issubclass(Annotation, OwnAnnotationMixin),
        "lists": all(is_narrowed(view) for view in lists),
        "actions": settings.DATA_MANAGER_CHECK_ACTION_PERMISSION.startswith("labeling_bridge."),
        "debug_off": not (settings.DEBUG or settings.DEBUG_MODAL_EXCEPTIONS),
    }
    return [part for part, active in in_force.items() if not active]
