"""One entry of `journeys.yaml`, read option by option."""

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches

from decisioning.condition import Condition, compile_condition
from decisioning.condition_tree import CONTEXT
from decisioning.errors import CatalogError
from features.declaration import NAME, Declaration, only
from features.feature import Feature
from features.located import Located


class Known:
    """What entries may name. Parameters: `features`, those that conditions may read; `goals`, by name."""

    def __init__(self, features: Iterable[Feature], goals: Mapping[str, str]) -> None:
        self.features = {feature.name: feature for feature in features}
        self.goals = goals
        self.vocabulary = {name: feature.one_of for name, feature in self.features.items() if feature.one_of}


class Entry(Declaration):
    """An entry of the file that a key names. Parameters: `label`, what errors call it; `allowed`, its options."""

    def __init__(self, entry: Located, label: str, allowed: tuple[str, ...]) -> None:
        self.entry = entry
        self.label = label
        self.options = entry.entries(label)
        only(self.options, allowed, of=label)

    def number(self, option: str, *, low: float, high: float) -> float | None:
        """A number between two others, both allowed; None where the option is missing."""
        if option not in self.options:
            return None
        held = self.options[option]
        if isinstance(held.value, bool) or not isinstance(held.value, int | float) or not low <= held.value <= high:
            self.fail(f"{option} must be a number from {low:g} to {high:g}, given {held.plain()!r}", held)
        return float(held.value)

    def flag(self, option: str) -> bool:
        """True or false; false where it is missing."""
        held = self.options.get(option)
        if held is not None and not isinstance(held.value, bool):
            self.fail(f"{option} must be true or false, given {held.plain()!r}", held)
        return bool(held and held.value)

    def goal(self, known: Known) -> str:
        """The name of a declared goal, or ""."""
        name = self.text("goal", "")
        if name and name not in known.goals:
            self.fail(f"unknown goal {name!r}; declared: {', '.join(known.goals) or 'none'}", self.options["goal"])
        return name

    def feature(self, option: str, known: Known, default: str = "") -> str:
        """The name of a numeric feature, or the default."""
        return self._numeric(self.options[option], known) if option in self.options else default

    def feature_list(self, option: str, known: Known) -> tuple[str, ...]:
        """The names of numeric features; none where the option is missing."""
        held = self.options.get(option)
        return tuple(self._numeric(item, known) for item in held.items(option)) if held else ()

    def _numeric(self, held: Located, known: Known) -> str:
        feature = known.features.get(str(held.value))
        if feature is None:
            near = get_close_matches(str(held.value), known.features, n=3)
            self.fail(f"unknown feature {held.plain()!r}; nearest are {', '.join(near) or 'none'}", held)
        elif feature.kind != "number":
            self.fail(f"feature {feature.name!r} is no number", held)
        return str(held.value)

    def condition(self, option: str, known: Known) -> Condition:
        """A condition over features alone; a journey has no context."""
        return self.condition_at(self.need(option), known)

    def condition_at(self, held: Located, known: Known) -> Condition:
        """As `condition`, where it stands."""
        if not isinstance(held.value, str):
            self.fail(f"a condition must be a text, given {held.plain()!r}", held)
        try:
            condition = compile_condition(held.value, known=known.features)
        except CatalogError as error:
            held.fail(f"{self.label}: {error.message}")
        for name in sorted(condition.names):
            if name.startswith(CONTEXT):
                self.fail(f"a stage has no context, given {name!r}", held)
        return condition


def named(section: Located | None, what: str) -> Iterator[tuple[str, Located]]:
    """The entries of a section, whose keys must be lower-case words."""
    for name, held in section.entries(what).items() if section else ():
        if not NAME.fullmatch(name):
            held.fail(f"{what}: a name is lower-case words joined by single underscores, given {name!r}", field=name)
        yield name, held
