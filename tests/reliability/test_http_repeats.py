"""Rows 6 and 7 of the reliability list, against the real service: repeats count once, conflicts change nothing."""

import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from service_process import a_service

from features.ledger import Ledger

CONNECTIONS = 8
BATCH = 25


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with a_service(tmp_path_factory.mktemp("repeats")) as running:
        yield running


def decided(service, name):
    body = {"request_id": name, "customer": {"user_id": name}, "placement": "web_home"}
    answer = service.client.post("/v1/decisions", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def clicked(decision, name):
    top = decision["ranked"][0]
    named = {"decision_id": decision["decision_id"], "action": top["action"], "treatment": top["treatment"]}
    return {"outcome_id": name, **named, "type": "click", "occurred_at": datetime.now(UTC).isoformat()}


def posted(service, bodies):
    """The answers to batches of outcomes, sent over several connections at once."""
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        return list(pool.map(lambda body: service.client.post("/v1/outcomes", json=body), bodies))


def stored(service, prefix):
    with Ledger(service.home / "ledger.db") as ledger:
        found = Counter(record.record_id for record in ledger.records(kinds=["outcome"]))
    return {name: times for name, times in found.items() if name.startswith(prefix)}


@pytest.mark.parametrize("n_outcomes", [500, pytest.param(10_000, marks=pytest.mark.reliability)])
def test_outcomes_sent_one_to_five_times_over_eight_connections_are_stored_once(service, n_outcomes):
    chance, prefix = random.Random(6), f"many-{n_outcomes}-"  # noqa: S311 - seeded, nothing secret
    decision = decided(service, prefix)
    outcomes = [clicked(decision, f"{prefix}{n}") for n in range(n_outcomes)]
    sent = [outcome for outcome in outcomes for _ in range(chance.randint(1, 5))]
    chance.shuffle(sent)
    batches = [{"outcomes": sent[start : start + BATCH]} for start in range(0, len(sent), BATCH)]
    answers = posted(service, batches)
    assert {answer.status_code for answer in answers} == {200}
    assert sum(answer.json()["accepted"] for answer in answers) == n_outcomes
    assert stored(service, prefix) == {f"{prefix}{n}": 1 for n in range(n_outcomes)}
    again = posted(service, batches[:20] * 2)
    assert {answer.json()["duplicates"] for answer in again} == {BATCH}
    assert len({answer.content for answer in again}) == 1


def test_a_repeated_decision_gets_the_byte_equal_answer_however_often_and_from_wherever(service):
    body = {"request_id": "again", "customer": {"user_id": "u"}, "placement": "web_home", "context": {"intent": "buy"}}
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        answers = list(pool.map(lambda _: service.client.post("/v1/decisions", json=body), range(200)))
    assert ({answer.status_code for answer in answers}, len({answer.content for answer in answers})) == ({200}, 1)


@pytest.mark.parametrize("n_conflicts", [100, pytest.param(1_000, marks=pytest.mark.reliability)])
def test_an_id_used_again_with_another_body_is_409_and_the_first_stands(service, n_conflicts):
    prefix = f"conflict-{n_conflicts}-"
    decision = decided(service, prefix)
    first = [{"outcomes": [clicked(decision, f"{prefix}{n}")]} for n in range(n_conflicts)]
    assert {answer.status_code for answer in posted(service, first)} == {200}
    other = [{"outcomes": [{**body["outcomes"][0], "type": "reject"}]} for body in first]
    assert [answer.status_code for answer in posted(service, other)] == [409] * n_conflicts
    assert [answer.json()["duplicates"] for answer in posted(service, first)] == [1] * n_conflicts
