import pytest
from ledger_builders import a_catalog, a_decision, at

from decisioning.customer import CustomerReference
from features.decision_book import DecisionBook
from features.draws import Draws, first_drawn
from features.ledger import Ledger

NAME = "s_" + "0123456789ab" * 2


@pytest.fixture
def ledger(tmp_path):
    with Ledger(tmp_path / "ledger.db") as opened:
        yield opened


def recorded(ledger, *decisions):
    """The bodies of decisions of one customer, recorded in this order, by their ids."""
    for nth, (name, told) in enumerate(decisions):
        made = a_decision(name, reference=CustomerReference("user_id", "u-1"), decided_at=at(nth), **told)
        DecisionBook(ledger, a_catalog()).record_many([made])
    return {record.record_id: record.body for record in ledger.records(0, kinds=["decision"])}


def test_a_fact_that_a_caller_sends_is_no_name_of_shared_draws(ledger):
    posing = {"context": {"stuck": NAME}}
    bodies, draws = recorded(ledger, ("1", posing), ("2", posing), ("3", posing | {"stuck": NAME})), Draws()
    assert [draws.first(body, name) for name, body in bodies.items()] == ["d-1", "d-2", "d-3"]


def test_the_first_of_those_that_share_their_draws_is_found_among_facts_that_pose_as_them(ledger):
    other = "s_" + "f" * 24
    shared, posing = {"stuck": NAME, "context": {"stuck": other}}, {"context": {"stuck": NAME}}
    bodies = recorded(ledger, ("1", posing), ("2", shared), ("3", posing), ("4", shared), ("5", {"stuck": other}))
    with ledger.read() as connection:
        first = [first_drawn(connection, body, name) for name, body in bodies.items()]
    assert [name for name, _ in first] == ["d-1", "d-2", "d-3", "d-2", "d-5"]
    assert all(body == bodies[name] for name, body in first)
