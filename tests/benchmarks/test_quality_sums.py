"""Pages of quality over a million stored comparisons: sums against reading everything again.

The rows are made inside PostgreSQL from a few hundred real comparisons. The pages are asked for
over HTTP in process, by the manager's client; the recount is the command's own.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from django.core.wsgi import get_wsgi_application
from django.db import connection

from services.domain.canonical import canonical_json
from services.domain.segments import Segment
from services.tracker.core.roles import Role
from services.tracker.monitoring.recounting import sums_recount
from services.tracker.monitoring.services import comparison_record
from services.tracker.people.models import User
from services.tracker.projects.models import Project
from services.tracker.quality.models import Comparison
from tests import factories
from tests.benchmarks.figures import Figure, scaled, show, spread, times
from tests.service.play import Play

pytestmark = [pytest.mark.benchmark, pytest.mark.db, pytest.mark.timeout(7200)]
N = scaled(1_000_000, least=2_000)
N_LIVE = scaled(1_000, least=100)
N_TEMPLATES = 300
N_SEGMENTS = 6
FIRST_ID = 10_000_000
PAGES = ("quality", "quality_annotators", "quality_anchoring")
PAGE_LIMIT_MS = 200
AIM = 1000.0
N_LAYERS = 8
LABELS = ("pour", "stir")
PEOPLE = tuple(f"person-{number}" for number in range(20))

MAKE = [
    """
    INSERT INTO clips_clip (id, uid, project_id, name, source_uri, taxonomy_id, state, version,
        head, round, held, attempts, n_frames)
    SELECT %(first)s + i, gen_random_uuid(), %(project)s, 'clip-' || i, 'file:///many/' || i,
        %(taxonomy)s, 'accepted', 1, repeat('0', 64), 1, false, 0, 300
    FROM generate_series(1, %(n)s) AS i
    """,
    """
    INSERT INTO annotations_assignment (id, uid, clip_id, round, user_id, kind, state,
        shows_prelabel, findings)
    SELECT %(first)s + 2 * i + side, gen_random_uuid(), %(first)s + i, 1, people[1 + side],
        'annotation', 'closed', shows, '[]'
    FROM generate_series(1, %(n)s) AS i JOIN template ON place = i %% %(templates)s,
        generate_series(0, 1) AS side
    """,
    """
    INSERT INTO annotations_annotation (id, uid, assignment_id, label_studio_annotation,
        label_studio_updated_at, segments, sha256, note, lead_time_s, is_late)
    SELECT %(first)s + 2 * i + side, gen_random_uuid(), %(first)s + 2 * i + side, i, now(), '[]',
        repeat('0', 64), '', 30 + i %% 600, false
    FROM generate_series(1, %(n)s) AS i, generate_series(0, 1) AS side
    """,
    """
    INSERT INTO quality_comparison (id, uid, clip_id, round, x_id, y_id, document, policy_id,
        compared_at)
    SELECT %(first)s + i, gen_random_uuid(), %(first)s + i, 1, %(first)s + 2 * i,
        %(first)s + 2 * i + 1, document, %(policy)s, now() - make_interval(days => i %% 365)
    FROM generate_series(1, %(n)s) AS i JOIN template ON place = i %% %(templates)s
    """,
]


def opinion(rng: np.random.Generator) -> list[dict[str, Any]]:
    """Draw six segments near the same places, some of them missing."""
    return [
        Segment(
            label=LABELS[int(rng.random() < 0.5)],
            onset=10 + 45 * index + int(rng.integers(0, 6)),
            offset=40 + 45 * index + int(rng.integers(0, 6)),
        ).as_json()
        for index in range(N_SEGMENTS)
        if rng.random() < 0.95
    ]


def make_rows(project: Project, people: list[int], n: int) -> None:
    """Store n comparisons with their clips, seats and answers."""
    rng = np.random.default_rng(7)
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # keys are sound by making
        cursor.execute(
            "CREATE TEMP TABLE template (place int, document jsonb, people int[], shows bool)"
        )
        for place in range(N_TEMPLATES):
            pair = [people[int(i)] for i in rng.choice(len(people), 2, replace=False)]
            document = canonical_json(factories.comparison(opinion(rng), opinion(rng))).decode()
            cursor.execute(
                "INSERT INTO template VALUES (%s, %s, %s, %s)",
                [place, document, pair, bool(rng.random() < 0.8)],
            )
        values = {
            "first": FIRST_ID,
            "n": n,
            "templates": N_TEMPLATES,
            "project": project.pk,
            "taxonomy": project.taxonomy_id,
            "policy": project.policy_id,
        }
        for statement in MAKE:
            cursor.execute(statement, values)
        cursor.execute("SET session_replication_role = origin")
        cursor.execute("ANALYZE")


# A project of more layers: the same sums again, under other names.
MORE_LAYERS = """
    INSERT INTO monitoring_layermeasures (project_id, taxonomy_id, layer, with_draft, clip_group,
        n_pairs, above, below, n_defined)
    SELECT project_id, taxonomy_id, layer || ' ' || i, with_draft, clip_group,
        n_pairs, above, below, n_defined
    FROM monitoring_layermeasures, generate_series(2, %s) AS i
    """


def with_layers(n: int) -> None:
    """Let the project have so many layers instead of one."""
    with connection.cursor() as cursor:
        cursor.execute(MORE_LAYERS, [n])


def page_times(play: Play, n: int = 30) -> dict[str, list[float]]:
    """Ask for each page so many times; return the seconds."""
    return {
        page: [seconds(lambda page=page: getattr(play["lea"], page)("kitchen")) for _ in range(n)]
        for page in PAGES
    }


def seconds(call: Callable[[], Any]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def test_pages_cost_the_same_however_much_is_stored(transactional_db: None) -> None:
    with Play.begin(get_wsgi_application()) as play:
        for name in PEOPLE:
            play.enter(name, Role.ANNOTATOR)
        people = list(User.objects.filter(username__in=PEOPLE).values_list("pk", flat=True))
        project = Project.objects.get(slug="kitchen")
        made_s = seconds(lambda: make_rows(project, people, N))
        # Some are added as reports add them, the rest by the recount's own repair.
        live = [
            seconds(lambda row=row: comparison_record(comparison=row))
            for row in Comparison.objects.order_by("id")[:N_LIVE]
        ]
        repair_s = seconds(lambda: sums_recount(repair=True))
        before_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        began = time.perf_counter()
        found = sums_recount(repair=False)
        recount_s = time.perf_counter() - began
        grown_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - before_mib
        assert (found.n_comparisons, found.n_wrong) == (N, 0)
        assert play["lea"].quality("kitchen").overall.n_clips == N
        pages = page_times(play)
        with_layers(N_LAYERS)
        assert len(play["lea"].quality("kitchen").layers) == N_LAYERS
        of_layers = page_times(play)["quality"]
    slowest = max(float(np.percentile(found, 95)) for found in pages.values())
    show(
        f"Quality over {N} stored comparisons",
        [
            Figure(name="making the rows", value=f"{made_s:.0f} s"),
            spread("adding one comparison to the sums", live),
            Figure(name="first recount, with repair", value=f"{repair_s:.0f} s"),
            Figure(name="full recount", value=f"{recount_s:.0f} s ({N / recount_s:.0f}/s)"),
            Figure(name="memory a recount adds", value=f"{grown_mib:.0f} MiB"),
            *(spread(f"page {page}", found) for page, found in pages.items()),
            spread(f"page quality of {N_LAYERS} layers", of_layers),
            Figure(
                name="slowest page, p95",
                value=f"{slowest * 1000:.1f} ms",
                aim=f"below {PAGE_LIMIT_MS} ms",
                met=slowest * 1000 < PAGE_LIMIT_MS,
            ),
            times("page against recount", recount_s / slowest, least=AIM),
        ],
    )
