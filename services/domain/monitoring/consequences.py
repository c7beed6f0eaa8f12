"""What follows a signal, as the policy says: pure decisions, which the tracker carries out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
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
    look : str
        How often it was seen, as a sentence; empty where one look is enough.
    """

    person: str
    consequence: Consequence
    signals: tuple[Signal, ...]
    after_clip: str | None = None
    look: str = ""

    @property
    def reason(self) -> str:
        """What the audit trail says."""
        return " ".join(filter(None, (self.look, *(signal.sentence for signal in self.signals))))


def consequences(
    signals: Iterable[Signal],
    rules: Monitoring,
    *,
    standing: Mapping[str, Collection[str]] | None = None,
) -> tuple[Action, ...]:
    """Say what follows from signals that are seen for the first time.

    Parameters
    ----------
    signals : iterable of Signal
        What the judge named.
    rules : Monitoring
        Its ``consequences``, in the order in which they are to be carried out. Where two
        looks are wanted, the manager is told, and nothing else follows yet.
    standing : mapping of str to collection of str, optional
        Each person's signals (their ``key``) that were seen already and have not been
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
    is_enough = rules.looks == 1 or not rules.consequences
    kinds = rules.consequences if is_enough else TOLD
    look = "" if is_enough else SEEN_ONCE
    return tuple(action for causes in new.values() for action in _actions(causes, kinds, look=look))


def consequences_borne_out(
    signals: Iterable[Signal], rules: Monitoring, *, done: Collection[str], n_later: int
) -> tuple[Action, ...]:
    """Say what follows from signals of one person that later answers have borne out.

    Parameters
    ----------
    signals : iterable of Signal
        As the judge names them now; at least one.
    rules : Monitoring
        Its ``consequences``, but for those in ``done``.
    done : collection of str
        What followed the first look.
    n_later : int
        Gold answers of the person since the first look.
    """
    causes = sorted(signals, key=lambda signal: (signal.p_value, signal.key))
    kinds = [kind for kind in rules.consequences if kind not in done]
    answers = "gold answer" if n_later == 1 else "gold answers"
    look = BY_RULES if rules.looks == 1 else f"Borne out by {n_later} later {answers}."
    return tuple(_actions(causes, kinds, look=look))


TOLD: tuple[Consequence, ...] = ("notify",)
SEEN_ONCE = "Seen once; nothing else follows until later gold answers bear it out."
BY_RULES = "One look is enough by the rules as they are now."


def _actions(
    causes: Sequence[Signal], kinds: Iterable[Consequence], *, look: str
) -> Iterator[Action]:
    for kind in dict.fromkeys(kinds):
        yield Action(
            person=causes[0].person,
            consequence=kind,
            signals=tuple(causes),
            after_clip=_earliest(causes).last_sound_clip if kind == "reopen" else None,
            look=look,
        )


def _earliest(signals: Iterable[Signal]) -> Signal:
    return min(signals, key=lambda signal: signal.since_index)
