"""The slow reading of the decision log, one decision at a time: what `training.decision_log` must equal."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import numpy as np
import orjson

from decisioning.action import NO_ACTION, Action
from decisioning.call import call_of
from decisioning.catalog import Catalog
from decisioning.outcome import POSITIVE
from features.instant import to_us
from features.ledger import Ledger
from features.record import DECISION, OUTCOME, Record
from features.workspace import Goal
from training.dataset import DecisionLogFrame
from training.encoding import Floats
from training.goal_event import GoalEvent, each_goal_event
from training.labels import DAY_US, conversion_names
from training.reward import capped_worth, worth


@dataclass(slots=True)
class _Logged:
    """One decision of the log, as far as learning needs it.

    Parameters: `listed`, treatment by action; `implied`, actions whose contact needs no impression; `types`, the
    outcome types seen by action; `features`, in the order of the names asked for.
    """

    decision_id: str
    call: str
    customer_id: str
    decided_us: int
    channel: str
    placement: str
    arm: str
    chosen: str
    listed: Mapping[str, str]
    implied: frozenset[str]
    eligible: Mapping[str, float]
    features: tuple[Any, ...]
    types: dict[str, set[str]] = field(default_factory=dict)
    ends_us: int = 0
    matured: bool = False
    events: Sequence[GoalEvent] = ()

    @property
    def shown(self) -> bool:
        """Whether what was chosen was really shown: implied, reported, or answered."""
        return self.chosen != NO_ACTION and (self.chosen in self.implied or self.chosen in self.types)

    @property
    def cost_key(self) -> tuple[str, str] | None:
        """The action and treatment whose cost was paid."""
        return (self.chosen, self.listed.get(self.chosen, "")) if self.shown else None


def plain_decision_log(
    ledger: Ledger, catalog: Catalog, goal: Goal, *, as_of: datetime, feature_names: Iterable[str]
) -> DecisionLogFrame:
    """The matured decisions of a ledger as of a moment, labelled.

    Parameters: `goal`, the windows and what is worth money; `feature_names`, the logged features to keep. What happened
    after `as_of` is not looked at; a decision whose window was not over then is left out and counted.
    """
    as_of_us = to_us(as_of)
    names = tuple(feature_names)
    logged = [each for each in _decisions(ledger, names) if each.decided_us <= as_of_us]
    n_late = _join_outcomes(logged, ledger, catalog, as_of_us)
    logged.sort(key=lambda each: (each.decided_us, each.decision_id))
    _attribute(logged, _events(ledger, logged, catalog, goal, as_of_us), goal, as_of_us)
    matured = [each for each in logged if each.matured]
    frame = _frame(matured, catalog, goal, names, n_censored=len(logged) - len(matured))
    return replace(frame, n_late=n_late)


def _decisions(ledger: Ledger, names: Sequence[str]) -> list[_Logged]:
    return [_logged(record, names) for record in ledger.records(0, kinds=[DECISION])]


def _logged(record: Record, names: Sequence[str]) -> _Logged:
    body = orjson.loads(record.body)
    decision, contacts = body["decision"], body["contacts"]
    return _Logged(
        decision_id=record.record_id,
        call=call_of(decision["request_id"]),
        customer_id=record.customer_id or decision["customer_id"],
        decided_us=record.occurred_us,
        channel=decision["channel"],
        placement=decision["placement"],
        arm=decision["arm"],
        chosen=decision["chosen"],
        listed={ranked["action"]: ranked["treatment"] for ranked in decision["ranked"]},
        implied=frozenset(contact["action"] for contact in contacts if contact["implied"]),
        eligible=decision["eligible"],
        features=tuple(map(decision["features"].get, names)),
    )


def _join_outcomes(logged: Sequence[_Logged], ledger: Ledger, catalog: Catalog, as_of_us: int) -> int:
    """Join what came within its action's window; how many came after it."""
    known, n_late = {each.decision_id: each for each in logged}, 0
    for record in ledger.records(0, kinds=[OUTCOME]):
        outcome = orjson.loads(record.body)["outcome"]
        decision = known.get(outcome["decision_id"])
        if decision is None or record.occurred_us > as_of_us:
            continue
        if record.occurred_us <= _latest(decision, outcome["action"], catalog, as_of_us):
            decision.types.setdefault(outcome["action"], set()).add(outcome["type"])
        else:
            n_late += 1
    return n_late


