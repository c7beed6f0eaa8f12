"""What the limited process of :mod:`models.ingest_job` does for groups of views."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.mosaic import Shot, make_mosaic
from models.opening import choose_video, open_media
from models.sound import write_sound
from models.timecode import timecode_of
from services.domain.hints import HintRules
from services.domain.media_limits import MediaLimits

if TYPE_CHECKING:
    from models.hints.observer import HintsObserver

Json = dict[str, Any]
SOUND = "sound.s16"


def find_timecode(request: Json, limits: MediaLimits, _scratch: Path) -> Json:
    """Return the timecode of a file's first frame, or None."""
    with open_media(Path(request["path"]), limits) as container:
        video, _ = choose_video(container, request["stream"])
        found = timecode_of(container, video)
    if found is None:
        return {"timecode": None}
    return {"timecode": {"frames": found.frames, "rate": str(found.rate), "is_drop": found.is_drop}}


def extract_sound(request: Json, limits: MediaLimits, scratch: Path) -> Json:
    """Write a file's sound into the scratch folder."""
    with open_media(Path(request["path"]), limits) as container:
        first_frame_s = Fraction(request["first_frame_s"])
        n_samples = write_sound(container, scratch / SOUND, first_frame_s=first_frame_s)
    return {"n_samples": n_samples}


def make_group_proxy(request: Json, limits: MediaLimits, scratch: Path) -> Json:
    """Make the picture of all views, and see what it shows if that is asked for."""
    hints = request["hints"]
    observer = None if hints is None else observer_of(HintRules.model_validate(hints))
    proxy, maps = make_mosaic(
        [Shot.from_json(shot) for shot in request["shots"]],
        Path(request["destination"]),
        height=request["height"],
        limits=limits,
        stream=request["stream"],
        observer=observer,
        scratch_folder=scratch,
    )
    return {
        "proxy": asdict(proxy),
        "maps": [found.as_json() for found in maps],
        "found": None if observer is None else observer.finish().as_json(),
    }


def observer_of(rules: HintRules) -> HintsObserver:
    """Make an observer; its libraries are loaded only where hints are asked for."""
    from models.hints.observer import HintsObserver

    return HintsObserver(rules)


GROUP_DEEDS: dict[str, Callable[[Json, MediaLimits, Path], Json]] = {
    "timecode": find_timecode,
    "sound": extract_sound,
    "mosaic": make_group_proxy,
}
