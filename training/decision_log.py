"""Reading the decision log: the ledger's decisions and outcomes, joined and labelled, as a `DecisionLogFrame`."""

from collections.abc import Iterable
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from decisioning.action import NO_ACTION, Treatment
from decisioning.catalog import Catalog
from features.instant import to_us
from features.ledger import Ledger
from features.workspace import Goal
from training.dataset import DecisionLogFrame
from training.encoding import Floats
from training.labels import DAY_US
from training.own_amount import own_amounts
from training.reading.answered import Answered, read_answered
from training.reading.decided import Decided, read_decided
from training.reading.followed import Followed, read_followed


def read_decision_log(
    ledger: Ledger, catalog: Catalog, goal: Goal, *, as_of: datetime, feature_names: Iterable[str]
) -> DecisionLogFrame:
    """The matured decisions of a ledger as of a moment, labelled.

    Parameters: `goal`, the windows and what is worth money; `feature_names`, the logged features to keep. What happened
    after `as_of` is not looked at; a decision whose goal's whole window was not over then is left out and counted (even
    where the next decision cut it short, or busy customers would come first).
    """
    as_of_us = to_us(as_of)
    named = (*catalog.actions, *({NO_ACTION} - {*catalog.actions}))
    decided = read_decided(ledger, tuple(feature_names), actions=named, until_us=as_of_us)
    answered = read_answered(ledger, decided, catalog, as_of_us=as_of_us)
    followed = read_followed(ledger, decided, catalog, goal, as_of_us=as_of_us)
    whole = as_of_us - int(goal.window_days * DAY_US)
    matured = slice(0, int(np.searchsorted(decided.decided_us, whole, side="right")))
    return _frame(decided, answered, followed, catalog, goal, matured)


def _frame(
    decided: Decided, answered: Answered, followed: Followed, catalog: Catalog, goal: Goal, rows: slice
) -> DecisionLogFrame:
    places = _places(decided, len({*catalog.actions, NO_ACTION}), rows)
    actions = tuple(decided.actions[place] for place in places)
    chosen = np.argsort(places)[np.searchsorted(np.sort(places), decided.chosen[rows])]
    acted = chosen != actions.index(NO_ACTION)
    shown = acted & (decided.implied | answered.heard)[rows]
    cost = np.where(shown, _costs(decided, catalog, rows), 0.0)
    aims = np.array([name in catalog.actions and catalog.actions[name].conversion is not None for name in actions])
    reached = (answered.converted | followed.converted)[rows][:, places] & aims
    positive = answered.accepted[rows] | reached[np.arange(len(chosen)), chosen]
    return DecisionLogFrame(
        actions=actions,
        decision_id=decided.decision_id[rows],
        customer_id=decided.texts["customer_id"][rows],
        channel=decided.texts["channel"][rows],
        placement=decided.texts["placement"][rows],
        arm=decided.texts["arm"][rows],
        treatment=decided.texts["treatment"][rows],
        decided_us=decided.decided_us[rows],
        ends_us=followed.ends_us[rows],
        chosen=chosen,
        shown=shown,
        reward=followed.money[rows] - cost,
        capped_reward=np.clip(followed.capped[rows] - cost, -goal.reward_cap, goal.reward_cap),
        accepted=positive & acted,
        eligible_probability=decided.eligible[rows][:, places],
        listed=decided.listed[rows][:, places],
        converted=reached,
        features={name: column[rows] for name, column in decided.features.items()},
        n_censored=len(decided) - len(chosen),
        n_late=answered.n_late,
    )


def _places(decided: Decided, n_named: int, rows: slice) -> NDArray[np.int64]:
    """The catalogue's actions and `no_action` in order, then by name those that only these rows still know."""
    meant: NDArray[np.bool_] = np.any(decided.eligible[rows] > 0, axis=0)
    meant[decided.chosen[rows]] = True
    former = [place for place in range(n_named, len(meant)) if meant[place]]
    return np.array([*range(n_named), *sorted(former, key=lambda place: decided.actions[place])], dtype=np.int64)


def _costs(decided: Decided, catalog: Catalog, rows: slice) -> Floats:
    """What showing each chosen treatment costs; 0 for one that the catalogue does not know."""
    costs = {
        (action.name, treatment.name): treatment
        for action in catalog.actions.values()
        for treatment in action.treatments
    }
    chosen, treatments = decided.chosen[rows], decided.texts["treatment"][rows]
    out = np.zeros(len(chosen))
    for place in np.unique(chosen):
        own = np.flatnonzero(chosen == place)
        for name in set(treatments[own]):
            known = costs.get((decided.actions[place], name))
            if known is not None:
                out[own[treatments[own] == name]] = _cost_of(known, decided, rows, own[treatments[own] == name])
    return out


def _cost_of(treatment: Treatment, decided: Decided, rows: slice, own: NDArray[np.int64]) -> Floats:
    features = {name: column[rows][own] for name, column in decided.features.items()}
    usual, decided_us = treatment.cost, decided.decided_us[rows][own]
    amounts = own_amounts(treatment.cost_formula, usual, features=features, decided_us=decided_us)
    return np.where(np.isnan(amounts), usual, amounts)