def _latest(decision: _Logged, action: str, catalog: Catalog, as_of_us: int) -> int:
    declared = catalog.actions.get(action)
    if declared is None:
        return as_of_us
    return min(as_of_us, decision.decided_us + int(declared.window.total_seconds() * 1_000_000))


def _events(
    ledger: Ledger, logged: Sequence[_Logged], catalog: Catalog, goal: Goal, as_of_us: int
) -> Mapping[str, list[GoalEvent]]:
    if not logged:
        return {}
    names = conversion_names(catalog) | {rule.event for rule in goal.rewards}
    found = defaultdict(list)
    for event in each_goal_event(ledger, names, after_us=logged[0].decided_us, until_us=as_of_us):
        found[event.customer_id].append(event)
    return dict(found)


def _attribute(logged: Sequence[_Logged], events: Mapping[str, list[GoalEvent]], goal: Goal, as_of_us: int) -> None:
    for customer, rows in by_customer([each.customer_id for each in logged]).items():
        mine = [logged[row] for row in rows]
        for each, window in zip(mine, _windows(mine, goal, as_of_us), strict=True):
            each.ends_us, each.matured = window.ends_us, window.matured
            each.events = within(events.get(customer, ()), after_us=each.decided_us, before_us=window.ends_us)


def _windows(mine: Sequence[_Logged], goal: Goal, as_of_us: int) -> list["Window"]:
    """The windows of one customer's decisions, given in order of time."""
    length = int(goal.window_days * DAY_US)
    then = [_next_call_us(mine[place:]) if goal.until_next_decision else None for place in range(len(mine))]
    return [_window(each.decided_us, next_us, length, as_of_us) for each, next_us in zip(mine, then, strict=True)]


def _next_call_us(mine: Sequence[_Logged]) -> int | None:
    """When the first decision that is of another call than the first of all was made."""
    return next((each.decided_us for each in mine if each.call != mine[0].call), None)


def _frame(
    logged: Sequence[_Logged], catalog: Catalog, goal: Goal, feature_names: Sequence[str], *, n_censored: int
) -> DecisionLogFrame:
    actions = _actions(logged, catalog)
    costs = [_cost(each, catalog) for each in logged]
    reached = _converted(logged, actions, catalog)
    chosen = np.array([actions.index(each.chosen) for each in logged], dtype=np.int64)
    rows = np.arange(len(logged))
    answered = np.array([bool(each.types.get(each.chosen, set()) & POSITIVE) for each in logged], dtype=bool)
    return DecisionLogFrame(
        actions=actions,
        decision_id=_words(each.decision_id for each in logged),
        customer_id=_words(each.customer_id for each in logged),
        decided_us=np.array([each.decided_us for each in logged], dtype=np.int64),
        ends_us=np.array([each.ends_us for each in logged], dtype=np.int64),
        channel=_words(each.channel for each in logged),
        placement=_words(each.placement for each in logged),
        arm=_words(each.arm for each in logged),
        treatment=_words(each.listed.get(each.chosen, "") for each in logged),
        chosen=chosen,
        shown=np.array([each.shown for each in logged], dtype=bool),
        reward=_money(reward_of, logged, costs, goal),
        capped_reward=_money(capped_reward_of, logged, costs, goal),
        accepted=(answered | reached[rows, chosen]) & (chosen != _no_action(actions)),
        eligible_probability=_probabilities(logged, actions),
        listed=np.array([[action in each.listed for action in actions] for each in logged], dtype=bool).reshape(
            -1, len(actions)
        ),
        converted=reached,
        features=_columns([each.features for each in logged], feature_names),
        n_censored=n_censored,
    )


def _actions(logged: Sequence[_Logged], catalog: Catalog) -> tuple[str, ...]:
    """The catalogue's actions in order, `no_action`, then those that only the log still knows."""
    former = sorted({action for each in logged for action in (*each.eligible, each.chosen)})
    return tuple(dict.fromkeys([*catalog.actions, NO_ACTION, *former]))


