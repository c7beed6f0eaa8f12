"""What each process of the stack finds in its environment, and nothing else.

Secrets travel here and not in arguments, which every user of the machine can read. Nothing is
inherited but what is named: Label Studio also reads bare names such as HOST or PASSWORD.
"""

from __future__ import annotations

import os

from orchestration.local.databases import database_address
from orchestration.local.label_studio_venv import label_studio_package
from orchestration.local.secrets import read_secret
from orchestration.settings import ROOT, StackSettings

MARKER = "SEGUE_STACK_HOME"
INHERITED = ("PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH")
INHERITED_PREFIXES = ("SEGUE_", "AWS_", "SSL_CERT_", "OMP_", "CUDA_", "NVIDIA_")
NOT_INHERITED = (
    "SEGUE_DATABASE_URL",
    "SEGUE_SECRET_KEY",
    "SEGUE_LINKS_KEY",
    "SEGUE_WEBHOOK_SECRET",
    "SEGUE_TRACKER_TOKEN",
    "SEGUE_LABEL_STUDIO_TOKEN",
    "SEGUE_WORKER_TOKEN",
    "SEGUE_MANAGER_PASSWORD",
)
WORKER_HEARTBEAT_S = 30


def base(settings: StackSettings) -> dict[str, str]:
    """Return what every process gets; the marker tells later which processes are ours."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in INHERITED or (name.startswith(INHERITED_PREFIXES) and name not in NOT_INHERITED)
    }
    return kept | {
        MARKER: str(settings.home),
        "SEGUE_HOME": str(settings.home),
        "PYTHONUNBUFFERED": "1",
        "DO_NOT_TRACK": "1",
    }


def postgres(settings: StackSettings) -> dict[str, str]:
    """Return the server's environment; it needs no secret."""
    return base(settings) | {"LC_ALL": "C.UTF-8"}


def prefect_client(settings: StackSettings) -> dict[str, str]:
    """Return what lets a process speak to Prefect's API."""
    return base(settings) | {
        "PREFECT_HOME": str(settings.home / "prefect"),
        "PREFECT_API_URL": f"{settings.prefect_url}/api",
        "PREFECT_API_AUTH_STRING": read_secret(settings.secrets, "prefect_auth"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    }


def prefect_server(settings: StackSettings) -> dict[str, str]:
    """Return the server's environment: own database, basic auth, nobody told about it."""
    database = database_address(settings, "prefect")
    environment = prefect_client(settings)
    return environment | {
        "PREFECT_SERVER_DATABASE_CONNECTION_URL": database.url("prefect", driver="asyncpg"),
        "PREFECT_SERVER_API_AUTH_STRING": environment["PREFECT_API_AUTH_STRING"],
        "PREFECT_SERVER_API_HOST": settings.host,
        "PREFECT_SERVER_API_PORT": str(settings.prefect_port),
        "PREFECT_UI_API_URL": f"{settings.prefect_url}/api",
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
    }


def worker(settings: StackSettings) -> dict[str, str]:
    """Return the environment of the worker, which its flow runs inherit."""
    given = base(settings)
    return prefect_client(settings) | {
        "PREFECT_WORKER_QUERY_SECONDS": str(settings.poll_s),
        "PREFECT_WORKER_WEBSERVER_HOST": settings.host,
        "PREFECT_WORKER_WEBSERVER_PORT": str(settings.prefect_worker_port),
        "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": str(WORKER_HEARTBEAT_S),
        "PYTHONPATH": str(ROOT),
        "SEGUE_TRACKER_URL": settings.tracker_url,
        "SEGUE_LABEL_STUDIO_URL": settings.label_studio_url,
        "SEGUE_STORAGE_URL": given.get("SEGUE_STORAGE_URL", str(settings.storage)),
        "SEGUE_SECRETS_DIR": str(settings.secrets),
        "SEGUE_SCRATCH": given.get("SEGUE_SCRATCH", str(settings.home / "scratch")),
        "SEGUE_GPU_POOL": settings.gpu_pool,
    }


def tracker(settings: StackSettings) -> dict[str, str]:
    """Return the tracker's environment."""
    folder = settings.secrets
    given = base(settings)
    where = {} if "SEGUE_STORAGE_URL" in given else {"SEGUE_STORAGE_ROOT": str(settings.storage)}
    return (
        given
        | where
        | {
            "PYTHONPATH": str(ROOT),
            "DJANGO_SETTINGS_MODULE": "services.tracker.config.settings",
            "SEGUE_DATABASE_URL": database_address(settings, "segue").url("segue"),
            "SEGUE_SECRET_KEY": read_secret(folder, "django_secret_key"),
            "SEGUE_LINKS_KEY": read_secret(folder, "links_key"),
            "SEGUE_WEBHOOK_SECRET": read_secret(folder, "webhook_secret"),
            "SEGUE_LABEL_STUDIO_URL": settings.label_studio_url,
        }
    )


def tracker_first_run(settings: StackSettings) -> dict[str, str]:
    """Add what the tracker's preparation needs to make the first accounts."""
    folder = settings.secrets
    return tracker(settings) | {
        "SEGUE_WORKER_TOKEN": read_secret(folder, "worker_token"),
        "SEGUE_MANAGER_PASSWORD": read_secret(folder, "manager_password"),
    }


def label_studio(settings: StackSettings) -> dict[str, str]:
    """Return Label Studio's environment, with its package folder and our root to import from.

    Raises
    ------
    StackError
        When its virtual environment is not complete.
    """
    database = database_address(settings, "labelstudio")
    sslmode = database.options.get("sslmode")
    return (
        base(settings)
        | ({"PGSSLMODE": sslmode} if sslmode else {})
        | {
            "PYTHONPATH": os.pathsep.join((str(label_studio_package(settings)), str(ROOT))),
            "DJANGO_SETTINGS_MODULE": settings.label_studio_settings,
            "SECRET_KEY": read_secret(settings.secrets, "label_studio_secret_key"),
            "SEGUE_LINKS_KEY": read_secret(settings.secrets, "links_key"),
            "SEGUE_TRACKER_PUBLIC_URL": settings.tracker_url,
            "LABEL_STUDIO_HOST": settings.label_studio_url,
            "LABEL_STUDIO_BASE_DATA_DIR": str(settings.home / "label-studio"),
            "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
            "LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK": "true",
            "LABEL_STUDIO_SSRF_PROTECTION_ENABLED": "false",  # webhooks go to 127.0.0.1
            "COLLECT_ANALYTICS": "false",
            "LATEST_VERSION_CHECK": "false",
            "SENTRY_DSN": "",
            "FRONTEND_SENTRY_DSN": "",
            "FEATURE_FLAGS_OFFLINE": "true",
            "LOG_LEVEL": "WARNING",
            "DJANGO_DB": "default",
            "POSTGRE_NAME": "labelstudio",
            "POSTGRE_USER": database.user,
            "POSTGRE_PASSWORD": database.password,
            "POSTGRE_HOST": database.host,
            "POSTGRE_PORT": str(database.port),
        }
    )


def label_studio_first_run(settings: StackSettings) -> dict[str, str]:
    """Add what makes the service account; the running server must not keep it."""
    return label_studio(settings) | {
        "LABEL_STUDIO_USERNAME": settings.label_studio_admin,
        "LABEL_STUDIO_PASSWORD": read_secret(settings.secrets, "label_studio_admin_password"),
        "LABEL_STUDIO_USER_TOKEN": read_secret(settings.secrets, "label_studio_token"),
    }
