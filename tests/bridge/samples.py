"""The taxonomy and clips that the bridge's tests share."""

from __future__ import annotations

from fractions import Fraction

from labeling_bridge.tasks import Clip
from services.domain.comparison.compare import compare
from services.domain.comparison.disputes import Comparison
from services.domain.policy import Policy
from services.domain.segments import Segment, Segmentation
from services.domain.taxonomy import Taxonomy

COFFEE = Taxonomy.parse(
    {
        "name": "coffee",
        "version": 1,
        "layers": [
            {
                "name": "main",
                "labels": [
                    {
                        "name": "pour",
                        "start_trigger": "Liquid leaves the spout.",
                        "stop_trigger": "The stream breaks.",
                        "includes": ["pouring milk", "a stream that thins"],
                        "excludes": ["dripping after the stop"],
                        "examples": ["kettle → cup"],
                        "min_frames": 5,
                        "onset_tolerance": 2,
                        "offset_tolerance": 6,
                        "followed_by": ["stir"],
                    },
                    {
                        "name": "stir",
                        "start_trigger": "The spoon touches the liquid.",
                        "max_frames": 200,
                        "color": "#123456",
                        "hotkey": "s",
                    },
                ],
            }
        ],
    }
)

# Everything that a hasty template would break on: markup, quotes, variables, other scripts.
AWKWARD = Taxonomy.parse(
    {
        "name": "awkward",
        "version": 3,
        "layers": [
            {
                "name": "main",
                "complete": True,
                "labels": [
                    {
                        "name": "stir “fast” & <slow> 'x' \"y\"",
                        "start_trigger": "costs $5, $brief, ${video}",
                        "stop_trigger": "a\nline break\tand a tab </Panel>",
                        "excludes": ["<script>alert(1)</script>"],
                    },
                    {"name": "größer/容器 🍵", "includes": ["نص عربي"]},
                ],
            },
            {
                "name": "hands",
                "exclusive": False,
                "labels": [{"name": "left", "hotkey": "a"}, {"name": "right"}],
            },
        ],
    }
)

CLIP = Clip(
    name="pour_01",
    proxy_key="proxies/ab/abcdef-360p.mp4",
    rate=Fraction(25),
    n_frames=300,
    strip_key="strips/ab/abcdef.svg",
)


def seg(label: str, onset: int, offset: int, layer: str = "main") -> Segment:
    return Segment(label=label, onset=onset, offset=offset, layer=layer)


def comparison(x: list[Segment], y: list[Segment], taxonomy: Taxonomy = COFFEE) -> Comparison:
    a, b = (Segmentation.of(segments, n_frames=300) for segments in (x, y))
    return compare(a, b, taxonomy=taxonomy, policy=Policy.parse({}))
