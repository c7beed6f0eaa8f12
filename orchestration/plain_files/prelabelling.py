"""What `segue prelabel` writes: a draft of each video, in the form that `segue compare` reads.

Each file is first ingested in a limited process, so that frames are the source's and a hostile
file kills only that process; the draft is made from the proxy, as in the pipeline.
"""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from models.isolated import ingest_isolated
from models.prelabel import Prelabel, extractor_for, load_model, propose
from models.refusal import MediaRefusedError
from services.domain.errors import ExternalError, InputError, StorageError
from services.domain.media_limits import MediaLimits, StreamChoice
from services.domain.segments import Segment
from services.domain.taxonomy import Taxonomy
from services.domain.timebase import Timebase

if TYPE_CHECKING:
    from models.features import Extractor
    from models.temporal.view import TemporalModel

N_LOOKS: Final = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one file: a draft, or why there is none."""

    path: Path
    n_segments: int = 0
    n_frames: int = 0
    code: str | None = None
    sentence: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Drafter:
    """What drafts are made with."""

    taxonomy: Taxonomy
    model: TemporalModel | None
    extractor: Extractor
    limits: MediaLimits
    stream: StreamChoice

    def draft(self, path: Path) -> tuple[Timebase, Prelabel]:
        """Ingest and draft one file; raises MediaRefusedError if it can never be labelled."""
        with tempfile.TemporaryDirectory(prefix="segue-prelabel-") as folder:
            proxy = Path(folder) / "proxy.mp4"
            done = ingest_isolated(path, proxy, limits=self.limits, stream=self.stream)
            draft = propose(
                proxy,
                n_frames=done.probe.n_frames,
                taxonomy=self.taxonomy,
                model=self.model,
                extractor=self.extractor,
            )
        return done.timebase, draft


def prepare(
    *,
    model: Path | None,
    features: Path | None,
    taxonomy: Taxonomy | None,
    limits: MediaLimits,
    stream: StreamChoice,
) -> Drafter:
    """Load what drafts are made with, before any video is touched.

    Raises
    ------
    InputError
        If a file is damaged, or model, features and taxonomy do not go together.
    """
    given: Extractor | None = None
    if features is not None:
        from models.external import ScriptFeatures

        given = ScriptFeatures(features)
    loaded = None if model is None else load_model(model)
    if loaded is not None and taxonomy is not None and loaded.taxonomy.hash != taxonomy.hash:
        from models.temporal.infer import named

        raise InputError(
            f"{model} was trained for {named(loaded.taxonomy)}, not for {named(taxonomy)}. Leave "
            "--taxonomy out, or train a model for these labels.",
            code="taxonomy_mismatch",
        )
    return Drafter(
        taxonomy=taxonomy or (loaded.taxonomy if loaded else looks_taxonomy()),
        model=loaded,
        extractor=extractor_for(loaded, given),
        limits=limits,
        stream=stream,
    )


def looks_taxonomy() -> Taxonomy:
    """Return labels for who has none: parts that look alike share one."""
    labels = [{"name": f"look-{number}"} for number in range(1, N_LOOKS + 1)]
    return Taxonomy.parse({"name": "looks", "version": 1, "layers": [{"labels": labels}]})


def draft_files(
    paths: Sequence[Path], drafter: Drafter, file: IO[str], tell: Callable[[Outcome], None]
) -> int:
    """Draft every file and write a line each; return how many have none.

    Raises
    ------
    InputError
        If not one file could be drafted (code ``nothing_drafted``), so that an output that is
        there already is not replaced by nothing.
    """
    n_without = 0
    for path, item in zip(paths, item_names(paths), strict=True):
        outcome = _draft(path, item, drafter, file)
        n_without += outcome.code is not None
        tell(outcome)
    if n_without == len(paths):
        raise InputError("No file could be drafted; nothing was written.", code="nothing_drafted")
    return n_without


def item_names(paths: Sequence[Path]) -> Iterator[str]:
    """Yield an item's name for each file: without its ending, unless two would be the same."""
    seen = Counter(path.stem for path in paths)
    for path in paths:
        yield path.stem if seen[path.stem] == 1 else str(path)


def _draft(path: Path, item: str, drafter: Drafter, file: IO[str]) -> Outcome:
    try:
        timebase, draft = drafter.draft(path)
    except (MediaRefusedError, ExternalError) as error:
        if isinstance(error, StorageError):
            raise
        return Outcome(path=path, code=error.code, sentence=error.detail)
    file.write(json.dumps(line_of(item, timebase, draft), allow_nan=False) + "\n")
    return Outcome(path=path, n_segments=len(draft.segments), n_frames=timebase.n_frames)


def line_of(item: str, timebase: Timebase, draft: Prelabel) -> dict[str, Any]:
    """Return one line's object; ``annotator`` is the model."""
    rate = timebase.rate
    return {
        "item": item,
        "fps": int(rate) if rate.denominator == 1 else str(rate),
        "n_frames": timebase.n_frames,
        "annotator": draft.model,
        "segments": [_span(segment) for segment in draft.segments],
        "details": draft.details,
    }


def _span(segment: Segment) -> dict[str, Any]:
    return {
        "label": segment.label,
        "start_frame": segment.onset,
        "end_frame": segment.offset,
        "layer": segment.layer,
        "score": segment.score,
        "onset_spread": segment.onset_spread,
        "offset_spread": segment.offset_spread,
    }
