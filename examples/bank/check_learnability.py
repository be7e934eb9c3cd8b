"""How much of what the oracle gains can be learned from the log? A rough answer in under a minute, without our models.

Decides uniformly at random for the first `--decisions` moments, with simple features kept by hand from the event stream
alone; fits a LightGBM T-learner per action on its own outcome; values the learned policy by the bank's truth on later
moments. Run: `python examples/bank/check_learnability.py --help`.
"""

import argparse
import heapq
import math
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parent))

from bankworld.bank import Bank
from bankworld.business import ACTIONS, DEEDS, INDEX, ORDER, PRODUCTS, WAYS, offered
from bankworld.chance import stream
from bankworld.journal import SegmentEvent
from world import create

from pipelines.world import Moment

NUMBERS = ("age", "income", "balance", "children", "trips_per_year")
WORDS = {
    "segment": ("mass", "affluent", "private"),
    "employment": ("employee", "self_employed", "student", "retired"),
    "housing": ("renter", "owner"),
    "preferred_channel": ("web", "app", "email", "call_centre"),
}
EVENTS = {deed.event: index for index, deed in enumerate(DEEDS) if deed.event != ORDER}
LAST = ("Survey Answered", "Contract Expiring", "Contract Renewed", "Ticket Opened", "Sales Contact Started")
SETTINGS = {
    "learning_rate": 0.05, "num_leaves": 4, "min_child_samples": 15, "feature_fraction": 0.5, "bagging_fraction": 0.8,
    "bagging_freq": 1, "lambda_l2": 1.0, "verbosity": -1, "num_threads": 1, "deterministic": True, "seed": 7,
}  # fmt: skip
TREES = 120


@dataclass
class Notes:
    """What the stream has told of one customer."""

    traits: dict[str, float] = field(default_factory=dict)
    views: dict[tuple[str, float], tuple[float, float]] = field(default_factory=dict)
    seen: dict[str, float] = field(default_factory=dict)
    held: set[int] = field(default_factory=set)
    tickets: dict[str, str] = field(default_factory=dict)
    talks: set[str] = field(default_factory=set)
    nps: float = math.nan
    visits: float = 0.0


class Watcher:
    """Keeps notes of everybody, by user id; a device counts once it is linked. Parameters: the world's `start`."""

    def __init__(self, start: datetime) -> None:
        self.start = start
        self.notes: dict[str, Notes] = defaultdict(Notes)
        self.linked: dict[str, str] = {}

    def watch(self, event: SegmentEvent) -> None:
        """Take note of one event."""
        device = event.get("anonymousId") or event.get("previousId")
        if device and "userId" in event:
            self.linked[device] = event["userId"]
        who = event.get("userId") or self.linked.get(str(device), str(device))
        day = (datetime.fromisoformat(event["timestamp"]) - self.start) / timedelta(days=1)
        _note(self.notes[who], event, day)

    def row(self, moment: Moment, day: float) -> list[float]:
        """Features of the moment's customer (nothing known: missing)."""
        reference = moment.reference.value
        notes = self.notes[self.linked.get(reference, reference)]
        channel = [float(way.channel == moment.channel) for way in WAYS]
        decayed = [_now(notes.views.get((product, life)), day, life) for product in PRODUCTS for life in (3.0, 12.0)]
        begun = [day - notes.seen.get(f"begun {product}", math.nan) for product in PRODUCTS]
        recent = [day - notes.seen.get(name, math.nan) for name in LAST]
        open_now = [float(severity in notes.tickets.values()) for severity in ("low", "serious")]
        held = [float(index in notes.held) for index in range(len(ACTIONS))]
        traits = [notes.traits.get(name, math.nan) for name in (*NUMBERS, *WORDS)]
        return [
            *traits,
            *channel,
            *decayed,
            *begun,
            *recent,
            *open_now,
            *held,
            notes.nps,
            float(bool(notes.talks)),
            notes.visits,
        ]


def _now(kept: tuple[float, float] | None, day: float, life: float) -> float:
    return kept[0] * 0.5 ** ((day - kept[1]) / life) if kept else 0.0


