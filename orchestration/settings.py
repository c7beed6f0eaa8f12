"""Every setting of the worker side, one class a kind of process, read once at its start.

Names in the environment carry the prefix ``SEGUE_``. Secrets are files in one folder
(``SEGUE_SECRETS_DIR``), one value a file; an environment variable wins over its file, so that a
container platform may inject them its own way.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, Field, PositiveFloat, PositiveInt, SecretStr, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
)

ROOT = Path(__file__).resolve().parents[1]
DEFAULT_HOME = ROOT / ".segue"
# Label Studio knows people by e-mail address; these go nowhere (RFC 2606).
LABEL_STUDIO_DOMAIN = "segue.example"
Port = Annotated[int, Field(ge=1, le=65535)]


def secrets_folder() -> Path:
    """Return where this process finds its secret files."""
    home = Path(os.environ.get("SEGUE_HOME") or DEFAULT_HOME)
    return Path(os.environ.get("SEGUE_SECRETS_DIR") or home / "secrets").absolute()


class _Settings(BaseSettings):
    """Reads arguments, then the environment, then secret files."""

    model_config = SettingsConfigDict(env_prefix="SEGUE_", extra="ignore", frozen=True)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Look for secret files where the environment says, and only if the folder exists."""
        folder = secrets_folder()
        files = [SecretsSettingsSource(settings_cls, folder)] if folder.is_dir() else []
        return (init_settings, env_settings, *files)


def _secret(variable: str, file: str) -> Any:
    """Declare a secret that comes from a variable or from a file of another name."""
    return Field(validation_alias=AliasChoices(variable, file))


class WorkerSettings(_Settings):
    """What a flow needs, on whichever machine it runs."""

    tracker_url: str = "http://127.0.0.1:8210"
    tracker_token: SecretStr = _secret("SEGUE_TRACKER_TOKEN", "worker_token")
    label_studio_url: str = "http://127.0.0.1:8220"
    label_studio_token: SecretStr = _secret("SEGUE_LABEL_STUDIO_TOKEN", "label_studio_token")
    label_studio_domain: str = LABEL_STUDIO_DOMAIN
    links_key: SecretStr = _secret("SEGUE_LINKS_KEY", "links_key")
    webhook_secret: SecretStr = _secret("SEGUE_WEBHOOK_SECRET", "webhook_secret")
    storage_url: str = Field(
        default=str(DEFAULT_HOME / "storage"),
        description="A folder, or s3://bucket/prefix.",
    )
    s3_endpoint: str | None = None
    scratch: Path = Field(
        default=DEFAULT_HOME / "scratch",
        description="Where a training keeps its progress and a copy of its features.",
    )
    source_roots: tuple[Path, ...] = Field(
        default=(),
        description="Folders that file:// sources must lie in; none means any the worker can read.",
    )

    @field_validator("tracker_url", "label_studio_url")
    @classmethod
    def _without_trailing_slash(cls, value: str) -> str:
        return value.rstrip("/")


class FanOutSettings(_Settings):
    """How the clips of one run are spread; read when a flow is loaded, so without secrets."""

    task_runner: Literal["threads", "dask"] = "threads"
    clips_at_once: PositiveInt = 2
    dask_scheduler: str | None = Field(
        default=None, description="A cluster's address; one of this machine's own unless set."
    )
    dask_processes: bool = Field(
        default=True, description="Whether the own cluster's workers are processes of their own."
    )


class ClientSettings(_Settings):
    """How the command line reaches an installation, when it is not this machine's own."""

    token: SecretStr | None = Field(default=None, description="Acts for its holder.")
    tracker_url: str | None = None
    s3_endpoint: str | None = None


class StackSettings(_Settings):
    """The one-machine stack: where its state lies and which ports it takes."""

    home: Path = DEFAULT_HOME
    host: str = "127.0.0.1"
    database_url: SecretStr | None = Field(
        default=None,
        validation_alias="DATABASE_URL",
        description="A PostgreSQL server to use instead of one of our own.",
    )

    postgres_port: Port = 54320
    prefect_port: Port = 4210
    prefect_worker_port: Port = 4211
    tracker_port: Port = 8210
    label_studio_port: Port = 8220

    tracker_workers: PositiveInt = 2
    tracker_threads: PositiveInt = 4
    label_studio_workers: PositiveInt = 2
    label_studio_threads: PositiveInt = 4
    flow_runs_at_once: PositiveInt = Field(default_factory=lambda: max(2, os.cpu_count() or 2))
    work_pool: str = "cpu"
    gpu_pool: str = Field(
        default="cpu",
        description="Who pre-labels and trains; `gpu` where workers with one serve that pool.",
    )
    poll_s: PositiveFloat = Field(default=2.0, description="How often the worker looks for runs.")

    label_studio_venv: Path | None = Field(
        default=None, description="Label Studio's environment; <home>/label-studio-venv unless set."
    )
    label_studio_settings: str = "labeling_bridge.guard.settings"
    label_studio_domain: str = LABEL_STUDIO_DOMAIN
    prefect_file: Path = ROOT / "orchestration" / "prefect.yaml"

    start_timeout_s: PositiveFloat = 600.0
    health_interval_s: PositiveFloat = 5.0
    unhealthy_after: PositiveInt = Field(default=4, description="Failed checks before a restart.")

    @field_validator("home")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @field_validator("database_url")
    @classmethod
    def _empty_is_unset(cls, value: SecretStr | None) -> SecretStr | None:
        return value if value is not None and value.get_secret_value().strip() else None

    @property
    def label_studio_admin(self) -> str:
        """The service account's log-in name."""
        return f"service@{self.label_studio_domain}"

    @property
    def secrets(self) -> Path:
        """One file a secret, for nobody else to read."""
        return self.home / "secrets"

    @property
    def logs(self) -> Path:
        """One log a service."""
        return self.home / "logs"

    @property
    def run(self) -> Path:
        """What lives only while the stack runs."""
        return self.home / "run"

    @property
    def storage(self) -> Path:
        """Objects: proxies and releases."""
        return self.home / "storage"

    @property
    def label_studio_environment(self) -> Path:
        """The virtual environment Label Studio lives in."""
        return (self.label_studio_venv or self.home / "label-studio-venv").absolute()

    @property
    def prefect_url(self) -> str:
        """Prefect's address; its API is below ``/api``."""
        return f"http://{self.host}:{self.prefect_port}"

    @property
    def tracker_url(self) -> str:
        """The tracker's address."""
        return f"http://{self.host}:{self.tracker_port}"

    @property
    def label_studio_url(self) -> str:
        """Where annotators work."""
        return f"http://{self.host}:{self.label_studio_port}"
