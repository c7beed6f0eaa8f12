"""Tier 1: whether an answer can be right at all; ``check`` is the way in."""
