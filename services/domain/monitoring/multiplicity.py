"""Many figures at once: which of them may be called out, and how often that is wrong.

Conventions
-----------
A table of 20 people, 6 labels and 8 figures holds a thousand tests; at 5 % each, fifty would
be called out of nothing. :func:`select` therefore applies Benjamini and Hochberg's procedure
twice over the whole table: over *people*, each with one p-value made of all their tests
(Simes), and then within each person found, at the level reduced to the share of people found.

What is promised: the expected share of people named without cause among the people named is
at most the rate; likewise the expected share of false signals, averaged over the people
named. One pass over all tests would promise that of signals only: a person with a true fault
that shows in thirty figures would buy one or two false ones, and those fall on the innocent.

Benjamini and Hochberg's bound holds for independent and for positively dependent p-values,
Simes' likewise. A person's figures rest on the same clips, so they are positively dependent
for all practical purposes; late and early are therefore one two-sided test, never two.

References
----------
Simes, R. J. (1986). An improved Bonferroni procedure for multiple tests of significance.
    Biometrika 73, 751-754.
Benjamini, Y. and Hochberg, Y. (1995). Controlling the false discovery rate: a practical and
    powerful approach to multiple testing. JRSS B 57, 289-300.
Benjamini, Y. and Yekutieli, D. (2001). The control of the false discovery rate in multiple
    testing under dependency. Annals of Statistics 29, 1165-1188.
Benjamini, Y. and Bogomolov, M. (2014). Selective inference on multiple families of
    hypotheses. JRSS B 76, 297-318.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

_Family = TypeVar("_Family", bound=Hashable)


def benjamini_hochberg(p_values: Sequence[float]) -> NDArray[np.float64]:
    """Return adjusted p-values: reject where they are at most the rate.

    Parameters
    ----------
    p_values : sequence of float, shape (m,)
        In [0, 1], in any order.

    Returns
    -------
    ndarray, shape (m,)
        In the order given; at least the p-value, at most 1.
    """
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    scaled = p[order] * len(p) / np.arange(1, len(p) + 1)
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum.accumulate(scaled[::-1])[::-1]
    return adjusted


def simes(p_values: Sequence[float]) -> float:
    """Return one p-value for "none of these is anything", by Simes' procedure."""
    return float(benjamini_hochberg(p_values).min())


def select(
    families: Mapping[_Family, Sequence[float]], *, rate: float
) -> dict[_Family, NDArray[np.float64]]:
    """Choose the families, and what to call out within each.

    Parameters
    ----------
    families : mapping to sequence of float
        Each person's p-values; none may be empty.
    rate : float
        The false discovery rate promised, in (0, 1).

    Returns
    -------
    dict
        Adjusted p-values of the chosen families only: call out where at most the rate. Each
        chosen family has at least one.
    """
    names = list(families)
    of_family = benjamini_hochberg([simes(families[name]) for name in names])
    chosen = [name for name, p in zip(names, of_family, strict=True) if p <= rate]
    return {
        name: np.minimum(1.0, benjamini_hochberg(families[name]) * len(names) / len(chosen))
        for name in chosen
    }
