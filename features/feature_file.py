"""`features.yaml`: a workspace's own features, each declared once; errors name file, line, given and allowed."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from decisioning.customer import FeatureValue
from features.feature import Feature, Kind
from features.located import Located, read_located
from features.primitives import DAY_US, SECOND_US, Primitive
from features.primitives_count import Count, OpenCount
from features.primitives_decay import DecayedSum
from features.primitives_response import Unanswered
from features.primitives_time import FirstAt, LastAt
from features.primitives_value import LastValue, trait
from features.selector import Plain, Probe, Selector
from features.standard import ANSWER, IMPRESSION

FACT_TYPES = ("identify", "track", "page", "screen", "alias", "group", "outcome")
COMMON = ("name", "view", "primitive", "kind", "one_of", "description", "default", "purpose")
NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


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
    _only(top, ("features", "views"), of="a features file")
    declared: dict[str, Feature] = {}
    for entry in top["features"].items("features") if "features" in top else []:
        feature = _feature(Declaration(entry))
        if feature.name in taken or feature.name in declared:
            where = "is built in" if feature.name in taken else "is declared twice"
            entry.fail(f"feature {feature.name!r} {where}; choose another name", field=feature.name)
        declared[feature.name] = feature
    return DeclaredFeatures(tuple(declared.values()), _ttl(top.get("views")))


class Declaration:
    """One entry of the file, read option by option."""

    def __init__(self, entry: Located) -> None:
        self.entry = entry
        self.options = entry.entries("a feature")
        self.label = "a feature"
        self.label = f"feature {self.word('name')!r}"

    def fail(self, message: str, at: Located | None = None) -> None:
        """Refuse the entry, naming the feature."""
        (at or self.entry).fail(f"{self.label}: {message}")

    def need(self, option: str) -> Located:
        """The option, which must be there."""
        if option not in self.options:
            self.fail(f"{option!r} is missing")
        return self.options[option]

    def word(self, option: str) -> str:
        """A lower-case name such as `mortgage_views_7d`."""
        held = self.need(option)
        if not isinstance(held.value, str) or not NAME.fullmatch(held.value):
            self.fail(f"{option} must be lower-case words joined by single underscores, given {held.plain()!r}", held)
        return str(held.value)

    def text(self, option: str, default: str | None = None) -> str:
        """A text that is not empty, or the default."""
        if option not in self.options and default is not None:
            return default
        held = self.need(option)
        if not isinstance(held.value, str) or not held.value:
            self.fail(f"{option} must be a text, given {held.plain()!r}", held)
        return str(held.value)

    def choice(self, option: str, allowed: Iterable[str], default: str | None = None) -> str:
        """One of the words allowed."""
        given, names = self.text(option, default), tuple(allowed)
        if given not in names:
            self.fail(f"unknown {option} {given!r}; allowed: {', '.join(names)}", self.options[option])
        return given

    def positive(self, option: str, default: float | None = None) -> float:
        """A number above zero, or the default."""
        if option not in self.options and default is not None:
            return default
        held = self.need(option)
        if isinstance(held.value, bool) or not isinstance(held.value, int | float) or not 0 < held.value < float("inf"):
            self.fail(f"{option} must be a number above 0, given {held.plain()!r}", held)
        return float(held.value)

    def words(self, option: str) -> tuple[str, ...]:
        """A list of different texts; none where the option is missing."""
        if option not in self.options:
            return ()
        held = self.options[option]
        given = [_spoken(item.plain()) for item in held.items(option)]
        if not given or len(set(given)) < len(given):
            self.fail(f"{option} must list different words, given {given}", held)
        return tuple(given)

    def where(self) -> tuple[tuple[str, Plain], ...]:
        """The properties that must be equal."""
        if "where" not in self.options:
            return ()
        pairs = self.options["where"].entries("where")
        for name, held in pairs.items():
            if not isinstance(held.value, str | int | float | bool):
                self.fail(f"where {name} must equal a text, number or truth value, given {held.plain()!r}", held)
        return tuple((name, held.value) for name, held in pairs.items())

    def selector(self, option: str = "on") -> Selector:
        """`{type: …, name: …}`, each a word or a list of words; the name may be left out."""
        held = self.need(option)
        inner = held.entries(option)
        _only(inner, ("type", "name"), of=f"{self.label}: {option}")
        if "type" not in inner:
            self.fail(f"{option} needs a type; allowed: {', '.join(FACT_TYPES)}", held)
        types, names = _listed(inner["type"]), _listed(inner["name"]) if "name" in inner else ()
        for given in set(types) - set(FACT_TYPES):
            self.fail(f"unknown type {given!r}; allowed: {', '.join(FACT_TYPES)}", inner["type"])
        return Selector(types, names, self.where())


def _feature(entry: Declaration) -> Feature:
    allowed, build = PRIMITIVES[entry.choice("primitive", PRIMITIVES)]
    _only(entry.options, (*COMMON, *allowed), of=entry.label)
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
    if one_of and _spoken(held.value) in one_of:
        return _spoken(held.value)
    if one_of:
        entry.fail(f"unknown default {held.value!r}; allowed: {', '.join(one_of)}", held)
    if isinstance(held.value, bool) or not isinstance(held.value, int | float):
        entry.fail(f"default must be a number, given {held.plain()!r}", held)
    return float(held.value)


def _ttl(views: Located | None) -> dict[str, timedelta]:
    ttl: dict[str, timedelta] = {}
    for name, held in views.entries("views").items() if views else ():
        options = held.entries(f"view {name}")
        _only(options, ("ttl_days",), of=f"view {name!r}")
        days = options["ttl_days"].value if "ttl_days" in options else None
        if isinstance(days, bool) or not isinstance(days, int | float) or not 0 < days < 100_000:
            held.fail(f"view {name!r}: ttl_days must be a number of days above 0, given {days!r}")
        ttl[name] = timedelta(days=days)
    return ttl


def _only(given: Mapping[str, Located], allowed: tuple[str, ...], *, of: str) -> None:
    for name in given:
        if name not in allowed:
            given[name].fail(f"{of}: unknown option {name!r}; allowed: {', '.join(allowed)}", field=name)


def _listed(held: Located) -> tuple[str, ...]:
    items = held.value if isinstance(held.value, list) else [held]
    for item in items:
        if not isinstance(item.value, str) or not item.value:
            held.fail(f"must be a text or a list of texts, given {held.plain()!r}")
    return tuple(str(item.value) for item in items)


def _spoken(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


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
