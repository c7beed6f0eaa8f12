"""What is odd about a source that has been read, and harmless to the frame index."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import numpy as np

from models.source import Source
from models.upright import HDR_TRANSFERS

# FFmpeg's numbers; where coding and showing order differ, the field that is shown first.
FIELD_ORDERS = {2: "top", 3: "bottom", 4: "bottom", 5: "top"}


def field_order(source: Source) -> str | None:
    """Return which field is shown first, or None where no decoded frame holds two."""
    if not source.seen.n_interlaced:
        return None
    return FIELD_ORDERS.get(int(source.stream.codec_context.field_order), "unknown")


def oddities(source: Source) -> Iterator[str]:
    """Yield a sentence for each thing that is odd and harmless to the frame index."""
    seen, stream = source.seen, source.stream
    if source.n_video_streams > 1:
        yield f"{source.n_video_streams} video streams; stream {stream.index} is used."
    if seen.n_discarded:
        yield f"{seen.n_discarded} stored frames are hidden by an edit list and not counted."
    if n_repeated := len(seen.places) - len(np.unique(np.asarray(seen.places))):
        yield f"An edit list shows {n_repeated} frames more than once; each showing is a frame."
    if seen.n_damaged:
        yield f"{seen.n_damaged} frames are damaged and were patched up by the decoder."
    if seen.n_interlaced:
        yield (
            f"{seen.n_interlaced} frames are interlaced; a frame is one index, not a field, and "
            "the proxy is deinterlaced."
        )
    if seen.n_size_changes:
        sizes = ", ".join(f"{w}x{h} from frame {k}" for (w, h), k in islice(seen.sizes.items(), 5))
        more = " and more" if len(seen.sizes) > 5 else ""
        yield (
            f"The picture changes size {seen.n_size_changes} times: {sizes}{more}. All frames are "
            "fitted into the first one's picture."
        )
    if len(seen.pix_fmts) > 1:
        yield f"The pixel format changes: {', '.join(seen.pix_fmts)}."
    if seen.color_trc in HDR_TRANSFERS:
        yield f"HDR ({HDR_TRANSFERS[seen.color_trc]}); the proxy is tone-mapped to BT.709."
    if seen.geometry and seen.geometry.rotation % 90:
        yield f"A rotation of {seen.geometry.rotation} degrees is no quarter turn; not applied."
