"""`groups` in `features.yaml`: the kinds of groups whose members count for each other, and what is told of them."""

from collections.abc import Iterable, Mapping

from features.declaration import NAME, Declaration, only
from features.feature import OWN, Feature
from features.group.standard import HOUSEHOLD, LOWEST, SIZE, TOGETHER, GroupKind, GroupTrait
from features.located import Located
from features.standard.stating import PROFILING

_OPTIONS = ("features", "lowest", "traits", "consent")
_TRAIT = ("name", "description", "one_of", "default", "purpose", "owner")
_CONSENT: Mapping[str, bool] = {"opt_in": True, "opt_out": False}
"""What makes a member count for the others: a yes, or that there is no no."""


def read_groups(held: Located | None, features: Iterable[Feature]) -> tuple[GroupKind, ...]:
    """The kinds of groups: a list of words, or by word what it has besides what every kind has; households by default.

    Parameters: `features`, those that may be named. Raises `FeatureFileError`.
    """
    if held is None:
        return (HOUSEHOLD,)
    known = {feature.name: feature for feature in features}
    if isinstance(held.value, list):
        kinds = [GroupKind(_kind(item.plain(), item)) for item in held.value]
    else:
        kinds = [_read(_kind(word, each), each, known) for word, each in held.entries("groups").items()]
    if len({kind.name for kind in kinds}) < len(kinds):
        held.fail("groups: a kind is given twice")
    return tuple(kinds)


def _kind(word: object, held: Located) -> str:
    if not isinstance(word, str) or not NAME.fullmatch(word):
        held.fail(f"groups: a kind is lower-case words joined by single underscores, given {word!r}")
    return word


def _read(kind: str, held: Located, known: Mapping[str, Feature]) -> GroupKind:
    options = held.entries(f"group {kind!r}")
    only(options, _OPTIONS, of=f"group {kind!r}")
    traits = options["traits"].items("traits") if "traits" in options else ()
    return GroupKind(
        kind,
        _besides(TOGETHER, options.get("features"), known),
        _besides(LOWEST, options.get("lowest"), known, is_number=True),
        _traits(traits),
        _needs_yes(options.get("consent")),
    )


def _needs_yes(held: Located | None) -> bool:
    if held is None:
        return True
    if held.value not in _CONSENT:
        held.fail(f"unknown consent {held.plain()!r}; allowed: {', '.join(_CONSENT)}")
    return _CONSENT[held.value]


def _besides(
    standard: tuple[str, ...], held: Located | None, known: Mapping[str, Feature], *, is_number: bool = False
) -> tuple[str, ...]:
    names = list(standard)
    for item in held.items("features of a group") if held else ():
        feature = known.get(str(item.plain()))
        if feature is None or (is_number and feature.kind != "number"):
            item.fail(f"{item.plain()!r} is no {'numeric ' if is_number else ''}feature of a customer")
        names.append(feature.name)
    return tuple(dict.fromkeys(names))


def _traits(items: Iterable[Located]) -> tuple[GroupTrait, ...]:
    traits = {trait.trait: trait for trait in (SIZE, *(_trait(Declaration(item)) for item in items))}
    return tuple(traits.values())


def _trait(entry: Declaration) -> GroupTrait:
    only(entry.options, _TRAIT, of=entry.label)
    one_of = entry.words("one_of")
    return GroupTrait(
        entry.word("name"),
        entry.text("description"),
        one_of,
        entry.default(one_of),
        entry.text("purpose", PROFILING),
        entry.text("owner", OWN),
    )
