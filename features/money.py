"""Money features of one currency: what states another is not added to it."""

from dataclasses import fields, replace

from features.feature import Feature
from features.primitives import Primitive
from features.selector import MONEY, Probe


def in_currency(feature: Feature, currency: str) -> Feature:
    """The feature, whose amounts of money are of one currency.

    Parameters: `currency`, "" where the workspace has none: then amounts are added up as they are. What a feature asks
    of `currency` itself stays as it asks.
    """
    primitive = _of(feature.primitive, currency) if currency else feature.primitive
    return feature if primitive is feature.primitive else replace(feature, primitive=primitive)


def _of(primitive: Primitive, currency: str) -> Primitive:
    named = [(each.name, getattr(primitive, each.name)) for each in fields(primitive)]  # type: ignore[arg-type] # all are
    money = {name: value for name, value in named if isinstance(value, Probe) and _is_money(value)}
    own = {name: replace(probe, currency=currency) for name, probe in money.items()}
    return replace(primitive, **own) if own else primitive  # type: ignore[type-var] # all are dataclasses


def _is_money(probe: Probe) -> bool:
    return probe.currency == MONEY and "currency" not in dict(probe.selector.where)
