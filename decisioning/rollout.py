"""A challenger beside the champion: it shadows, or decides for a fixed share of the customers.

Whether a customer is of that share depends on their id and the challenger's version alone: the same customer gets the
same bundle in every request, a wider share keeps those who were in the narrower one, and another challenger draws
anew. Only the arm `nba` is shared out: holdout arms measure the champion, and stay as they are.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from decisioning.catalog import HoldoutArms
from decisioning.decision import Decision, Shadow
from decisioning.holdout import arm_of
from decisioning.lot import position
from decisioning.ports import Scorer

MODEL = "model"
"""The name among a decision's `degraded` that says its scorer failed."""


def draw_of(customer_id: str, version: str) -> float:
    """Where a customer lies in [0, 1) for a challenger of this version; below its share, it decides for them."""
    return position(customer_id, f"canary:{version}")


@dataclass(frozen=True, slots=True)
class Rollout:
    """A challenger. Parameters: `share` of the customers that it decides for; 0 where it only shadows."""

    scorer: Scorer
    share: float = 0.0

    @property
    def shadows(self) -> bool:
        """Whether it decides for nobody."""
        return self.share == 0.0

    def takes(self, customer_id: str, arms: HoldoutArms) -> bool:
        """Whether it decides for this customer."""
        return draw_of(customer_id, self.scorer.version) < self.share and arm_of(customer_id, arms) == "nba"


Deciding = Callable[[Scorer], Decision]
"""Decides one case with a scorer; pure."""


def rolled_out(rollout: Rollout, champion: Scorer, deciding: Deciding, *, taken: bool) -> Decision:
    """The decision of whoever decides, with what a shadow would have chosen.

    Where the challenger fails, the champion decides as if there were none. Parameters: `taken`, whether the challenger
    decides for this customer.
    """
    if taken:
        decision = deciding(rollout.scorer)
        return decision if MODEL not in decision.degraded else deciding(champion)
    decision = deciding(champion)
    return replace(decision, shadow=_shadow(deciding(rollout.scorer))) if rollout.shadows else decision


def _shadow(decision: Decision) -> Shadow | None:
    if MODEL in decision.degraded:
        return None
    return Shadow(decision.versions.bundle, decision.chosen, decision.eligible)
