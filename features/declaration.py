"""One entry of `features.yaml`, read option by option; every refusal says what was given and what is allowed."""

import re
from collections.abc import Iterable, Mapping

from decisioning.customer import FeatureValue
from features.located import Located
from features.selector import Plain, Selector

FACT_TYPES = ("identify", "track", "page", "screen", "alias", "group", "outcome")
NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


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
            ahead = isinstance(held.value, int | float) and held.value < 0
            reason = "; a feature that looks ahead would read the future" if ahead else ""
            self.fail(f"{option} must be a number above 0, given {held.plain()!r}{reason}", held)
        return float(held.value)

    def words(self, option: str) -> tuple[str, ...]:
        """A list of different texts; none where the option is missing."""
        if option not in self.options:
            return ()
        held = self.options[option]
        given = [spoken(item.plain()) for item in held.items(option)]
        if not given or len(set(given)) < len(given):
            self.fail(f"{option} must list different words, given {given}", held)
        return tuple(given)

    def default(self, one_of: tuple[str, ...]) -> FeatureValue:
        """What stands where nothing is known: a number, or of a category one of its words; None where none is given."""
        if "default" not in self.options:
            return None
        held = self.options["default"]
        if one_of and spoken(held.value) in one_of:
            return spoken(held.value)
        if one_of:
            self.fail(f"unknown default {held.value!r}; allowed: {', '.join(one_of)}", held)
        if isinstance(held.value, bool) or not isinstance(held.value, int | float):
            self.fail(f"default must be a number, given {held.plain()!r}", held)
        return float(held.value)

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
        only(inner, ("type", "name"), of=f"{self.label}: {option}")
        if "type" not in inner:
            self.fail(f"{option} needs a type; allowed: {', '.join(FACT_TYPES)}", held)
        types, names = _listed(inner["type"]), _listed(inner["name"]) if "name" in inner else ()
        for given in set(types) - set(FACT_TYPES):
            self.fail(f"unknown type {given!r}; allowed: {', '.join(FACT_TYPES)}", inner["type"])
        return Selector(types, names, self.where())


def only(given: Mapping[str, Located], allowed: tuple[str, ...], *, of: str) -> None:
    """Refuse options that are not allowed; `of` says whose they are."""
    for name in given:
        if name not in allowed:
            given[name].fail(f"{of}: unknown option {name!r}; allowed: {', '.join(allowed)}", field=name)


def _listed(held: Located) -> tuple[str, ...]:
    items = held.value if isinstance(held.value, list) else [held]
    for item in items:
        if not isinstance(item.value, str) or not item.value:
            held.fail(f"must be a text or a list of texts, given {held.plain()!r}")
    return tuple(str(item.value) for item in items)


def spoken(value: object) -> str:
    """A word as features compare it: truth values in lower case, as YAML writes them."""
    return str(value).lower() if isinstance(value, bool) else str(value)
