"""Row 46 of the reliability list, for callers: who was written against an earlier contract is served by this one.

`tests/golden/openapi_*.json` are the contracts of earlier versions. A request may gain optional fields and lose none;
an answer may gain fields and lose none; a route and its kinds of access stay.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from serving.openapi import describe
from serving.routes import ROUTES

GOLDEN = sorted((Path(__file__).parents[1] / "golden").glob("openapi_*.json"))
NOW = describe(ROUTES, version="now")
HEART = ("type", "format", "pattern", "const")
LIMITS = {"maxLength": 1, "maximum": 1, "maxItems": 1, "minLength": -1, "minimum": -1, "minItems": -1}
"""What bounds a request, and in which direction it may move."""


def breaks(before: dict, after: dict) -> Iterator[str]:
    """Everything by which a contract breaks who was written against an earlier one."""
    for path, methods in before["paths"].items():
        for method, operation in methods.items():
            found = after["paths"].get(path, {}).get(method)
            if found is None:
                yield f"{method} {path} is gone"
            else:
                yield from _operation_breaks(f"{method} {path}", (before, operation), (after, found))


def _operation_breaks(where, before, after):
    (old, was), (new, now) = before, after
    if [each for each in was["security"] if each not in now["security"]]:
        yield f"{where}: a way to say who calls is gone"
    if "requestBody" in was:
        yield from schema_breaks(
            f"{where} request", (old, body(was["requestBody"])), (new, body(now["requestBody"])), request=True
        )
    for status, answer in was["responses"].items():
        given = now["responses"].get(status)
        if given is None:
            yield f"{where}: status {status} is not documented any more"
        elif status == "200":
            yield from schema_breaks(f"{where} answer", (old, body(answer)), (new, body(given)), request=False)


def body(part):
    return next(iter(part["content"].values()))["schema"]


def resolved(document, schema):
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return schema


def schema_breaks(where, before, after, *, request, depth=0):
    (old, was), (new, now) = before, after
    was, now = resolved(old, was), resolved(new, now)
    if depth > 12:
        return
    changed = [key for key in HEART if key in was and was.get(key) != now.get(key)]
    yield from (f"{where}: {key} was {was[key]!r}, is {now.get(key)!r}" for key in changed)
    if request:
        yield from _narrowed(where, was, now)
    for name, inner in was.get("properties", {}).items():
        if name not in now.get("properties", {}):
            yield f"{where}: field {name} is gone"
        else:
            pair = (old, inner), (new, now["properties"][name])
            yield from schema_breaks(f"{where}.{name}", *pair, request=request, depth=depth + 1)
    required = set(now.get("required", [])) - set(was.get("required", []))
    if request and required:
        yield f"{where}: {', '.join(sorted(required))} became required"
    lost = set(was.get("required", [])) - set(now.get("required", []))
    if not request and lost:
        yield f"{where}: {', '.join(sorted(lost))} may be missing now"
    if "items" in was:
        yield from schema_breaks(
            f"{where}[]", (old, was["items"]), (new, now.get("items", {})), request=request, depth=depth + 1
        )


def _narrowed(where, was, now):
    for key, sign in LIMITS.items():
        if key in now and (key not in was or sign * now[key] < sign * was[key]):
            yield f"{where}: {key} was {was.get(key)}, is {now[key]}"
    gone = [value for value in was.get("enum", []) if value not in now.get("enum", [])]
    if gone:
        yield f"{where}: {gone} is not allowed any more"


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_who_was_written_against_an_earlier_contract_is_served_by_this_one(path):
    assert list(breaks(json.loads(path.read_text()), NOW)) == []


def changed(change):
    document = json.loads(json.dumps(NOW))
    change(document)
    return list(breaks(NOW, document))


def the_decision_body(document):
    return resolved(document, body(document["paths"]["/v1/decisions"]["post"]["requestBody"]))


def test_the_gate_sees_a_lost_route_a_lost_field_and_a_new_duty():
    assert changed(lambda document: document["paths"].pop("/v1/outcomes")) == ["post /v1/outcomes is gone"]
    assert changed(lambda document: the_decision_body(document)["properties"].pop("limit")) == [
        "post /v1/decisions request: field limit is gone"
    ]
    assert changed(lambda document: the_decision_body(document)["required"].append("limit")) == [
        "post /v1/decisions request: limit became required"
    ]
    assert changed(lambda _: None) == []
