"""`features.yaml`: a workspace's own features, each declared once; errors name file, line, given and allowed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from features.declaration import Declaration, only
from features.declared_primitive import PRIMITIVES
from features.feature import OWN, Feature, Kind
from features.generated import BY_DEFAULT, RESPONSES, Generate, slug
from features.located import Located, read_located

COMMON = ("name", "view", "primitive", "kind", "one_of", "description", "default", "purpose", "owner")


@dataclass(frozen=True, slots=True)
class DeclaredFeatures:
    """What a features file holds: features in order, times to live by view, what is generated, groups as they stand.

    Parameters: `standard`, the names of the built-in features that are kept (None: all).
    """

    features: tuple[Feature, ...] = ()
    ttl: Mapping[str, timedelta] = field(default_factory=dict)
    generate: Generate = field(default_factory=Generate)
    groups: Located | None = None
    standard: frozenset[str] | None = None


def read_feature_file(path: Path, *, taken: frozenset[str] = frozenset()) -> DeclaredFeatures:
    """Read the declarations of a workspace.

    Parameters: `taken`, names that built-in features have already. Raises `FeatureFileError`.
    """
    top = read_located(path).entries("a features file")
    only(top, ("features", "views", "generate", "groups", "standard"), of="a features file")
    declared: dict[str, Feature] = {}
    for entry in top["features"].items("features") if "features" in top else []:
        feature = _feature(Declaration(entry))
        if feature.name in taken or feature.name in declared:
            where = "is built in" if feature.name in taken else "is declared twice"
            entry.fail(f"feature {feature.name!r} {where}; choose another name", field=feature.name)
        declared[feature.name] = feature
    generate = _generate(top.get("generate"))
    ttl, standard = _ttl(top.get("views")), _standard(top.get("standard"), taken)
    return DeclaredFeatures(tuple(declared.values()), ttl, generate, top.get("groups"), standard)


def _standard(held: Located | None, known: frozenset[str]) -> frozenset[str] | None:
    if held is None:
        return None
    named = {str(item.plain()): item for item in held.items("standard")}
    for name in named.keys() - known:
        named[name].fail(f"standard: no built-in feature is called {name!r}; docs/features.md lists them all")
    return frozenset(named)


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
        default=entry.default(one_of),
        purpose=entry.text("purpose", ""),
        owner=entry.text("owner", OWN),
    )


def _generate(held: Located | None) -> Generate:
    if held is None:
        return Generate()
    options = held.entries("generate")
    only(options, ("responses", "categories"), of="generate")
    responses = _names(options["responses"], "responses") if "responses" in options else BY_DEFAULT
    for name in set(responses) - set(RESPONSES):
        options["responses"].fail(f"responses: unknown {name!r}; allowed: {', '.join(RESPONSES)}")
    return Generate(responses, _names(options["categories"], "categories") if "categories" in options else ())


def _names(held: Located, what: str) -> tuple[str, ...]:
    given = [item.plain() for item in held.items(what)]
    if len({slug(str(each)) for each in given} - {""}) < len(given) or not all(isinstance(each, str) for each in given):
        held.fail(f"{what} must list different words, given {given}")
    return tuple(given)


def _kind(entry: Declaration) -> tuple[Kind, tuple[str, ...]]:
    chosen, one_of = entry.choice("kind", ("number", "category"), "number"), entry.words("one_of")
    if (chosen == "category") != bool(one_of):
        entry.fail("a category needs one_of, and only a category has it")
    if chosen == "category" and entry.options["primitive"].value not in ("trait", "last_value"):
        entry.fail(f"a category is a trait or a last_value, given {entry.options['primitive'].value!r}")
    if _says_when(entry):
        return "moment", one_of
    return ("category" if chosen == "category" else "number"), one_of


def _says_when(entry: Declaration) -> bool:
    """Whether what it reads is a moment."""
    primitive = str(entry.options["primitive"].value)
    if primitive not in ("trait", "last_value"):
        return primitive == "last_moment"
    return "reading" in entry.options and str(entry.options["reading"].value) == "moment"


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
