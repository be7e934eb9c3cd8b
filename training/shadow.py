"""A shadow's choices beside the champion's on the same decisions: how often they differ, and where."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import orjson
from numpy.typing import NDArray

from features.ledger import Ledger
from features.record import DECISION
from training.dataset import DecisionLogFrame
from training.encoding import Floats


@dataclass(frozen=True, slots=True)
class Shadowed:
    """One decision that a challenger shadowed.

    Parameters: `bundle`, the challenger's; `chosen` and `would`, what the champion and the challenger chose; `moved`,
    the share of probability that lies elsewhere under the challenger; `eligible`, its P(takes rank 1) by action.
    """

    decision_id: str
    bundle: str
    placement: str
    chosen: str
    would: str
    moved: float
    eligible: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Differing:
    """Decisions, at how many of them challenger and champion chose differently, and how much probability moved."""

    decisions: int
    differing: int
    moved: float

    @property
    def share(self) -> float:
        """Of the decisions."""
        return self.differing / self.decisions


@dataclass(frozen=True, slots=True)
class Differences:
    """How a challenger differs.

    Parameters: `by_action`, what the champion chose; `swaps`, (champion's, challenger's, decisions), most first.
    """

    overall: Differing
    by_placement: Mapping[str, Differing]
    by_action: Mapping[str, Differing]
    swaps: Sequence[tuple[str, str, int]]


def read_shadowed(ledger: Ledger, *, bundle: str | None = None) -> list[Shadowed]:
    """The decisions that a challenger shadowed, in order.

    Parameters: `bundle`, the challenger's version; None takes the one that shadowed last.
    """
    found = [each for each in map(_shadowed, _decisions(ledger)) if each is not None]
    wanted = bundle or (found[-1].bundle if found else "")
    return [each for each in found if each.bundle == wanted]


def _decisions(ledger: Ledger) -> Iterable[Mapping[str, object]]:
    return (orjson.loads(record.body)["decision"] for record in ledger.records(0, kinds=[DECISION]))


def _shadowed(decision: Mapping[str, object]) -> Shadowed | None:
    shadow, champion = decision.get("shadow"), decision["eligible"]
    if not isinstance(shadow, dict) or not isinstance(champion, dict):
        return None
    asked, chances = str(decision["decision_id"]), shadow["eligible"]
    moved = sum(abs(chances.get(name, 0.0) - champion.get(name, 0.0)) for name in {*chances, *champion}) / 2
    where, chosen = str(decision["placement"]), str(decision["chosen"])
    return Shadowed(asked, shadow["bundle"], where, chosen, shadow["chosen"], moved, chances)


def differences(shadowed: Sequence[Shadowed]) -> Differences:
    """How often they differ, by placement and by the action that the champion chose."""
    swaps = Counter((each.chosen, each.would) for each in shadowed if each.chosen != each.would)
    return Differences(
        overall=_differing(shadowed),
        by_placement=_by(shadowed, "placement"),
        by_action=_by(shadowed, "chosen"),
        swaps=[(*pair, n) for pair, n in sorted(swaps.items(), key=lambda item: (-item[1], item[0]))],
    )


def _by(shadowed: Sequence[Shadowed], what: str) -> dict[str, Differing]:
    names = sorted({getattr(each, what) for each in shadowed})
    return {name: _differing([each for each in shadowed if getattr(each, what) == name]) for name in names}


def _differing(shadowed: Sequence[Shadowed]) -> Differing:
    moved = sum(each.moved for each in shadowed) / max(len(shadowed), 1)
    return Differing(len(shadowed), sum(each.chosen != each.would for each in shadowed), moved)


def shadow_policy(frame: DecisionLogFrame, shadowed: Sequence[Shadowed]) -> tuple[NDArray[np.bool_], Floats]:
    """The challenger as a target policy on the decisions of a frame that it shadowed.

    Returns which rows (n,), and P(action) on those (n_shadowed, n_actions).
    """
    by_id = {each.decision_id: each for each in shadowed}
    rows = np.array([name in by_id for name in frame.decision_id], dtype=bool)
    places = {name: place for place, name in enumerate(frame.actions)}
    target = np.zeros((int(rows.sum()), len(frame.actions)))
    for row, name in enumerate(frame.decision_id[rows]):
        for action, chance in by_id[name].eligible.items():
            if action in places:
                target[row, places[action]] = chance
    return rows, target
