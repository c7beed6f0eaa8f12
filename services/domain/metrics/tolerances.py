"""The tolerances at which pairs are measured unless others are asked for.

Apart from the measures, because the command line names them before it needs those.
"""

TOLERANCES = (0, 1, 2, 3, 5, 10)
"""In frames, inclusive."""
