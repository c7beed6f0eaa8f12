"""Tier 2: two blind opinions side by side; ``compare`` is the way in, ``panel`` for more."""
