"""Row 50 of the reliability list: an objection is effective for every decision that starts after its 2xx, in load."""

import json
import random
import time
from contextlib import closing
from datetime import UTC, datetime
from functools import partial

import pytest
from meanwhile import meanwhile
from patience import LONGEST, until
from service_process import KEY, Service

from features.catalog_source import feature_set_of
from features.decision_book import decision_of
from features.ledger import Ledger
from features.workspace import Workspace
from serving.client.transport import Patience, Transport

USERS = 4
PATIENCE = Patience(timeout=LONGEST, tries=200, first_wait=0.02, longest_backoff=1.0)
"""A busy machine says often that there is too much to do: then it is asked again, as often as that is said."""


class Customer:
    """One customer who objects and allows again, while others ask for decisions about them all the time.

    `objecting` holds the moments, by this process' clock, between which every decision has to obey.
    """

    def __init__(self, user):
        self.user, self.objecting, self.asked = user, [], []

    def say(self, client, n, *, objects):
        """Object, or allow again with proof; what lies between the answer and the next request is certain."""
        if objects:
            body = {"objection_id": f"{self.user}-{n}", "customer": {"user_id": self.user}}
            client.send("POST", "/v1/objections", body)
            self.objecting.append([time.monotonic(), None])
            return
        self.objecting[-1][1] = time.monotonic()
        for purpose in ("profiling", "marketing"):
            body = {
                "consent_id": f"{self.user}-{n}-{purpose}", "customer": {"user_id": self.user}, "purpose": purpose,
                "granted": True, "method": "form", "text": {"version": "1"},
            }  # fmt: skip
            client.send("POST", "/v1/consents", body)

    def ask(self, client, n):
        """Ask for a decision, and note when the request started and ended."""
        began = time.monotonic()
        body = {"request_id": f"{self.user}-q{n}", "customer": {"user_id": self.user}, "placement": "web_home"}
        answer = client.send("POST", "/v1/decisions", body)
        self.asked.append((began, time.monotonic(), json.loads(answer.body)["decision_id"]))

    def under_objection(self):
        """The decisions whose whole request lay between an acknowledged objection and what ended it."""
        return {
            decision
            for began, ended, decision in self.asked
            if any(acked < began and (lifted is None or ended < lifted) for acked, lifted in self.objecting)
        }


def running(work, customer, url, stop):
    with closing(Transport(url, KEY, PATIENCE)) as client:
        n = 0
        while not stop.is_set():
            work(customer, client, n)
            n += 1


def toggle(customer, client, n):
    customer.say(client, n, objects=n % 2 == 0)
    time.sleep(random.uniform(0.1, 0.5))  # noqa: S311 - nothing secret


@pytest.mark.parametrize("seconds", [6, pytest.param(60, marks=pytest.mark.reliability)])
def test_no_decision_looks_at_a_profile_after_an_acknowledged_objection(tmp_path, seconds):
    service = Service(tmp_path)
    customers = [Customer(f"u-{n}") for n in range(USERS)]
    try:
        for customer in customers:
            service.client.post("/v1/events", json={"batch": life(customer.user)}).raise_for_status()
        works = [partial(running, work, each, service.url) for each in customers for work in (toggle, Customer.ask)]
        with meanwhile(*works) as at_work:
            time.sleep(seconds)
            until(
                lambda: is_enough(*looked_at(service, customers), seconds),
                going_on=lambda: not any(each.done() for each in at_work),
            )
    finally:
        service.client.close()
        service.stop()
    obeying, free = looked_at(service, customers)
    print(f"{len(obeying)} decisions under an acknowledged objection, {len(free)} others in {seconds} s")
    assert [each for each in obeying if each] == []
    assert is_enough(obeying, free, seconds)


def is_enough(obeying, free, n):
    """Whether there are so many decisions under an objection, and one that shows what they might have looked at."""
    return len(obeying) > n and any(free)


def life(user):
    track = {"type": "track", "userId": user, "timestamp": datetime.now(UTC).isoformat()}
    views = [{**track, "event": "Product Viewed", "properties": {"product": "tea"}} for _ in range(3)]
    traits = {"type": "identify", "userId": user, "traits": {"age": 40}}
    return [{**event, "messageId": f"{user}-m{n}"} for n, event in enumerate([traits, *views])]


def looked_at(service, customers):
    """What each decision says it knew or offered beyond what is owed: under an objection, and otherwise."""
    workspace = Workspace.load(service.workspace)
    profiling = feature_set_of(workspace).purposes["profiling"]
    under = set().union(*(customer.under_objection() for customer in customers))
    asked = {decision for customer in customers for _, _, decision in customer.asked}
    obeying, free = [], []
    with Ledger(service.home / "ledger.db") as ledger:
        for record in ledger.records(kinds=["decision"]):
            decision = decision_of(record)
            known = [name for name in profiling if decision.features.get(name) is not None]
            offered = [name for name in decision.eligible if name in ("tea", "coffee")]
            if decision.decision_id in asked:
                (obeying if decision.decision_id in under else free).append([*known, *offered])
    return obeying, free
