"""One event of a mapping, as `mappings.yaml` declares it."""

import re
from collections.abc import Callable, Mapping

from decisioning.condition import Condition, compile_condition
from decisioning.errors import CatalogError
from features.contract.contract_file import word
from features.declaration import only
from features.located import Located
from features.mapping.mapping import BY_CONTENT, BY_ROW, EventMapping
from features.mapping.reading import text, texts
from features.mapping.value import Constant, Count, Listing, OfColumn, Product, Sum, Value, Words
from features.segment import EVENT_TYPES

FIELDS = {
    "user_id": "userId",
    "anonymous_id": "anonymousId",
    "previous_id": "previousId",
    "group_id": "groupId",
    "timestamp": "timestamp",
}
"""The fields of an event that are filled from columns, as a mapping and as the Segment spec write them."""
SAID = ("properties", "traits")
OPTIONS = ("type", "event", "name", *FIELDS, *SAID, "message_id", "when", "per", "label")
MAX_LISTED = 200
"""Rows of a group that a list holds, where the mapping does not say."""
_COLUMN_IN_WORDS = re.compile(r"{([^{}]+)}")


def event_of(held: Located, of: str) -> EventMapping:
    """Read one event. Parameters: `of`, the mapping, for errors. Raises `FeatureFileError`."""
    options = held.entries(f"{of}: an event")
    only(options, OPTIONS, of=f"{of}: an event")
    kind = word(options.get("type"), EVENT_TYPES, f"{of}: type", default="track")
    of = f"{of}: {kind}"
    named = _named(held, options, kind, of)
    said = [name for name in SAID if name in options]
    wanted = "traits" if kind in ("identify", "group") else "properties"
    if said and said != [wanted]:
        held.fail(f"{of}: what it says stands in {wanted}, given {', '.join(said)}")
    inner = options[wanted].entries(f"{of}: {wanted}") if said else {}
    event = EventMapping(
        kind,
        label=text(options.get("label"), f"{of}: label", default=_label(named, kind)),
        fields=named
        | {FIELDS[name]: value_of(each, f"{of}: {name}") for name, each in options.items() if name in FIELDS},
        said={name: value_of(each, f"{of}: {name}") for name, each in inner.items()},
        identify_by=_identify_by(options.get("message_id"), of),
        when=_condition(options.get("when"), of),
        per=texts(options.get("per"), f"{of}: per"),
    )
    if not {"userId", "anonymousId"} & event.fields.keys():
        held.fail(f"{of} needs user_id or anonymous_id, given {', '.join(options)}")
    return event


def _named(held: Located, options: Mapping[str, Located], kind: str, of: str) -> dict[str, Value]:
    """The name of a track event, page or screen: a constant, or `{column: …}`."""
    option = "event" if kind == "track" else "name"
    if option not in options:
        if kind == "track":
            held.fail(f"{of} needs its name in event, given {', '.join(options)}")
        return {}
    given = options[option]
    return {option: Constant(given.value) if isinstance(given.value, str) else value_of(given, f"{of}: {option}")}


def _label(named: Mapping[str, Value], kind: str) -> str:
    constants = [value.value for value in named.values() if isinstance(value, Constant)]
    return str(constants[0]) if constants else kind


def _identify_by(held: Located | None, of: str) -> tuple[str, ...] | str:
    if held is None:
        return BY_CONTENT
    if held.value in (BY_CONTENT, BY_ROW):
        return str(held.value)
    if not isinstance(held.value, list):
        held.fail(f"{of}: message_id is {BY_CONTENT}, {BY_ROW} or a list of columns, given {held.plain()!r}")
    return texts(held, f"{of}: message_id")


def _condition(held: Located | None, of: str) -> Condition | None:
    if held is None:
        return None
    try:
        return compile_condition(text(held, f"{of}: when", default=""))
    except CatalogError as error:
        held.fail(f"{of}: {error.message}")


def value_of(held: Located, of: str) -> Value:
    """A value: the name of a column, a number or truth, or one of the kinds in `_VALUES`."""
    if isinstance(held.value, str):
        return OfColumn(held.value)
    if isinstance(held.value, bool | int | float):
        return Constant(held.value)
    options = held.entries(of)
    known = [name for name in _VALUES if name in options]
    if len(known) != 1:
        held.fail(f"{of} is a column, a number, or one of {', '.join(_VALUES)}; given {held.plain()!r}")
    only(options, (known[0], "limit"), of=of)
    return _VALUES[known[0]](options[known[0]], options, of)


def _words(held: Located, _: Mapping[str, Located], of: str) -> Value:
    pattern = text(held, f"{of}: words", default="")
    columns = tuple(_COLUMN_IN_WORDS.findall(pattern))
    if not columns:
        held.fail(f"{of}: words name columns in braces, such as household-{{household_id}}, given {pattern!r}")
    return Words(pattern, columns)


def _product(held: Located, _: Mapping[str, Located], of: str) -> Value:
    return Product(texts(held, f"{of}: product"))


def _listing(held: Located, options: Mapping[str, Located], of: str) -> Value:
    items = {name: value_of(inner, f"{of}: {name}") for name, inner in held.entries(f"{of}: list").items()}
    limit = options["limit"].value if "limit" in options else MAX_LISTED
    if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
        held.fail(f"{of}: limit must be a whole number above 0, given {limit!r}")
    return Listing(items, limit)


def _column(held: Located, _: Mapping[str, Located], of: str) -> Value:
    return OfColumn(text(held, f"{of}: column", default=""))


def _constant(held: Located, *_: object) -> Value:
    return Constant(held.plain())


def _sum(held: Located, _: Mapping[str, Located], of: str) -> Value:
    return Sum(value_of(held, f"{of}: sum"))


def _count(held: Located, _: Mapping[str, Located], of: str) -> Value:
    if held.value != "rows":
        held.fail(f"{of}: count is of rows, given {held.plain()!r}")
    return Count()


_VALUES: Mapping[str, Callable[[Located, Mapping[str, Located], str], Value]] = {
    "column": _column,
    "constant": _constant,
    "words": _words,
    "product": _product,
    "sum": _sum,
    "count": _count,
    "list": _listing,
}
