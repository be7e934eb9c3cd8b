"""Reading the decision log: the ledger's decisions and outcomes, joined and labelled, as a `DecisionLogFrame`."""

from collections.abc import Iterable
from datetime import datetime, timedelta

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
from training.reading.answered import Answered, read_answered, window_lengths
from training.reading.decided import Decided
from training.reading.decision_pages import count_until
from training.reading.drawn import Drawn, read_drawn
from training.reading.followed import Followed, read_followed
from training.reading.timeline import Timeline
from training.taken import taken


def read_decision_log(
    ledger: Ledger,
    catalog: Catalog,
    goal: Goal,
    *,
    as_of: datetime,
    feature_names: Iterable[str],
    since: datetime | None = None,
    most: int | None = None,
) -> DecisionLogFrame:
    """The matured decisions of a ledger as of a moment, labelled; of more than `most` an even sample over the time.

    Parameters: `goal`, the windows and what is worth money; `feature_names`, the logged features to keep; `since`, a
    moment before which decisions are not read (None: all are). Those after it are what they are in the whole log, and
    so are their labels: nothing that a decision is told of depends on an earlier one. What happened after `as_of` is
    not looked at; a decision that was not over then is left out and counted. It is over with the goal's whole window
    and the longest of any action's, whatever was chosen and even where the next decision cut it short: else busy
    customers, or quick actions, would come first. The sample is drawn before features are read, and windows are cut by
    all decisions: it is what it would be of the whole frame.
    """
    as_of_us = to_us(as_of)
    drawn = read_drawn(
        ledger,
        tuple(feature_names),
        actions=(*catalog.actions, *({NO_ACTION} - {*catalog.actions})),
        until_us=as_of_us,
        over_us=to_us(as_of - over_after(goal, catalog)),
        since_us=None if since is None else to_us(since),
        most=most,
    )
    answered = read_answered(ledger, drawn, catalog, as_of_us=as_of_us)
    followed = read_followed(ledger, drawn, catalog, goal, as_of_us=as_of_us)
    return _frame(drawn, answered, followed, catalog, goal)


def n_over(ledger: Ledger, goal: Goal, *, as_of: datetime, catalog: Catalog) -> int:
    """How many decisions of a ledger are over as of a moment, without reading them.

    Those that repeat others' draws are among them: nobody learns from them, and only their records tell.
    Parameters: `catalog`, whose actions' windows are waited for too.
    """
    return count_until(ledger, to_us(as_of - over_after(goal, catalog)))


def over_after(goal: Goal, catalog: Catalog) -> timedelta:
    """After how long nothing can count for a decision any more: the longest of the goal's window and the actions'."""
    return timedelta(microseconds=max([int(goal.window_days * DAY_US), *window_lengths(catalog).values()]))


def _frame(drawn: Drawn, answered: Answered, followed: Followed, catalog: Catalog, goal: Goal) -> DecisionLogFrame:
    timeline, decided = drawn.timeline, drawn.decided
    places = _places(timeline, len({*catalog.actions, NO_ACTION}))
    actions = tuple(timeline.actions[place] for place in places)
    chosen = np.argsort(places)[np.searchsorted(np.sort(places), decided.chosen)]
    acted = chosen != actions.index(NO_ACTION)
    shown = acted & (decided.implied | answered.heard)
    cost = np.where(shown, _costs(decided, catalog), 0.0)
    aims = np.array([name in catalog.actions and catalog.actions[name].conversion is not None for name in actions])
    reached = (answered.converted | followed.converted)[:, places] & aims
    positive = answered.accepted | reached[np.arange(len(chosen)), chosen]
    return DecisionLogFrame(
        actions=actions,
        decision_id=decided.decision_id,
        customer_id=drawn.customer_id,
        channel=decided.texts["channel"],
        placement=decided.texts["placement"],
        arm=decided.texts["arm"],
        treatment=decided.texts["treatment"],
        decided_us=decided.decided_us,
        ends_us=followed.ends_us,
        chosen=chosen,
        shown=shown,
        reward=followed.money - cost,
        capped_reward=np.clip(followed.capped - cost, -goal.reward_cap, goal.reward_cap),
        accepted=positive & acted,
        eligible_probability=decided.eligible[:, places],
        listed=decided.listed[:, places],
        converted=reached,
        features=decided.features,
        n_censored=len(timeline) - timeline.n_over,
        n_late=answered.n_late,
        n_left_out=timeline.n_over - len(drawn),
    )


def _places(timeline: Timeline, n_named: int) -> NDArray[np.int64]:
    """The catalogue's actions and `no_action` in order, then by name those that only what is over still knows."""
    former = [place for place in range(n_named, len(timeline.meant)) if timeline.meant[place]]
    return np.array([*range(n_named), *sorted(former, key=lambda place: timeline.actions[place])], dtype=np.int64)


def _costs(decided: Decided, catalog: Catalog) -> Floats:
    """What showing each chosen treatment costs; 0 for one that the catalogue does not know."""
    costs = {
        (action.name, treatment.name): treatment
        for action in catalog.actions.values()
        for treatment in action.treatments
    }
    chosen, treatments = decided.chosen, decided.texts["treatment"]
    out = np.zeros(len(chosen))
    for place in np.unique(chosen):
        own = np.flatnonzero(chosen == place)
        for name in set(treatments[own]):
            known = costs.get((decided.actions[place], name))
            if known is not None:
                out[own[treatments[own] == name]] = _cost_of(known, decided, own[treatments[own] == name])
    return out


def _cost_of(treatment: Treatment, decided: Decided, own: NDArray[np.int64]) -> Floats:
    features, usual, decided_us = taken(decided.features, own), treatment.cost, decided.decided_us[own]
    amounts = own_amounts(treatment.cost_formula, usual, features=features, decided_us=decided_us)
    return np.where(np.isnan(amounts), usual, amounts)
