"""How much one media file may ask of us, and which of its video streams is meant.

One document for both sides of the fence: what is too large is refused with a sentence, and the
process that decodes cannot take more time or memory than stated here, whatever the file does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from services.domain.taxonomy import parse_document

StreamChoice = Literal["first", "largest"] | Annotated[int, Field(ge=0, strict=True)]
"""The first video stream, the one of most pixels, or a number among them, from 0."""


class MediaLimits(BaseModel):
    """What one file may be and may cost."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_bytes: int | None = Field(
        None, ge=1, strict=True, description="Size of the file; null: any."
    )
    max_pixels: int = Field(8192 * 4352, ge=1, strict=True, description="Pixels of a stored frame.")
    max_frames: int = Field(24 * 3600 * 60, ge=1, strict=True, description="Frames shown.")
    max_duration_s: int = Field(24 * 3600, ge=1, strict=True, description="Shown time.")
    max_damaged_share: float = Field(
        0.01,
        ge=0,
        le=1,
        description="Frames the decoder patched up; above, a file is corrupt. A packet that is cut "
        "off or missing makes it so by itself.",
    )
    timeout_s: float = Field(
        4 * 3600.0, gt=0, le=10**7, allow_inf_nan=False, description="Wall time of one file."
    )
    memory_bytes: int = Field(
        6 * 2**30,
        ge=2**28,
        le=2**50,
        strict=True,
        description="Address space of the decoding process, libraries (about 1 GiB) included.",
    )
    max_proxy_bytes: int = Field(
        20 * 2**30, ge=1, le=2**62, strict=True, description="Size of any file that is written."
    )

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Self:
        """Read a document of limits; raises InputError with one entry per faulty field."""
        return parse_document(cls, data, what="media limits")
