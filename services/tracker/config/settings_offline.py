"""Settings for tools that never serve: type checks, migrations, the schema, the tests.

They name no database that exists; the tests put theirs in before the first connection.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr

from services.tracker.config.base import django_settings
from services.tracker.config.env import TrackerEnv

_NOT_A_SECRET = SecretStr("only-for-tools-that-never-serve")

SEGUE: TrackerEnv = TrackerEnv.model_construct(
    database_url=SecretStr("postgresql://offline@127.0.0.1:1/segue"),
    secret_key=_NOT_A_SECRET,
    links_key=_NOT_A_SECRET,
    webhook_secret=_NOT_A_SECRET,
    storage_root=Path("offline-storage"),
    storage_url=None,
    s3_endpoint=None,
    label_studio_url="http://label-studio.test",
    allowed_hosts=("127.0.0.1", "localhost", "testserver"),
    debug=False,
    log_json=False,
)
globals().update(django_settings(SEGUE))
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