def _note(notes: Notes, event: SegmentEvent, day: float) -> None:
    name, body = str(event.get("event", event["type"])), event.get("properties") or event.get("traits") or {}
    notes.seen[name] = day
    notes.visits += name in ("page", "screen")
    if name == "identify":
        _note_traits(notes, body)
    elif name == "Product Viewed":
        _note_view(notes, body["product"], day)
    elif name == "Survey Answered":
        notes.nps = body["nps"]
    elif name == "Ticket Opened":
        notes.tickets[body["ticket_id"]] = body["severity"]
    elif name == ORDER:
        notes.held.add(INDEX[body["product"]])
    _note_end(notes, name, body)


def _note_end(notes: Notes, name: str, body: dict[str, Any]) -> None:
    if name == "Ticket Solved":
        notes.tickets.pop(body["ticket_id"], None)
    elif name == "Sales Contact Started":
        notes.talks.add(body["contact_id"])
    elif name == "Sales Contact Ended":
        notes.talks.discard(body["contact_id"])
    elif name in EVENTS and DEEDS[EVENTS[name]].lasting:
        notes.held.add(EVENTS[name])


def _note_traits(notes: Notes, traits: dict[str, Any]) -> None:
    notes.traits |= {name: float(traits[name]) for name in NUMBERS if name in traits}
    notes.traits |= {name: float(WORDS[name].index(traits[name])) for name in WORDS if name in traits}


def _note_view(notes: Notes, product: str, day: float) -> None:
    last = notes.seen.get(f"view {product}", -math.inf)
    if day - last > 16:
        notes.seen[f"begun {product}"] = day
    notes.seen[f"view {product}"] = day
    for life in (3.0, 12.0):
        notes.views[product, life] = (_now(notes.views.get((product, life)), day, life) + 1.0, day)


def candidates(watcher: Watcher, moment: Moment, day: float) -> list[int]:
    """Which actions make sense: what the channel shows and the customer does not have."""
    reference = moment.reference.value
    notes = watcher.notes[watcher.linked.get(reference, reference)]
    fits = [i for i, name in enumerate(ACTIONS) if offered(name, moment.channel) and i not in notes.held]
    notice = day - notes.seen.get("Contract Expiring", -math.inf)
    renewed = notes.seen.get("Contract Renewed", -math.inf) > notes.seen.get("Contract Expiring", -math.inf)
    wrong = {INDEX["ticket_callback"]} if not notes.tickets else set()
    wrong |= {INDEX["loyalty_bonus"]} if notice > 50 or renewed else set()
    return [i for i in fits if i not in wrong]


@dataclass
class Log:
    """Columns of the random decisions; `choice` is -1 for nothing."""

    number: list[int] = field(default_factory=list)
    rows: list[list[float]] = field(default_factory=list)
    choice: list[int] = field(default_factory=list)
    fits: list[list[int]] = field(default_factory=list)
    happened: list[dict[int, float]] = field(default_factory=list)
    gain: list[NDArray[np.float64]] = field(default_factory=list)


def live_randomly(bank: Bank, seed: int) -> Log:
    """Live through the live time, deciding uniformly at random among the candidates and nothing."""
    rng, watcher, log = stream(seed, "uniform policy"), Watcher(bank.timeline.starts_at), Log()
    for event in bank.history():
        watcher.watch(event)
    waiting: list[tuple[str, str, SegmentEvent]] = []
    day = bank.opens_at
    while day < bank.closes_at:
        until = day + timedelta(hours=6)
        for event in bank.events(day, until):
            heapq.heappush(waiting, (event["timestamp"], event["messageId"], event))
        for moment in bank.moments(day, until):
            _until(watcher, waiting, moment.at)
            for event in _decide(bank, watcher, moment, rng, log):
                heapq.heappush(waiting, (event["timestamp"], event["messageId"], event))
        _until(watcher, waiting, until)
        day = until
    return log


def _until(watcher: Watcher, waiting: list[tuple[str, str, SegmentEvent]], at: datetime) -> None:
    while waiting and datetime.fromisoformat(waiting[0][0]) < at:
        watcher.watch(heapq.heappop(waiting)[2])


