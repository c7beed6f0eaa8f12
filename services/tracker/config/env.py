"""The tracker's settings from outside, read once, when the process starts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, TypeVar
from urllib.parse import parse_qsl, unquote, urlsplit

from pydantic import Field, SecretStr, StringConstraints, ValidationError, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from services.tracker.people.names import LONGEST_USERNAME, USERNAME

PREFIX = "SEGUE_"
SCHEMES = ("postgres", "postgresql")

LongSecret = Annotated[SecretStr, Field(min_length=16)]


class FileSource(EnvSettingsSource):
    """Reads SEGUE_X from the file that SEGUE_X_FILE names, so that secrets stay out of lists."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Return the file's text without the newline at its end."""
        path = self.env_vars.get(f"{PREFIX}{field_name}_file".lower())
        if path is None:
            return None, field_name, False
        try:
            return Path(path).read_text(encoding="utf-8").rstrip("\r\n"), field_name, False
        except OSError as error:
            raise SystemExit(
                f"The tracker cannot start: {PREFIX}{field_name.upper()}_FILE names {path}, "
                f"which cannot be read ({error.strerror})."
            ) from error


class SegueEnv(BaseSettings):
    """Base of the tracker's settings; each name is prefixed with ``SEGUE_``."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="ignore", hide_input_in_errors=True
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let a value beat a file that names one, and both beat a folder of secrets."""
        return init_settings, env_settings, FileSource(settings_cls), file_secret_settings


class BootstrapEnv(SegueEnv):
    """What the bootstrap command must be told."""

    worker_token: Annotated[SecretStr, Field(min_length=32)]
    manager_username: Annotated[
        str, StringConstraints(pattern=USERNAME, max_length=LONGEST_USERNAME)
    ] = "manager"
    manager_password: SecretStr


class TrackerEnv(SegueEnv):
    """Everything that the tracker must be told to serve."""

    database_url: SecretStr
    secret_key: LongSecret
    links_key: LongSecret
    webhook_secret: LongSecret
    storage_root: Path | None = None
    storage_url: str | None = Field(None, pattern=r"^s3://[^/]+")
    s3_endpoint: str | None = None
    label_studio_url: Annotated[str, StringConstraints(pattern=r"^https?://[^/\s]+")]
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = ("127.0.0.1", "localhost")
    debug: bool = False
    log_json: bool = True

    @model_validator(mode="before")
    @classmethod
    def _lists_are_written_with_commas(cls, data: Any) -> Any:
        hosts = data.get("allowed_hosts") if isinstance(data, dict) else None
        if isinstance(hosts, str):
            return {**data, "allowed_hosts": [host.strip() for host in hosts.split(",") if host]}
        return data

    @model_validator(mode="after")
    def _storage_is_one_place(self) -> TrackerEnv:
        if (self.storage_root is None) == (self.storage_url is None):
            raise ValueError("set exactly one of SEGUE_STORAGE_ROOT and SEGUE_STORAGE_URL")
        return self

    @property
    def label_studio_origin(self) -> str:
        """Scheme, host and port, as a browser sends it."""
        parts = urlsplit(self.label_studio_url)
        return f"{parts.scheme}://{parts.netloc}"

    def database(self) -> dict[str, Any]:
        """Return Django's form of the database's address."""
        parts = urlsplit(self.database_url.get_secret_value())
        if parts.scheme not in SCHEMES or not parts.hostname or not parts.path.strip("/"):
            raise SystemExit(
                "The tracker cannot start: SEGUE_DATABASE_URL is not of the form "
                "postgresql://user:password@host:port/database."
            )
        return {
            "ENGINE": "django.db.backends.postgresql",
            "HOST": parts.hostname,
            "PORT": str(parts.port or 5432),
            "NAME": unquote(parts.path.lstrip("/")),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "OPTIONS": dict(parse_qsl(parts.query)),
            # A thread keeps its connection; one that broke is dropped after the request.
            "CONN_MAX_AGE": None,
            "DISABLE_SERVER_SIDE_CURSORS": False,
        }


_Env = TypeVar("_Env", bound=SegueEnv)


def read_env(form: type[_Env]) -> _Env:
    """Read settings, or end the process with one sentence that names what is wrong."""
    folder = SecretsFolder().secrets_dir
    try:
        return form(_secrets_dir=folder)
    except ValidationError as error:
        faults = "; ".join(_fault(fault) for fault in error.errors())
        raise SystemExit(f"The tracker cannot start: {faults}.") from None


class SecretsFolder(BaseSettings):
    """Where mounted secrets lie, one file a setting, as container platforms give them."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore")

    secrets_dir: Path | None = None


def _fault(fault: Any) -> str:
    name = PREFIX + "_".join(str(part) for part in fault["loc"]).upper()
    if not fault["loc"]:
        return str(fault["msg"]).removeprefix("Value error, ")
    if fault["type"] == "missing":
        return f"{name} (or {name}_FILE) is not set"
    return f"{name} is not usable ({fault['msg']})"
