"""Plans of shards: drawn ones, small enough that seams fall everywhere, and written ones."""

from __future__ import annotations

from hypothesis import strategies as st

from services.domain.sharding.plan import Seam, ShardPlan


def plan_of(*seams: int, n_frames: int = 300, half: int = 10) -> ShardPlan:
    return ShardPlan(
        n_frames=n_frames, half_overlap=half, seams=tuple(Seam(frame=frame) for frame in seams)
    )


@st.composite
def plans(draw: st.DrawFn, *, n_frames: int = 60, tolerance: int = 0) -> ShardPlan:
    """Draw a plan whose overlaps are longer than two of a tolerance."""
    half = tolerance + draw(st.sampled_from([1, 1, 2, 3, 5, 8]))
    seams: list[int] = []
    frame = draw(st.integers(half, n_frames - half))
    while frame <= n_frames - half:
        seams.append(frame)
        frame += 2 * half + draw(st.sampled_from([0, 0, 1, 5, 12, 60]))
    return plan_of(*seams, n_frames=n_frames, half=half)
