"""Many decisions at once for customers who are one contact below a cap: not one of them gets one more."""

import os
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime

import pytest
from asking import Caller
from service_process import Service

from decisioning.customer import CustomerReference
from decisioning.decide import decide
from decisioning.decision import DecisionRequest
from decisioning.errors import StaleContactsError
from features.ledger import Ledger
from pipelines.composition import compose

pytestmark = pytest.mark.slow

MANY = int(os.environ.get("TSUGI_CONCURRENT_DECISIONS", "10000"))
CONNECTIONS = 19
EACH = CONNECTIONS + 1
"""Decisions for each customer, made at about the same moment: one by each connection, one by another process."""
CAPPED = "tea"
"""At most one contact in a day, says the catalogue; nobody has had one."""


def life(users):
    now = datetime.now(UTC).isoformat()
    seen = {"type": "track", "event": "Product Viewed", "properties": {"product": "tea"}, "timestamp": now}
    return [{**seen, "userId": user, "messageId": f"m-{user}"} for user in users]


def asked(service, name, users):
    """The answers of one connection, customer after customer; what is refused as too much is asked again."""
    with closing(Caller(service, name)) as caller:
        return [(user, answer) for user in users for answer in until_decided(caller, user)]


def until_decided(caller, user):
    """What is said to one question, until it is no refusal."""
    while (answer := caller.ask(user)).status == 503:
        yield answer
        time.sleep(0.05)
    yield answer


def decided_elsewhere(service, users):
    """The same customers, decided for by another way into the same ledger; who was offered what."""
    with compose(service.home, service.workspace) as other:
        ports = other.ports()
        return [(user, offered_by(ports, f"elsewhere-{user}", user)) for user in users]


def offered_by(ports, name, user):
    request = DecisionRequest(name, CustomerReference("user_id", user), "web_home", channel="web")
    try:
        return [item.action for item in decide(request, ports=ports, now=datetime.now(UTC)).ranked]
    except StaleContactsError:
        return []


def contacts(home):
    """How many contacts with the capped action the ledger keeps of each customer."""
    query = """
        SELECT i.customer_id, count(*) FROM contact c JOIN identifier i ON i.node = c.node
        WHERE c.action = ? GROUP BY i.customer_id
    """
    with Ledger(home / "ledger.db") as ledger, ledger.read() as connection:
        return dict(connection.execute(query, (CAPPED,)).fetchall())


def all_at_once(service, users):
    """The answers of every connection, and what the other process offered."""
    with ThreadPoolExecutor(EACH) as pool:
        elsewhere = pool.submit(decided_elsewhere, service, users)
        asking = [pool.submit(asked, service, f"r-{place}", users) for place in range(CONNECTIONS)]
        return [each for one in asking for each in one.result()], elsewhere.result()


@pytest.mark.parametrize("n", [400, pytest.param(MANY, marks=pytest.mark.reliability)])
def test_however_many_decide_at_once_nobody_is_offered_more_than_the_cap_leaves(tmp_path, n):
    users = [f"u-{place}" for place in range(n // EACH)]
    service = Service(tmp_path)
    try:
        service.client.post("/v1/events", json={"batch": life(users)}).raise_for_status()
        answers, others = all_at_once(service, users)
    finally:
        service.client.close()
        service.stop()
    shown = [(user, item["action"]) for user, answer in answers for item in answer.body.get("ranked", ())]
    shown += [(user, action) for user, actions in others for action in actions]
    offered = Counter(user for user, action in shown if action == CAPPED)
    over = {user: times for user, times in offered.items() if times > 1}
    statuses = Counter(answer.status for _, answer in answers)
    n_decided = statuses[200] + len(others)
    print(f"{n_decided:,} decisions, {dict(statuses)}; {len(offered)} of {len(users)} offered, {len(over)} over")
    assert over == {}
    assert set(contacts(service.home).values()) == {1}
    assert len(offered) > 0.9 * len(users)
    assert set(statuses) <= {200, 503}
    assert n_decided == len(users) * EACH
