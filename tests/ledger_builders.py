"""Valid defaults for what the ledger takes, each overridden in one thing at a time."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from decisioning.action import Action, Treatment
from decisioning.catalog import Catalog, Channel, Placement
from decisioning.customer import CustomerReference
from decisioning.decision import Decision, Exclusion, RankedAction, Versions
from decisioning.outcome import Outcome
from features.identifier import Identifier
from features.identity_statement import Statement

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def a_catalog() -> Catalog:
    treatments = (Treatment("banner", "web"), Treatment("mail", "email"))
    return Catalog(
        version="v1",
        currency="EUR",
        actions={name: Action(name, "grow", f"{name}s", treatments, 10.0) for name in ("card", "loan")},
        channels={"web": Channel("web"), "email": Channel("email", outbound=True)},
        placements={
            "home": Placement("home", "web"),
            "inbox": Placement("inbox", "email"),
            "strip": Placement("strip", "web", impressions="implied"),
        },
    )


def a_ranked(**changes) -> RankedAction:
    item = {
        "rank": 1,
        "action": "card",
        "treatment": "banner",
        "channel": "web",
        "propensity": 0.1,
        "uplift": None,
        "value": 10.0,
        "cost": 0.0,
        "context_weight": 1.0,
        "lever": 1.0,
        "priority": 1.0,
        "action_probability": 1 / 3,
        "rank_probability": 1 / 3,
        "reasons": ("likely",),
    }
    return RankedAction(**{**item, **changes})


def a_decision(name: str = "1", **changes) -> Decision:
    fields = {
        "decision_id": f"d-{name}",
        "request_id": f"r-{name}",
        "customer_id": "c_0",
        "reference": CustomerReference("user_id", "u-1"),
        "decided_at": NOW,
        "channel": "web",
        "placement": "home",
        "arm": "nba",
        "epsilon": 0.1,
        "seed": 2**63 + 1,
        "chosen": "card",
        "ranked": (a_ranked(),),
        "eligible": {"card": 1 / 3, "no_action": 2 / 3},
        "scores": {"card": (0.1, None, 1.0)},
        "exclusions": (Exclusion("loan", "eligibility", "age >= 18"),),
        "features": {"age": 40.0, "segment": "mass", "income": None},
        "context": {"intent": "browse"},
        "versions": Versions("v1", "b1", "p1"),
        "contacts_version": 0,
        "degraded": ("model",),
    }
    return Decision(**{**fields, **changes})


def an_outcome(name: str = "1", **changes) -> Outcome:
    fields = {
        "outcome_id": f"o-{name}",
        "decision_id": "d-1",
        "action": "card",
        "treatment": "banner",
        "type": "impression",
        "occurred_at": at(10),
    }
    return Outcome(**{**fields, **changes})


def a_statement(name: str, verb: str, pair: Sequence[Identifier], **changes) -> Statement:
    said = {"occurred_at": NOW, "reason": "they say so", "statement_id": f"s-{name}"}
    return Statement(verb, *pair, **{**said, **changes})


def an_event(message_id: str, event: str = "Product Viewed", **changes) -> dict[str, object]:
    fields = {
        "type": "track",
        "event": event,
        "messageId": message_id,
        "userId": "u-1",
        "timestamp": at(-60).isoformat(),
        "properties": {"product": "loan"},
    }
    return {key: value for key, value in {**fields, **changes}.items() if value is not ...}


def an_identify(message_id: str, traits: Mapping[str, object], **changes) -> dict[str, object]:
    return an_event(message_id, event=..., properties=..., type="identify", traits=traits, **changes)
