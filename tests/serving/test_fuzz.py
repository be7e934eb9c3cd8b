"""Row 24 of the reliability list: whatever is sent, no 5xx, nothing late, no other shape than the contract's."""

import asyncio
import os
from collections import Counter
from urllib.parse import unquote

import pytest
from fuzzing import Sent, problem_of, requests
from in_process import serving

LONGEST = 60.0
"""Seconds after which a request counts as hanging."""


async def asked(app, sent: Sent):
    """The status and the body of the answer to one request, straight through the application."""
    told = []

    async def receive():
        return {"type": "http.request", "body": sent.body, "more_body": False}

    async def send(message):
        told.append(message)

    headers = [(b"content-type", sent.kind.encode("latin-1", "replace")), (b"host", b"tsugi")]
    scope = {
        "type": "http", "http_version": "1.1", "scheme": "http", "method": sent.route.method,
        "path": unquote(sent.path),
        "raw_path": sent.path.encode(), "query_string": b"", "root_path": "", "headers": headers, "state": {},
        "client": ("127.0.0.1", 4711), "server": ("127.0.0.1", 3000), "app": app,
    }  # fmt: skip
    await asyncio.wait_for(app(scope, receive, send), LONGEST)
    return told[0]["status"], b"".join(each.get("body", b"") for each in told[1:])


def fuzzed(folder, n_requests, copies):
    """Every status with how often it came; fails on the first answer that breaks the contract."""

    async def run():
        statuses = Counter()
        async with serving(folder) as http:
            for sent in requests(n_requests, copies):
                status, body = await asked(http._transport.app, sent)
                problem = problem_of(sent.route, status, body)
                assert not problem, f"{problem}: {sent.route.method} {sent.path} {sent.body[:2000]!r} {body[:500]!r}"
                statuses[status] += 1
        return statuses

    return asyncio.run(run())


def test_odd_requests_are_answered_as_the_contract_says(tmp_path):
    statuses = fuzzed(tmp_path, 2_000, copies=19)
    assert statuses[200] > 50
    assert statuses[400] > 500


@pytest.mark.reliability
def test_a_hundred_thousand_odd_requests_are_answered_as_the_contract_says(tmp_path):
    n = int(os.environ.get("TSUGI_FUZZ_REQUESTS", "100000"))
    statuses = fuzzed(tmp_path, n, copies=39)
    print(f"\n{statuses.total():,} requests by status: {dict(sorted(statuses.items()))}")
    assert statuses.total() >= n
