"""Requests that nobody sends on purpose: what schemathesis makes of the contract, and damaged copies of each."""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from pydantic import ValidationError
from schemathesis import GenerationMode

from serving import answers
from serving.openapi import describe, errors_of
from serving.route import Route
from serving.routes import ROUTES

ODD = [
    b"NaN", b"-Infinity", b"1e999", b"-0", b"9" * 400, b"0.1e-400", b"null", b"true", b"[]", b"{}", b'""', b'"\\ud800"',
    b'"\\u0000"', b'"' + b"x" * 300 + b'"', b"[" * 40 + b"]" * 40, b'{"a":1,"a":2}', b"\xff", b"\x00", b"\xef\xbb\xbf",
]  # fmt: skip
"""What may stand in a body where something else should."""
KNOWN = {
    "placement": "web_home", "request_id": "r-1", "decision_id": "d_1", "purpose": "marketing", "action": "coffee",
    "customer": {"user_id": "ada"}, "userId": "ada",
}  # fmt: skip
"""Members that let a request come further than its first check."""


@dataclass(frozen=True)
class Sent:
    """One request. Parameters: `path`, filled in; `body`, as bytes; `kind`, its content type."""

    route: Route
    path: str
    body: bytes
    kind: str = "application/json"


def requests(n: int, copies: int) -> Iterator[Sent]:
    """Cases of every operation, right ones and wrong ones, each followed by copies that are seasoned or damaged.

    At least n where hypothesis finds enough different cases; what takes no body has no copies.
    """
    n_posts = sum(route.method == "POST" for route in ROUTES)
    rng = random.Random(20261126)  # noqa: S311  # damage, not cryptography
    document = schemathesis.openapi.from_dict(describe(ROUTES, version="fuzzed"))
    operations = [each.ok() for each in document.get_all_operations()]
    by_path = {(route.method, route.path): route for route in ROUTES}
    for operation in operations:
        route = by_path[operation.method.upper(), operation.path]
        for case in _cases(operation, 2 + n * 5 // (4 * n_posts * (copies + 1))):
            if case.formatted_path.endswith("/"):
                continue  # an empty name in a path is another path
            first = Sent(route, case.formatted_path, _bytes(case), case.media_type or "application/json")
            yield first
            for _ in range(copies if route.method == "POST" else 0):
                body = _seasoned(first.body, rng) if rng.random() < 0.3 else first.body
                yield Sent(route, first.path, _damaged(body, rng) if rng.random() < 0.7 else body)


def _cases(operation, n):
    found = []
    modes = [GenerationMode.POSITIVE, *([GenerationMode.NEGATIVE] if operation.method.upper() == "POST" else [])]
    for mode in modes:

        @given(operation.as_strategy(generation_mode=mode))
        @settings(
            max_examples=max(1, n // len(modes)), deadline=None, database=None, derandomize=True,
            phases=[Phase.generate], suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        def collect(case):
            found.append(case)

        collect()
    return found


def _bytes(case):
    body = case.body
    if isinstance(body, bytes):
        return body
    try:
        return json.dumps(body, default=str).encode("utf-8", "surrogatepass")
    except (TypeError, ValueError):
        return repr(body).encode("utf-8", "replace")


def _seasoned(body, rng):
    """The body with members that name something known, so that it is read on."""
    try:
        read = json.loads(body)
    except ValueError:
        return body
    if not isinstance(read, dict):
        return body
    read.update({name: value for name, value in KNOWN.items() if name in read})
    for each in (each for some in (read.get("outcomes"), read.get("batch")) if isinstance(some, list) for each in some):
        if isinstance(each, dict):
            each.update({name: value for name, value in KNOWN.items() if name in each or rng.random() < 0.1})
    return json.dumps(read).encode("utf-8", "surrogatepass")


def _damaged(body, rng):
    """The body cut, doubled, or with something else in it."""
    at, to = sorted((rng.randrange(len(body) + 1), rng.randrange(len(body) + 1)))
    return rng.choice(
        [
            body[:at],
            body[:at] + rng.choice(ODD) + body[at:],
            body[:at] + rng.choice(ODD) + body[to:],
            body[:to] + body[at:],
            body[:at] + bytes([rng.randrange(256)]) + body[at + 1 :],
        ]
    )


def problem_of(route: Route, status: int, body: bytes) -> str:
    """How an answer breaks the contract; empty where it does not."""
    if status >= 500:
        return f"status {status}"
    if status != route.status and status not in errors_of(route):
        return f"status {status} is not documented"
    error = answers.SegmentErrorAnswer if route.access == "segment" else answers.ErrorAnswer
    shape = route.gives if status == route.status else error
    try:
        if shape is not None:
            shape.model_validate_json(body)
    except ValidationError as wrong:
        return f"status {status} has another shape: {wrong.errors(include_input=False)[0]}"
    return ""
