"""Features that a workspace gets by naming things: its channels, groups and actions, and its categories of products."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from features.feature import Feature
from features.primitives_decay import DecayedSum
from features.primitives_time import LastAt
from features.selector import Probe
from features.standard.probes import ACCEPT, ACTIVITY, IMPRESSION, PRODUCT_VIEW, REJECT, REVENUE, money
from features.standard.stating import HALF_LIVES, SPOKEN, Shelf
from features.stated_currency import stated_currency

RESPONSES = ("channel", "group", "action")
"""By what the history of responses can be told apart."""
BY_DEFAULT = ("channel", "group")


@dataclass(frozen=True, slots=True)
class Generate:
    """What is wanted: `responses`, by what responses are told apart; `categories`, of products, as events name them."""

    responses: tuple[str, ...] = BY_DEFAULT
    categories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CatalogNames:
    """The names that a catalogue declares, in its order, and its currency ("": none that is one)."""

    channel: tuple[str, ...] = ()
    group: tuple[str, ...] = ()
    action: tuple[str, ...] = ()
    currency: str = ""


def names_in(path: Path) -> CatalogNames:
    """The names in a catalogue's file; none where it cannot be read, which its own reader will tell."""
    try:
        text = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return CatalogNames()
    actions = _section(text, "actions")
    groups = [action.get("group") for action in actions.values() if isinstance(action, dict)]
    named = (_section(text, "channels"), groups, actions)
    channel, group, action = (tuple(dict.fromkeys(each for each in n if isinstance(each, str))) for n in named)
    return CatalogNames(channel, group, action, stated_currency(text) if isinstance(text, dict) else "")


def _section(text: Any, name: str) -> Mapping[Any, Any]:
    found = text.get(name) if isinstance(text, dict) else None
    return found if isinstance(found, dict) else {}


def generated(names: CatalogNames, wanted: Generate) -> tuple[Feature, ...]:
    """The features of every name, in the order of the names."""
    made = [feature for kind in wanted.responses for name in getattr(names, kind) for feature in _BY[kind](name)]
    return (*made, *(feature for category in wanted.categories for feature in _of_category(category)))


def slug(name: str) -> str:
    """A name as it stands in the names of features.

    >>> slug("Home & Garden")
    'home_garden'
    """
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def _fading(shelf: Shelf, stem: str, what: str, *, probe: Probe, period: str) -> list[Feature]:
    told = f"{what}; each counts half after {SPOKEN[period]}"
    return shelf.one(f"{stem}_{period}", DecayedSum(probe, HALF_LIVES[period]), told)


def _with(probe: Probe, key: str, value: str) -> Probe:
    return replace(probe, selector=replace(probe.selector, where=((key, value),)))


def _answers(shelf: Shelf, where: tuple[str, str], ending: str, *, shown: str) -> list[Feature]:
    of = f"of the {where[0]} {where[1]}"
    asked = (("impressions", "shown", IMPRESSION, shown), ("accepts", "accepted", ACCEPT, "365d"))
    return [
        feature
        for stem, verb, probe, period in (*asked, ("rejects", "rejected", REJECT, "90d"))
        for feature in _fading(shelf, f"{stem}_{ending}", f"{verb} {of}", probe=_with(probe, *where), period=period)
    ]


def _of_channel(name: str) -> list[Feature]:
    where, ending = ("channel", name), f"in_{slug(name)}"
    acts, revenue = _with(ACTIVITY, *where), _with(REVENUE, *where)
    return [
        *_answers(Shelf("response", "marketing"), where, ending, shown="30d"),
        *_fading(Shelf("channel", "digital"), f"acts_{ending}", f"acts in {name}", probe=acts, period="30d"),
        *_fading(Shelf("channel", "commerce"), f"revenue_{ending}", f"revenue in {name}", probe=revenue, period="365d"),
    ]


def _of_group(name: str) -> list[Feature]:
    shelf, where, ending = Shelf("response", "marketing"), ("group", name), f"of_{slug(name)}"
    last = LastAt(_with(IMPRESSION, *where))
    return [
        *_answers(shelf, where, ending, shown="7d"),
        *shelf.one(f"days_since_impression_{ending}", last, f"days since an action of the group {name} was shown"),
    ]


def _of_action(name: str) -> list[Feature]:
    return _answers(Shelf("response_action", "marketing"), ("action", name), f"of_action_{slug(name)}", shown="30d")


def _of_category(name: str) -> list[Feature]:
    shelf, ending = Shelf("category", "commerce"), f"of_{slug(name)}"
    views = _with(PRODUCT_VIEW, "category", name)
    spent = money("Order Completed", reads=name, via="category_amount")
    orders = LastAt(replace(spent, currency=""))
    return [
        *_fading(shelf, f"product_views_{ending}", f"products of {name} viewed", probe=views, period="30d"),
        *_fading(shelf, f"revenue_{ending}", f"money spent on {name}", probe=spent, period="90d"),
        *_fading(shelf, f"revenue_{ending}", f"money spent on {name}", probe=spent, period="365d"),
        *shelf.one(f"days_since_order_{ending}", orders, f"days since an order with {name}"),
    ]


_BY: Mapping[str, Callable[[str], list[Feature]]] = {
    "channel": _of_channel,
    "group": _of_group,
    "action": _of_action,
}
