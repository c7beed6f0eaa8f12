"""What follows a signal, as the policy says: pure decisions, which the tracker carries out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from services.domain.monitoring.signals import Signal
from services.domain.policy import Consequence, Monitoring


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One thing to be done about one person.

    Parameters
    ----------
    person : str
        About whom.
    consequence : "notify", "recalibrate", "pause" or "reopen"
        What is to be done.
    signals : tuple of Signal
        The new signals that are the cause, the strongest first.
    after_clip : str or None
        Reopen only: whatever the person did after this gold clip is in doubt; None means all
        since the records given begin. The earliest of the signals' change points decides.
    """

    person: str
    consequence: Consequence
    signals: tuple[Signal, ...]
    after_clip: str | None = None

    @property
    def reason(self) -> str:
        """What the audit trail says."""
        return " ".join(signal.sentence for signal in self.signals)


def consequences(
    signals: Iterable[Signal],
    rules: Monitoring,
    *,
    standing: Mapping[str, Collection[str]] | None = None,
) -> tuple[Action, ...]:
    """Say what follows from signals.

    Parameters
    ----------
    signals : iterable of Signal
        What the judge named.
    rules : Monitoring
        Its ``consequences``, in the order in which they are to be carried out.
    standing : mapping of str to collection of str, optional
        Each person's signals (their ``key``) that were acted on already and have not been
        settled since; they are not acted on again.

    Returns
    -------
    tuple of Action
        By person, in the policy's order; at most one of a kind for a person.
    """
    known = standing or {}
    new: defaultdict[str, list[Signal]] = defaultdict(list)
    for signal in sorted(signals, key=lambda signal: (signal.person, signal.p_value, signal.key)):
        if signal.key not in known.get(signal.person, ()):
            new[signal.person].append(signal)
    return tuple(
        Action(
            person=person,
            consequence=consequence,
            signals=tuple(causes),
            after_clip=_earliest(causes).last_sound_clip if consequence == "reopen" else None,
        )
        for person, causes in new.items()
        for consequence in dict.fromkeys(rules.consequences)
    )


def _earliest(signals: Iterable[Signal]) -> Signal:
    return min(signals, key=lambda signal: signal.since_index)
