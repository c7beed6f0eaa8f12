"""How a client says that some files are views of one event: ``group.yaml`` beside them.

.. code-block:: yaml

    views:                # the first is the reference: its frames are the clip's
      - file: front.mp4
      - file: side.mp4    # sync: auto - by timecode where both have one, else by sound
      - file: top.mp4
        offset_s: 1.25    # its first frame was taken 1.25 s after the reference's
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from services.domain.multiview.alignment import MAX_DRIFT_PPM, MAX_OFFSET_S
from services.domain.multiview.layout import MAX_VIEWS
from services.domain.taxonomy import parse_document

MANIFEST = "group.yaml"

Sync = Literal["auto", "timecode", "audio", "given"]


def exact(value: object) -> object:
    """Return a number as the text that was most probably written: 1.1 is 11/10."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = repr(value)
    if isinstance(value, str):
        try:
            return str(Fraction(value.strip()))
        except (ValueError, ZeroDivisionError) as error:
            raise ValueError(f"{value!r} is no number such as 1.25 or 1001/30000") from error
    return value


def within(most: int) -> BeforeValidator:
    """Return a check that an exact number lies in [-most, most]."""

    def check(value: object) -> object:
        text = exact(value)
        if isinstance(text, str) and abs(Fraction(text)) > most:
            raise ValueError(f"{text} is outside -{most}..{most}")
        return text

    return BeforeValidator(check)


class ViewSpec(BaseModel):
    """How one view is to be put in its place."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sync: Sync = Field("auto", description="How its offset is found.")
    offset_s: Annotated[str, within(MAX_OFFSET_S)] | None = Field(
        None, description="Its first frame was taken so much after the reference's."
    )
    drift_ppm: Annotated[str, within(MAX_DRIFT_PPM)] = Field(
        "0", description="Millionths by which its clock runs fast; with offset_s only."
    )

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Self:
        """Read how a view is placed; raises InputError with one entry per faulty field."""
        return parse_document(cls, data, what="view of a group")

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        if self.offset_s is not None and self.sync not in ("auto", "given"):
            raise ValueError(f"offset_s is stated and sync is {self.sync!r}; leave one out")
        if self.offset_s is None and self.sync == "given":
            raise ValueError("sync 'given' needs offset_s")
        if self.offset_s is None and Fraction(self.drift_ppm):
            raise ValueError("drift_ppm goes with offset_s; timecode and sound find their own")
        return self


class ViewEntry(ViewSpec):
    """One file of a group."""

    file: str = Field(min_length=1, max_length=500)
    name: str | None = Field(None, min_length=1, max_length=100)

    @model_validator(mode="after")
    def _stays_in_its_folder(self) -> Self:
        path = PurePosixPath(self.file)
        if path.is_absolute() or ".." in path.parts:
            raise ValueError(f"{self.file!r} is not inside the manifest's folder")
        return self

    @property
    def called(self) -> str:
        """What people call it."""
        return self.name or PurePosixPath(self.file).stem


class GroupManifest(BaseModel):
    """The views of one clip, the reference first."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str | None = Field(None, min_length=1, max_length=500)
    views: list[ViewEntry] = Field(min_length=2, max_length=MAX_VIEWS)

    @model_validator(mode="after")
    def _tells_views_apart(self) -> Self:
        for what in ("file", "called"):
            values = [getattr(view, what) for view in self.views]
            twice = next((value for value in values if values.count(value) > 1), None)
            if twice is not None:
                raise ValueError(f"two views are {twice!r}")
        first = self.views[0]
        if first.offset_s is not None or first.sync != "auto":
            raise ValueError("the first view is the reference: it has neither offset_s nor sync")
        return self

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> Self:
        """Read a manifest; raises InputError with one entry per faulty field."""
        return parse_document(cls, data, what="group manifest")
