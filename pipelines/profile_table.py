"""A profile for people: tables of what is known, and where it is from."""

import io
import json
import shutil
from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

WIDTH = 120
"""Columns where the output is no terminal."""


def profile_in_words(document: Mapping[str, Any], *, features: bool = False) -> str:
    """The profile as tables, as wide as the terminal is; with `features`, also those that are known and not 0."""
    written = io.StringIO()
    console = Console(file=written, width=shutil.get_terminal_size((WIDTH, 0)).columns, force_terminal=False)
    console.print(f"{document['customer_id']} as of {document['as_of']}", highlight=False)
    names = ", ".join(f"{each['kind']}:{each['value']}" for each in document["identifiers"])
    console.print(f"known by {names}", markup=False, highlight=False)
    for table in _tables(document, features=features):
        if table.row_count:
            console.print(table)
    return "\n".join(line.rstrip() for line in written.getvalue().splitlines())


def _tables(document: Mapping[str, Any], *, features: bool) -> Iterable[Table]:
    yield _table("fields", ("field", "value", "rule", "source", "from", "message"), _fields(document["fields"]))
    yield _table("consents", _CONSENT, map(_consent, document["consents"]))
    yield _table("consent history", _CONSENT, map(_consent, document.get("consent_history", ())))
    known = ((name, _short(value)) for name, value in document["features"].items() if value and features)
    yield _table("groups", ("group", "since", "members", "traits"), map(_group, document["groups"]))
    standing = (each for each in document["journeys"] if each["stage"] or each["inactive"])
    yield _table("journeys", ("journey", "stage", "since", "score"), map(_journey, standing))
    yield _table("features", ("feature", "value"), known)
    yield _table("holds", ("hold", "issues", "until"), map(_hold, document["holds"]))
    yield _table("planned", ("at", "placement", "trigger", "decision", "actions"), map(_planned, document["planned"]))
    headings = ("decision", "at", "placement", "chosen", "contacts")
    yield _table("decisions", headings, map(_decision, document["decisions"]))


def _table(title: str, headings: Iterable[str], rows: Iterable[tuple[str, ...]]) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for heading in headings:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*map(escape, row))
    return table


def _fields(fields: Mapping[str, Mapping[str, Any]]) -> Iterable[tuple[str, ...]]:
    for name, field in fields.items():
        yield name, *_field(field)
        for losing in field.get("losing", ()):
            yield "  instead of", *_field(losing)


def _field(field: Mapping[str, Any]) -> tuple[str, ...]:
    value = _short(field["value"])
    if "raw" in field:
        value += f" (sent: {_short(field['raw'])})"
    if "note" in field:
        value += f" ({field['note']})"
    rule = f"{field['rule']} by {field['by']}: {field['why']}" if "by" in field else field["rule"]
    return value, rule, field["source"], field["occurred_at"], field["message_id"]


_CONSENT = ("purpose", "channel", "answer", "given", "how", "text", "message")


def _consent(said: Mapping[str, Any]) -> tuple[str, ...]:
    text = ", ".join(f"{part} {value}" for part, value in said["text"].items())
    answer = "yes" if said["granted"] else "no"
    how = said["method"] or f"by {said['source']}"
    return said["purpose"], said["channel"] or "all", answer, said["occurred_at"], how, text, said["message_id"]


def _group(said: Mapping[str, Any]) -> tuple[str, ...]:
    traits = ", ".join(f"{name} {_short(value)}" for name, value in said["traits"].items())
    return said["group_id"], said["since"], str(said["members"]), traits


def _journey(said: Mapping[str, Any]) -> tuple[str, ...]:
    stage = f"{said['stage'] or 'none'}{' (inactive)' if said['inactive'] else ''}"
    return said["journey"], stage, said["since"] or "", "" if said["score"] is None else f"{said['score']:.1f}"


def _hold(said: Mapping[str, Any]) -> tuple[str, ...]:
    return said["name"], ", ".join(said["issues"]) or "all", said["until"] or "until released"


def _planned(said: Mapping[str, Any]) -> tuple[str, ...]:
    actions = ", ".join(said["actions"]) or "to be decided"
    return said["at"], said["placement"], said["trigger"] or "", said["decision_id"] or "", actions


def _decision(said: Mapping[str, Any]) -> tuple[str, ...]:
    contacts = ", ".join(_contact(each) for each in said["contacts"])
    return said["decision_id"], said["decided_at"], said["placement"], said["chosen"], contacts


def _contact(said: Mapping[str, Any]) -> str:
    return " ".join((said["action"], *filter(None, [said["state"]]), *said["outcomes"]))


def _short(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
