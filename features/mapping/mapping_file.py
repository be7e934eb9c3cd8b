"""`mappings.yaml`: how files become events, each mapping once; errors name file, line, given and allowed."""

import hashlib
from collections.abc import Mapping as Dict
from pathlib import Path
from zoneinfo import ZoneInfo

import orjson

from decisioning.condition import Condition, compile_condition
from decisioning.errors import CatalogError
from features.contract.contract_file import RULE_OPTIONS, flag, place_of, rule_of, word
from features.contract.rule import TYPES as RULE_TYPES
from features.contract.rule import FieldRule
from features.declaration import only
from features.located import Located, read_located
from features.mapping.column import Column
from features.mapping.conversion import TYPES
from features.mapping.event_file import event_of
from features.mapping.mapping import Lookup, Mapping, Skip
from features.mapping.reading import text, texts

COLUMN_OPTIONS = ("type", "missing", "format", "timezone", "decimal_comma", "words")
OPTIONS = ("files", "source", "columns", "lookups", "skip", "events", "delimiter", "encoding", "description")


def read_mappings(path: Path) -> dict[str, Mapping]:
    """The mappings of a workspace by name; none where the file does not exist. Raises `FeatureFileError`."""
    if not path.exists():
        return {}
    top = read_located(path).entries("mappings.yaml")
    only(top, ("mappings",), of="mappings.yaml")
    entries = top["mappings"].entries("mappings") if "mappings" in top else {}
    return {name: _mapping(name, held) for name, held in entries.items()}


def _mapping(name: str, held: Located) -> Mapping:
    of = f"mapping {name!r}"
    options = held.entries(of)
    only(options, OPTIONS, of=of)
    columns = options["columns"].entries(f"{of}: columns") if "columns" in options else {}
    rules = {column: _rule(column, inner, of) for column, inner in columns.items()}
    mapping = Mapping(
        name,
        source=text(options.get("source"), f"{of}: source", default=name),
        files=texts(options.get("files"), f"{of}: files"),
        columns={column: _column(column, inner, of) for column, inner in columns.items()},
        checks={column: rule for column, rule in rules.items() if rule is not None},
        lookups=tuple(_lookup(each, of) for each in _items(options, "lookups", of)),
        skips=tuple(_skip(each, of) for each in _items(options, "skip", of)),
        events=tuple(event_of(each, of) for each in _items(options, "events", of)),
        delimiter=text(options.get("delimiter"), f"{of}: delimiter", default=","),
        encoding=text(options.get("encoding"), f"{of}: encoding", default="utf-8"),
        fingerprint=hashlib.blake2b(orjson.dumps(held.plain(), default=str), digest_size=8).hexdigest(),
    )
    _check(mapping, held, of)
    return mapping


def _check(mapping: Mapping, held: Located, of: str) -> None:
    if len({event.per for event in mapping.events if event.per}) > 1:
        held.fail(f"{of}: events are grouped by the same columns `per`, or not at all")
    labels = [event.label for event in mapping.events]
    if len(set(labels)) < len(labels):
        held.fail(f"{of}: events of one name need a `label` each, given {labels}")
    if len(mapping.delimiter) != 1:
        held.fail(f"{of}: delimiter must be one character, given {mapping.delimiter!r}")
    try:
        "".encode(mapping.encoding)
    except LookupError:
        held.fail(f"{of}: unknown encoding {mapping.encoding!r}, such as utf-8 or cp1252")


def _items(options: Dict[str, Located], name: str, of: str) -> list[Located]:
    return options[name].items(f"{of}: {name}") if name in options else []


def _column(name: str, held: Located, of: str) -> Column:
    if isinstance(held.value, str):
        return Column(name, word(held, TYPES, f"{of}: column {name!r}", default=""), rule=place_of(held))
    of = f"{of}: column {name!r}"
    options = held.entries(of)
    only(options, (*COLUMN_OPTIONS, *RULE_OPTIONS), of=of)
    column = Column(
        name,
        type=word(options.get("type"), TYPES, f"{of}: type", default="text"),
        missing=frozenset(texts(options.get("missing"), f"{of}: missing")),
        form=text(options.get("format"), f"{of}: format", default=""),
        zone=_zone(options.get("timezone"), of),
        comma=flag(options.get("decimal_comma"), f"{of}: decimal_comma"),
        words=_words(options.get("words"), of),
        rule=place_of(held),
    )
    if column.type != "timestamp" and (column.form or column.zone):
        held.fail(f"{of}: format and timezone are of a timestamp, not of type {column.type!r}")
    return column


def _rule(name: str, held: Located, of: str) -> FieldRule | None:
    """What the table must hold in this column; None where nothing is asked of it."""
    if isinstance(held.value, str):
        return None
    asked = {option: inner for option, inner in held.entries(of).items() if option in RULE_OPTIONS}
    if asked.keys() <= {"type"}:
        return None
    kind = text(asked.get("type"), f"{of}: column {name!r}: type", default="text")
    asked["type"] = Located(kind if kind in RULE_TYPES and kind != "timestamp" else "", held.file, held.line)
    if not asked["type"].value:
        del asked["type"]
    return rule_of(name, Located(asked, held.file, held.line), f"{of}: column {name!r}")


def _zone(held: Located | None, of: str) -> str:
    name = text(held, f"{of}: timezone", default="")
    if held is not None:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            held.fail(f"{of}: unknown timezone {name!r}, such as UTC or Europe/London")
    return name


def _words(held: Located | None, of: str) -> dict[str, object]:
    return {name: inner.plain() for name, inner in held.entries(f"{of}: words").items()} if held else {}


def _lookup(held: Located, of: str) -> Lookup:
    of = f"{of}: a lookup"
    options = held.entries(of)
    only(options, ("file", "on", "take"), of=of)
    file = text(options.get("file"), f"{of}: file", default="")
    on, take = texts(options.get("on"), f"{of}: on"), texts(options.get("take"), f"{of}: take")
    if not (file and on and take):
        held.fail(f"{of} needs file, on and take, given {', '.join(options)}")
    return Lookup(file, on, take)


def _skip(held: Located, of: str) -> Skip:
    of = f"{of}: a rule to skip rows"
    options = held.entries(of)
    only(options, ("rule", "when", "description"), of=of)
    if "rule" not in options or "when" not in options:
        held.fail(f"{of} needs its name in rule, and when it holds, given {', '.join(options)}")
    return Skip(text(options["rule"], f"{of}: rule", default=""), condition_of(options["when"], of))


def condition_of(held: Located, of: str) -> Condition:
    """A condition over columns; FeatureFileError where it cannot be read."""
    try:
        return compile_condition(text(held, f"{of}: when", default=""))
    except CatalogError as error:
        held.fail(f"{of}: {error.message}")
