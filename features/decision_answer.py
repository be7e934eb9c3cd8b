"""A decision as its callers read it: one rendering, money as decimal strings."""

from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache

import orjson

from decisioning.decision import Decision, RankedAction
from features.decision_head import head_of, moment


def decimal_string(amount: float) -> str:
    """Write an amount of money as a decimal string with at least two places, never in exponents.

    >>> decimal_string(80.0), decimal_string(0.005), decimal_string(1e-07)
    ('80.00', '0.005', '0.0000001')
    """
    exact = Decimal(repr(amount))
    return format(exact if int(exact.as_tuple().exponent) <= -2 else exact.quantize(Decimal("0.01")), "f")


@lru_cache(maxsize=4096)
def money(amount: float, currency: str) -> Mapping[str, str]:
    """Render money: a decimal string and its currency. Amounts recur, so they are kept; nobody changes them.

    >>> money(12.5, "EUR")
    {'amount': '12.50', 'currency': 'EUR'}
    """
    return {"amount": decimal_string(amount), "currency": currency}


def render_decision(decision: Decision, *, currency: str) -> bytes:
    """Render the answer of `POST /v1/decisions`; what is stored with the record and sent again to a repeat."""
    return orjson.dumps(
        {
            **head_of(decision),
            "degraded": bool(decision.degraded),
            "degraded_reasons": decision.degraded,
            "chosen": decision.chosen,
            "ranked": [_ranked(item, currency) for item in decision.ranked],
            "excluded": Counter([exclusion.stage for exclusion in decision.exclusions]),
            "versions": {
                "catalog": decision.versions.catalog,
                "bundle": decision.versions.bundle,
                "policy": decision.versions.policy,
            },
        }
    )


def _ranked(item: RankedAction, currency: str) -> dict[str, object]:
    return {
        "rank": item.rank,
        "action": item.action,
        "treatment": item.treatment,
        "channel": item.channel,
        "propensity": item.propensity,
        "uplift": item.uplift,
        "value": money(item.value, currency),
        "cost": money(item.cost, currency),
        "context_weight": item.context_weight,
        "lever": item.lever,
        "priority": item.priority,
        "action_probability": item.action_probability,
        "rank_probability": item.rank_probability,
        "reasons": item.reasons,
        "send_at": None if item.send_at is None else moment(item.send_at),
    }
