"""Is the process alive; can it serve."""

from __future__ import annotations

from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from services.domain.errors import TransientError
from services.tracker.core.problems import problem_response


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Answer as long as the process does."""
    return JsonResponse({"status": "alive"})


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Answer once the database is there and its tables are of this version."""
    executor = MigrationExecutor(connection)
    pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if pending:
        return problem_response(
            TransientError(
                f"{len(pending)} migrations are not applied yet; run 'manage.py migrate'."
            )
        )
    return JsonResponse({"status": "ready"})
