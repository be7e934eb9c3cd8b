"""`features.yaml`: a workspace's own features, each declared once; errors name file, line, given and allowed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from decisioning.customer import FeatureValue
from features.declaration import Declaration, only, spoken
from features.feature import Feature, Kind
from features.located import Located, read_located
from features.primitives import DAY_US, SECOND_US, Primitive
from features.primitives_count import Count, OpenCount
from features.primitives_decay import DecayedSum
from features.primitives_response import Unanswered
from features.primitives_time import FirstAt, LastAt
from features.primitives_value import LastValue, trait
from features.selector import Probe, Selector
from features.standard.probes import ANSWER, IMPRESSION

COMMON = ("name", "view", "primitive", "kind", "one_of", "description", "default", "purpose")


@dataclass(frozen=True, slots=True)
class DeclaredFeatures:
    """What a features file holds: features in order, and times to live by view."""

    features: tuple[Feature, ...]
    ttl: Mapping[str, timedelta]


def read_feature_file(path: Path, *, taken: frozenset[str] = frozenset()) -> DeclaredFeatures:
    """Read the declarations of a workspace.

    Parameters: `taken`, names that built-in features have already. Raises `FeatureFileError`.
    """
    top = read_located(path).entries("a features file")
    only(top, ("features", "views"), of="a features file")
    declared: dict[str, Feature] = {}
    for entry in top["features"].items("features") if "features" in top else []:
        feature = _feature(Declaration(entry))
        if feature.name in taken or feature.name in declared:
            where = "is built in" if feature.name in taken else "is declared twice"
            entry.fail(f"feature {feature.name!r} {where}; choose another name", field=feature.name)
        declared[feature.name] = feature
    return DeclaredFeatures(tuple(declared.values()), _ttl(top.get("views")))


def _feature(entry: Declaration) -> Feature:
    allowed, build = PRIMITIVES[entry.choice("primitive", PRIMITIVES)]
    only(entry.options, (*COMMON, *allowed), of=entry.label)
    kind, one_of = _kind(entry)
    return Feature(
        name=entry.word("name"),
        view=entry.word("view"),
        primitive=build(entry),
        description=entry.text("description"),
        kind=kind,
        one_of=one_of,
        default=_default(entry, one_of),
        purpose=entry.text("purpose", ""),
    )


def _kind(entry: Declaration) -> tuple[Kind, tuple[str, ...]]:
    chosen, one_of = entry.choice("kind", ("number", "category"), "number"), entry.words("one_of")
    if (chosen == "category") != bool(one_of):
        entry.fail("a category needs one_of, and only a category has it")
    if chosen == "category" and entry.options["primitive"].value not in ("trait", "last_value"):
        entry.fail(f"a category is a trait or a last_value, given {entry.options['primitive'].value!r}")
    return ("category" if chosen == "category" else "number"), one_of


def _default(entry: Declaration, one_of: tuple[str, ...]) -> FeatureValue:
    if "default" not in entry.options:
        return None
    held = entry.options["default"]
    if one_of and spoken(held.value) in one_of:
        return spoken(held.value)
    if one_of:
        entry.fail(f"unknown default {held.value!r}; allowed: {', '.join(one_of)}", held)
    if isinstance(held.value, bool) or not isinstance(held.value, int | float):
        entry.fail(f"default must be a number, given {held.plain()!r}", held)
    return float(held.value)


def _ttl(views: Located | None) -> dict[str, timedelta]:
    ttl: dict[str, timedelta] = {}
    for name, held in views.entries("views").items() if views else ():
        options = held.entries(f"view {name}")
        only(options, ("ttl_days",), of=f"view {name!r}")
        days = options["ttl_days"].value if "ttl_days" in options else None
        if isinstance(days, bool) or not isinstance(days, int | float) or not 0 < days < 100_000:
            held.fail(f"view {name!r}: ttl_days must be a number of days above 0, given {days!r}")
        ttl[name] = timedelta(days=days)
    return ttl


def _on(entry: Declaration) -> Probe:
    return Probe(entry.selector())


def _reading(entry: Declaration) -> Probe:
    return Probe(entry.selector(), reads=entry.text("property"), one_of=entry.words("one_of"))


def _decayed_sum(entry: Declaration) -> Primitive:
    amount = entry.text("amount", "")
    if "half_life_minutes" in entry.options:
        half_life = entry.positive("half_life_minutes") * 60 * SECOND_US
    else:
        half_life = entry.positive("half_life_days") * DAY_US
    return DecayedSum(Probe(entry.selector(), reads=amount, required=bool(amount)), half_life)


def _open_count(entry: Declaration) -> Primitive:
    return OpenCount(Probe(entry.selector("opened")), Probe(entry.selector("closed")))


def _unanswered(entry: Declaration) -> Primitive:
    shown, answered = (
        Probe(Selector(probe.selector.types, probe.selector.names, entry.where())) for probe in (IMPRESSION, ANSWER)
    )
    return Unanswered(shown, answered, entry.positive("window_days") * DAY_US)


PRIMITIVES: Mapping[str, tuple[tuple[str, ...], Callable[[Declaration], Primitive]]] = {
    "count": (("on", "where"), lambda entry: Count(_on(entry))),
    "decayed_sum": (("on", "where", "amount", "half_life_days", "half_life_minutes"), _decayed_sum),
    "last_at": (("on", "where"), lambda entry: LastAt(_on(entry))),
    "first_at": (("on", "where"), lambda entry: FirstAt(_on(entry))),
    "last_value": (("on", "where", "property"), lambda entry: LastValue(_reading(entry))),
    "trait": (("trait",), lambda entry: trait(entry.text("trait"), one_of=entry.words("one_of"))),
    "open_count": (("opened", "closed", "where"), _open_count),
    "unanswered": (("where", "window_days"), _unanswered),
}
"""Each primitive's own options, and how it is built from an entry."""
