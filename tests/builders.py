"""Builders: each gives a valid default; a test overrides the one thing it is about."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from decisioning.action import Action, Treatment
from decisioning.catalog import Catalog, Channel, Placement
from decisioning.customer import Customer, CustomerReference, FeatureValue
from decisioning.decision import Decision, DecisionRequest
from decisioning.ports import Candidate, Scores

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def an_action(name: str = "card", **changes: Any) -> Action:
    return Action(
        **{
            "name": name,
            "issue": "grow",
            "group": "cards",
            "treatments": (Treatment("banner", "web"),),
            "value": 50.0,
            "starting_propensity": 0.1,
            **changes,
        }
    )


def a_catalog(*actions: Action, **changes: Any) -> Catalog:
    chosen = actions or (an_action("card"), an_action("loan"), an_action("fund"))
    return Catalog(
        **{
            "version": "v-test",
            "currency": "EUR",
            "actions": {action.name: action for action in chosen},
            "channels": {"web": Channel("web"), "email": Channel("email", outbound=True, consent="opt_in")},
            "placements": {"home": Placement("home", "web"), "mail": Placement("mail", "email", limit=1)},
            **changes,
        }
    )


def a_customer(**changes: Any) -> Customer:
    return Customer(**{"customer_id": "c_1", "as_of": NOON, "features": {"age": 40.0}, **changes})


def a_request(**changes: Any) -> DecisionRequest:
    return DecisionRequest(
        **{
            "request_id": "r-1",
            "customer": CustomerReference("user_id", "u-1"),
            "placement": "home",
            "channel": "web",
            **changes,
        }
    )


@dataclass
class FixedScorer:
    """Says of each action what the test says: (propensity, uplift)."""

    says: Mapping[str, tuple[float, float]]
    version: str = "fixed"

    def score(self, features: Mapping[str, FeatureValue], candidates: Sequence[Candidate]) -> Scores:
        pairs = [self.says[each.action.name] for each in candidates]
        return Scores(np.array([p for p, _ in pairs], dtype=float), np.array([u for _, u in pairs], dtype=float))

    def explain(self, features: Mapping[str, FeatureValue], candidate: Candidate) -> tuple[tuple[str, float], ...]:
        return (("age", 0.5),)


@dataclass
class OneCustomer:
    """A profile reader that knows one customer."""

    customer: Customer

    def read(self, reference: CustomerReference, *, now: datetime) -> Customer:
        return self.customer


@dataclass
class ListLog:
    """A decision log in memory; fails as often as `failures` has errors."""

    failures: list[Exception] = field(default_factory=list)
    kept: list[Decision] = field(default_factory=list)

    def record(self, decision: Decision, *, answer: bytes = b"", body_hash: str = "") -> "Future[None]":
        future: Future[None] = Future()
        if self.failures:
            future.set_exception(self.failures.pop(0))
        else:
            self.kept.append(decision)
            future.set_result(None)
        return future


def hours(n: float) -> timedelta:
    return timedelta(hours=n)
