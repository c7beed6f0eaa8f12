"""Every format that a release can be written in, by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from services.domain.formats import activitynet, jsonl
from services.domain.formats.records import Exporter

FORMATS: Final[Mapping[str, Exporter]] = MappingProxyType(
    {exporter.name: exporter for exporter in (jsonl.EXPORTER, activitynet.EXPORTER)}
)
