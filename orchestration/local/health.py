"""Ask a service whether it is well."""

from __future__ import annotations

import httpx

from orchestration.local.databases import server_address
from orchestration.local.environments import prefect_client
from orchestration.local.postgres import find_binaries, is_ready
from orchestration.local.programs import Program
from orchestration.settings import StackSettings

ANSWER_S = 10.0


def is_healthy(settings: StackSettings, program: Program) -> bool:
    """Return whether it answers, and with 200."""
    if program.health_path is None:
        return is_ready(find_binaries(), server_address(settings))
    return _answers(f"http://{settings.host}:{program.port(settings)}{program.health_path}")


def has_work_pool(settings: StackSettings) -> bool:
    """Return whether Prefect knows the pool yet: its worker is healthy before it has made it."""
    prefect = prefect_client(settings)
    user, _, password = prefect["PREFECT_API_AUTH_STRING"].partition(":")
    url = f"{prefect['PREFECT_API_URL']}/work_pools/{settings.work_pool}"
    return _answers(url, auth=(user, password))


def _answers(url: str, *, auth: tuple[str, str] | None = None) -> bool:
    try:
        # No proxy from the environment: this is always our own machine.
        answer = httpx.get(url, auth=auth, timeout=ANSWER_S, follow_redirects=True, trust_env=False)
    except httpx.HTTPError:
        return False
    return answer.status_code == httpx.codes.OK
