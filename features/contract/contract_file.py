"""`events.yaml`: what is agreed of events, each name once; errors name file, line, given and allowed."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar, cast, get_args

from features.contract.contract import Contract, Contracts, Mode, Unknown
from features.contract.rule import RANGED, TYPES, FieldRule
from features.declaration import only
from features.located import Located, read_located

RULE_OPTIONS = ("type", "required", "min", "max", "one_of", "pattern")
Word = TypeVar("Word", bound=str)


def read_contracts(path: Path) -> Contracts:
    """Read the contracts of a workspace. Raises `FeatureFileError`."""
    top = read_located(path).entries("events.yaml")
    only(top, ("unknown", "mode", "events", "traits"), of="events.yaml")
    mode = word(top.get("mode"), get_args(Mode), "mode", default="reject")
    entries = top["events"].entries("events") if "events" in top else {}
    return Contracts(
        {name: _contract(held, mode, f"event {name!r}") for name, held in entries.items()},
        traits=_contract(top["traits"], mode, "traits") if "traits" in top else None,
        unknown=cast("Unknown", word(top.get("unknown"), get_args(Unknown), "unknown", default="allow")),
    )


def _contract(held: Located, mode: str, of: str) -> Contract:
    options = held.entries(of)
    only(options, ("mode", "closed", "fields", "description"), of=of)
    fields = options["fields"].entries(f"{of}: fields") if "fields" in options else {}
    return Contract(
        tuple(rule_of(name, inner, f"{of}: field {name!r}") for name, inner in fields.items()),
        mode=cast("Mode", word(options.get("mode"), get_args(Mode), f"{of}: mode", default=mode)),
        closed=flag(options.get("closed"), f"{of}: closed"),
        declared_at=place_of(held),
    )


def rule_of(name: str, held: Located, of: str) -> FieldRule:
    """The rule of one field. Parameters: `of`, whose it is, for errors."""
    options = held.entries(of)
    only(options, RULE_OPTIONS, of=of)
    rule = FieldRule(
        name,
        type=word(options.get("type"), TYPES, f"{of}: type", default=""),
        required=flag(options.get("required"), f"{of}: required"),
        minimum=_bound(options.get("min"), f"{of}: min"),
        maximum=_bound(options.get("max"), f"{of}: max"),
        one_of=_listed(options.get("one_of"), f"{of}: one_of"),
        pattern=_pattern(options.get("pattern"), f"{of}: pattern"),
        declared_at=place_of(held),
    )
    _check_fits(rule, held, of)
    return rule


def _check_fits(rule: FieldRule, held: Located, of: str) -> None:
    bounded = rule.minimum is not None or rule.maximum is not None
    if bounded and rule.type not in RANGED:
        held.fail(f"{of}: min and max need a type of {' or '.join(RANGED)}, given {rule.type or 'none'!r}")
    if rule.minimum is not None and rule.maximum is not None and rule.minimum > rule.maximum:
        held.fail(f"{of}: min {rule.minimum:g} is above max {rule.maximum:g}")
    if rule.pattern and rule.type not in ("", "text"):
        held.fail(f"{of}: a pattern is of a text, not of type {rule.type!r}")


def place_of(held: Located) -> str:
    """File and line of a declaration, without the folder."""
    return f"{held.file.name}:{held.line}"


def word(held: Located | None, allowed: Iterable[str], of: str, *, default: str) -> str:
    """One of the words allowed, or the default."""
    if held is None:
        return default
    names = tuple(allowed)
    if held.value not in names:
        held.fail(f"{of} is {held.plain()!r}; allowed: {', '.join(names)}")
    return str(held.value)


def flag(held: Located | None, of: str) -> bool:
    """True or false; false where it is not given."""
    if held is not None and not isinstance(held.value, bool):
        held.fail(f"{of} is true or false, given {held.plain()!r}")
    return held is not None and bool(held.value)


def _bound(held: Located | None, of: str) -> float | None:
    if held is None:
        return None
    if isinstance(held.value, bool) or not isinstance(held.value, int | float) or held.value != held.value:
        held.fail(f"{of} must be a number, given {held.plain()!r}")
    return float(held.value)


def _listed(held: Located | None, of: str) -> tuple[Any, ...]:
    if held is None:
        return ()
    given = tuple(item.value for item in held.items(of))
    if not given or not all(isinstance(each, str | int | float | bool) for each in given):
        held.fail(f"{of} must list words or numbers, given {held.plain()!r}")
    return given


def _pattern(held: Located | None, of: str) -> str:
    if held is None:
        return ""
    try:
        re.compile(held.value)
    except (re.error, TypeError) as error:
        held.fail(f"{of} must be a regular expression, given {held.plain()!r}: {error}")
    return str(held.value)
