"""Versions of rules, kept in memory: they never change once they are made (triggers)."""

from __future__ import annotations

from functools import lru_cache

from services.tracker.projects.models import PolicyVersion, Project, TaxonomyVersion

MOST = 1024


@lru_cache(maxsize=MOST)
def policy_version(pk: int) -> PolicyVersion:
    """Return a policy version; it is shared between threads and only read."""
    return PolicyVersion.objects.get(pk=pk)


@lru_cache(maxsize=MOST)
def taxonomy_version(pk: int) -> TaxonomyVersion:
    """Return a taxonomy version; it is shared between threads and only read."""
    return TaxonomyVersion.objects.get(pk=pk)


def rules_of(project: Project) -> PolicyVersion:
    """Return the policy that a project's work is handed out under."""
    return policy_version(project.policy_id) if project.policy_id else project.rules


def labels_of(project: Project) -> TaxonomyVersion:
    """Return the labels that a project's work is handed out under."""
    return taxonomy_version(project.taxonomy_id) if project.taxonomy_id else project.labels