def _decide(bank: Bank, watcher: Watcher, moment: Moment, rng: np.random.Generator, log: Log) -> list[SegmentEvent]:
    number, day = int(moment.moment_id[2:]), bank.timeline.day(moment.at)
    fits = candidates(watcher, moment, day)
    choice = int(rng.choice([-1, *fits]))
    log.number.append(number)
    log.rows.append(watcher.row(moment, day))
    log.fits.append(fits)
    log.choice.append(choice)
    log.gain.append(bank.effects(np.array([number])).gain[0])
    treatment = next(way.treatment for way in WAYS if way.channel == moment.channel)
    answer = bank.respond(moment, ACTIONS[choice] if choice >= 0 else "no_action", treatment if choice >= 0 else "")
    log.happened.append({int(e["messageId"].rsplit("-", 1)[1]): e["properties"]["margin"] for e in answer.events})
    return list(answer.events)


def learned_gain(log: Log, n_train: int, n_test: int, *, costs: NDArray[np.float64]) -> NDArray[np.float64]:
    """What each action seems to gain at the tested moments, (n_test, n_actions), by a T-learner of own outcomes."""
    rows, choice = np.array(log.rows), np.array(log.choice)
    train, test = slice(0, n_train), slice(len(rows) - n_test, len(rows))
    guess = np.full((n_test, len(ACTIONS)), -np.inf)
    fits = np.zeros((len(rows), len(ACTIONS)), dtype=bool)
    for number, actions in enumerate(log.fits):
        fits[number, actions] = True
    for action in range(len(ACTIONS)):
        happened = np.array([found.get(action, 0.0) for found in log.happened])
        chosen = choice[train] == action
        other = fits[train, action] & ~chosen
        margin = happened[train][happened[train] > 0].mean()
        shown = _fit(rows[train][chosen], happened[train][chosen] > 0).predict(rows[test])
        silent = _fit(rows[train][other][::3], happened[train][other][::3] > 0).predict(rows[test])
        gain = (np.asarray(shown) - np.asarray(silent)) * margin - costs[test]
        guess[:, action] = np.where(fits[test, action], gain, -np.inf)
    return guess


def _fit(rows: NDArray[np.float64], answer: NDArray[np.bool_]) -> lgb.Booster:
    data = lgb.Dataset(rows, answer.astype(float), free_raw_data=True)
    return lgb.train({"objective": "binary", **SETTINGS}, data, TREES)


def measure(n_customers: int, n_decisions: int, n_test: int, seed: int) -> dict[str, float]:
    """True gain per decision over doing nothing, of each policy, on the last `n_test` moments."""
    bank = cast("Bank", create(n_customers=n_customers, seed=seed, n_live_decisions=n_decisions + n_test))
    log = live_randomly(bank, seed)
    n_train = len(log.rows) - n_test
    costs = np.array([way.cost * way.reach for way in WAYS])[bank.calls.channel[np.array(log.number)]]
    guess = learned_gain(log, n_train, n_test, costs=costs)
    gain = np.array(log.gain[-n_test:])
    allowed = np.isfinite(guess)
    possible = np.where(allowed, gain, 0.0)
    constants = possible.mean(axis=0)
    picked = np.where(guess.max(axis=1) > 0, gain[np.arange(n_test), guess.argmax(axis=1)], 0.0)
    found = {f"constant {name}": float(value) for name, value in zip(ACTIONS, constants, strict=True)}
    found["uniform"] = float((possible.sum(axis=1) / (allowed.sum(axis=1) + 1)).mean())
    found["best constant"], found["learned"] = float(constants.max()), float(picked.mean())
    found["oracle"] = float(np.maximum(possible.max(axis=1), 0).mean())
    gap = found["oracle"] - found["best constant"]
    return found | {"share of the gap closed": (found["learned"] - found["best constant"]) / gap}


def main() -> None:
    """Print the values."""
    parser = argparse.ArgumentParser(description="How much of the oracle's gain can be learned from random decisions?")
    parser.add_argument("--customers", type=int, default=20_000)
    parser.add_argument("--decisions", type=int, default=50_000, help="random decisions to learn from")
    parser.add_argument("--test", type=int, default=20_000, help="later moments to value policies on")
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    for name, value in measure(given.customers, given.decisions, given.test, given.seed).items():
        print(f"{name:32s} {value:8.3f}")


if __name__ == "__main__":
    main()
