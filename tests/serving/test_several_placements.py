"""Several placements in one call: each a decision of its own, none shows what another does, repeats are byte-equal."""

import asyncio
from dataclasses import dataclass, field

import orjson
import pytest
from as_logged import as_logged
from uncounted import Uncounted

from builders import NOON, FixedScorer, ListLog, OneCustomer, a_catalog, a_customer, an_action
from decisioning.catalog import ContactPolicy, Exploration, Placement
from decisioning.decide import Ports
from decisioning.eligibility import compile_catalog
from decisioning.errors import ConflictError, InvalidInputError
from decisioning.exclusive import Exclusive
from decisioning.replay import differences, replayed
from serving.decision_log import DecisionDesk
from serving.reading import read
from serving.schemas import DecisionBody

NAMES = ("a", "b", "c", "d", "e")
SCORER = FixedScorer({name: (0.1 * place, 0.1 * place) for place, name in enumerate(NAMES, 1)})


@dataclass
class KeepingLog(ListLog):
    """A log that knows its answers again, too."""

    answers: dict = field(default_factory=dict)

    def record(self, decision, *, answer=b"", body_hash=""):
        self.answers[decision.request_id] = (body_hash, answer)
        return super().record(decision, answer=answer, body_hash=body_hash)

    def answer_for(self, request_id):
        return self.answers.get(request_id)


def a_desk(log, *, epsilon=0.0, names=("top", "side", "foot"), **changes):
    slots = {name: Placement(name, "web", must_fill=True, limit=2) for name in names}
    catalog = a_catalog(*map(an_action, NAMES), placements=slots, exploration=Exploration(epsilon, epsilon), **changes)
    ports = Ports(compile_catalog(catalog), OneCustomer(a_customer()), SCORER, log)
    return DecisionDesk(lambda: ports, log, lambda: NOON, Uncounted()), ports


def asked(**change):
    return {"request_id": "r-1", "customer": {"user_id": "u"}, "placements": ["top", "side", "foot"], **change}


def answered(desk, body):
    return asyncio.run(desk.answer_all(read(DecisionBody, body).requests(), body))


def shown(answer):
    first = orjson.loads(answer)
    return [[item["action"] for item in each["ranked"]] for each in (first, *first["further"])]


def test_placements_are_filled_in_order_without_showing_anything_twice():
    log = KeepingLog()
    desk, _ = a_desk(log)
    assert shown(answered(desk, asked())) == [["e", "d"], ["c", "b"], ["a"]]
    assert [each.request_id for each in log.kept] == ["r-1", "r-1#2", "r-1#3"]


@pytest.mark.parametrize("epsilon", [0.0, 0.6, 1.0])
def test_each_decision_has_its_own_probabilities_given_those_before_and_replays_exactly(epsilon):
    for nth in range(20):
        log = KeepingLog()
        desk, ports = a_desk(log, epsilon=epsilon)
        answered(desk, asked(request_id=f"r-{nth}"))
        gone = set()
        for kept in log.kept:
            assert set(kept.eligible) == set(NAMES) - gone
            assert sum(kept.eligible.values()) == pytest.approx(1.0)
            assert {each.action for each in kept.exclusions if each.stage == "elsewhere"} == gone
            gone |= {each.action for each in kept.ranked}
            logged = as_logged(kept)
            assert differences(logged, replayed(logged, catalog=ports.catalog, scorer=SCORER)) == ()


def test_what_excludes_something_shown_is_in_no_other_placement():
    policy = ContactPolicy(exclusive=(Exclusive("one", ("e", "c")),))
    desk, _ = a_desk(KeepingLog(), contact_policy=policy)
    assert shown(answered(desk, asked())) == [["e", "d"], ["b", "a"], []]


def test_a_repeat_is_byte_equal_and_one_that_was_cut_short_goes_on_where_it_was():
    log = KeepingLog()
    desk, _ = a_desk(log, epsilon=0.5)
    first = answered(desk, asked())
    assert answered(desk, asked()) == first
    assert len(log.kept) == 3
    del log.answers["r-1#3"]
    assert answered(desk, asked()) == first


def test_a_repeat_is_byte_equal_though_a_placement_left_the_catalogue_since():
    log = KeepingLog()
    first = answered(a_desk(log)[0], asked())
    later, _ = a_desk(log, names=("top", "foot"))
    assert answered(later, asked()) == first


@pytest.mark.parametrize(("taken", "named"), [("r-1", "request_id was"), ("r-1#2", "with #2 "), ("r-1#3", "with #3 ")])
def test_where_any_id_of_a_call_was_used_before_nothing_is_decided_and_the_id_is_named(taken, named):
    log = KeepingLog()
    desk, _ = a_desk(log)
    alone = {**asked(request_id=taken), "placements": ["top"]}
    answered(desk, alone)
    with pytest.raises(ConflictError, match=named) as refused:
        answered(desk, asked())
    assert refused.value.field == "request_id"
    assert [each.request_id for each in log.kept] == [taken]


def test_one_of_a_list_is_answered_as_a_placement_alone_is():
    alone = {**asked(), "placement": "top"}
    del alone["placements"]
    answers = [answered(a_desk(KeepingLog())[0], body) for body in (alone, asked(placements=["top"]))]
    assert answers[0] == answers[1]
    assert "further" not in orjson.loads(answers[0])


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"placements": ["top", "top"]}, "placements"),
        ({"placement": "top"}, "placement"),
        ({"placements": None}, "placements"),
        ({"placements": []}, "placements"),
        ({"placements": [f"p{n}" for n in range(11)]}, "placements"),
        ({"placements": ["top", "attic"]}, "placement"),
    ],
)
def test_a_wrong_list_names_its_field_and_decides_nothing(change, field):
    log = KeepingLog()
    with pytest.raises(InvalidInputError) as error:
        answered(a_desk(log)[0], asked(**change))
    assert error.value.field == field
    assert log.kept == []