def _no_action(actions: Sequence[str]) -> int:
    return list(actions).index(NO_ACTION)


def _money(rule: Callable[..., float], logged: Sequence[_Logged], costs: Sequence[float], goal: Goal) -> Floats:
    rewards = [rule(each.events, goal, cost=cost) for each, cost in zip(logged, costs, strict=True)]
    return np.array(rewards, dtype=np.float64)


def _cost(each: _Logged, catalog: Catalog) -> float:
    if each.cost_key is None or each.chosen not in catalog.actions:
        return 0.0
    name = each.cost_key[1]
    return next((t.cost for t in catalog.actions[each.chosen].treatments if t.name == name), 0.0)


def _converted(logged: Sequence[_Logged], actions: Sequence[str], catalog: Catalog) -> Any:
    out = np.zeros((len(logged), len(actions)), dtype=bool)
    for row, each in enumerate(logged):
        for column, name in enumerate(actions):
            action = catalog.actions.get(name)
            if action is None or action.conversion is None:
                continue
            reported = "conversion" in each.types.get(name, ())
            out[row, column] = reported or (
                bool(each.events) and converted(action, each.events, decided_us=each.decided_us)
            )
    return out


def _probabilities(logged: Sequence[_Logged], actions: Sequence[str]) -> Floats:
    return np.array([[each.eligible.get(action, 0.0) for action in actions] for each in logged]).reshape(
        -1, len(actions)
    )


def _words(values: Iterable[str]) -> Any:
    return np.array(list(values), dtype=object)


def _columns(rows: Sequence[tuple[Any, ...]], names: Sequence[str]) -> dict[str, Any]:
    """Columns by name: numbers where the first known value is one, else objects."""
    table = np.array(rows, dtype=object).reshape(-1, len(names))
    return {name: _column(table[:, place]) for place, name in enumerate(names)}


def _column(values: Any) -> Any:
    first = next((value for value in values if value is not None), 0.0)
    return values.copy() if isinstance(first, str) else values.astype(np.float64)


@dataclass(frozen=True, slots=True)
class Window:
    """When attribution of one decision ends, and whether its full length was over in time.

    Parameters: `ends_us`, the first microsecond that no longer counts; `matured`, whether the goal's whole window was
    over: a decision that was cut short by the next one waits as long as any other, or busy customers would come first.
    """

    ends_us: int
    matured: bool


def _window(decided_us: int, next_us: int | None, length_us: int, as_of_us: int) -> Window:
    full = decided_us + length_us
    return Window(full + 1 if next_us is None else min(full + 1, next_us), full <= as_of_us)


def within(events: Sequence[GoalEvent], *, after_us: int, before_us: int) -> list[GoalEvent]:
    """The events strictly after a moment and strictly before another."""
    return [event for event in events if after_us < event.occurred_us < before_us]


def converted(action: Action, events: Sequence[GoalEvent], *, decided_us: int) -> bool:
    """Whether the action's conversion is among a decision's events, within the action's own window."""
    if action.conversion is None:
        return False
    latest = decided_us + int(action.window.total_seconds() * 1_000_000)
    return any(e.occurred_us <= latest and action.conversion.matches(e.name, e.properties) for e in events)


def by_customer(customers: Sequence[str]) -> Mapping[str, list[int]]:
    """The positions of each customer's rows, in the order given."""
    found: dict[str, list[int]] = {}
    for position, customer in enumerate(customers):
        found.setdefault(customer, []).append(position)
    return found


def reward_of(events: Iterable[GoalEvent], goal: Goal, *, cost: float) -> float:
    """The reward of a decision: the events of its window by the goal's rules, less the cost of the contact."""
    return sum(worth(event, goal.rewards) for event in events) - cost


def capped_reward_of(events: Iterable[GoalEvent], goal: Goal, *, cost: float) -> float:
    """What learning and the gate use: each event cut at its rule's cap, the whole at the goal's, above and below.

    >>> capped_reward_of([], Goal(reward_cap=200.0), cost=1_000.0)
    -200.0
    """
    reward = sum(capped_worth(event, goal.rewards) for event in events) - cost
    return max(-goal.reward_cap, min(goal.reward_cap, reward))
