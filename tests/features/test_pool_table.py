"""What is drawn from pools is taken with the decision's record, confirmed or released, and kept for good."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from ledger_builders import NOW, a_catalog, a_decision, a_ranked, an_outcome, at

from builders import FixedScorer
from decisioning.catalog import Channel
from decisioning.customer import Customer, CustomerReference
from decisioning.decide import Ports, decide
from decisioning.decision import DecisionRequest
from decisioning.eligibility import compile_catalog
from decisioning.errors import StaleContactsError
from decisioning.pool import Pool
from features.decision_book import DecisionBook
from features.identity import unknown_customer_id
from features.ledger import Ledger
from features.outcomes import OutcomeBook
from features.pool_table import PoolReader
from features.privacy.erasure import ErasureBook
from features.privacy.retention import expire
from features.privacy.settings import Retention
from features.rebuild import rebuild

TABLES = ("drawing", "pool_use")


def pooled_catalog(**changes):
    pools = {
        "budgets": {"spring": Pool("budget", "spring", 1.0, "day", actions=("card",))},
        "inventories": {"mugs": Pool("inventory", "mugs", 3, actions=("card", "loan"))},
        **changes,
    }
    return replace(a_catalog(), **pools)


@pytest.fixture
def ledger(tmp_path):
    with Ledger(tmp_path / "ledger.db") as opened:
        yield opened


@pytest.fixture
def book(ledger):
    return DecisionBook(ledger, pooled_catalog())


def used(ledger, now=NOW):
    return PoolReader(ledger, pooled_catalog()).used(now)


def of(name, **changes):
    fields = {"reference": CustomerReference("user_id", f"u-{name}"), "ranked": (a_ranked(cost=0.4),)}
    return a_decision(name, **{**fields, **changes})


def rows(ledger):
    with ledger.read() as connection:
        return [connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2, 3").fetchall() for table in TABLES]


def test_a_decision_reserves_an_impression_confirms_and_time_releases(ledger, book):
    book.record(of("1")).result()
    book.record(of("2")).result()
    assert used(ledger) == {"budget:spring": 800_000, "inventory:mugs": 2}
    OutcomeBook(ledger).accept([an_outcome("1")], received_at=at(20))
    assert used(ledger, at(1799)) == {"budget:spring": 800_000, "inventory:mugs": 2}
    assert used(ledger, at(1800)) == {"budget:spring": 400_000, "inventory:mugs": 1}


def test_a_late_impression_counts_and_one_that_is_told_twice_counts_once(ledger, book):
    book.record(of("1")).result()
    late = [an_outcome("1", occurred_at=at(4000)), an_outcome("2", occurred_at=at(4001))]
    OutcomeBook(ledger).accept(late, received_at=at(5000))
    assert used(ledger, at(6000)) == {"budget:spring": 400_000, "inventory:mugs": 1}


def test_outbound_is_spent_at_once_and_a_budget_per_day_is_whole_again_tomorrow(ledger, book):
    sent = a_ranked(channel="email", treatment="mail", cost=0.4)
    book.record(of("1", placement="inbox", channel="email", ranked=(sent,))).result()
    assert used(ledger, at(7200)) == {"budget:spring": 400_000, "inventory:mugs": 1}
    assert used(ledger, at(86_400)) == {"budget:spring": 0, "inventory:mugs": 1}


def test_a_decision_that_would_overdraw_by_now_is_refused(ledger, book):
    book.record(of("1")).result()
    book.record(of("2")).result()
    with pytest.raises(StaleContactsError, match="budget:spring"):
        book.record(of("3")).result()
    assert used(ledger) == {"budget:spring": 800_000, "inventory:mugs": 2}


@pytest.mark.parametrize("second", [0, 1, 59])
def test_a_reservation_is_never_released_early_and_at_most_a_minute_late(ledger, book, second):
    book.record(of("1", decided_at=at(second))).result()
    assert used(ledger, at(1799 + second))["inventory:mugs"] == 1
    assert used(ledger, at(1860 + second))["inventory:mugs"] == 0


def test_an_impression_confirms_the_action_that_was_shown_and_no_other(ledger, book):
    both = (a_ranked(cost=0.1), a_ranked(rank=2, action="loan", cost=0.1))
    book.record(of("1", ranked=both)).result()
    OutcomeBook(ledger).accept([an_outcome("1")], received_at=at(20))
    assert used(ledger, at(7200)) == {"budget:spring": 100_000, "inventory:mugs": 1}
    book.record(of("2", ranked=(a_ranked(cost=0.1),), decided_at=at(30))).result()
    shown = [an_outcome("2", action="loan"), an_outcome("3", decision_id="d-2", occurred_at=at(40))]
    OutcomeBook(ledger).accept(shown, received_at=at(50))
    assert used(ledger, at(7200)) == {"budget:spring": 200_000, "inventory:mugs": 3}


def test_what_was_released_is_there_for_the_next(ledger, book):
    for name in ("1", "2", "3"):
        book.record(of(name, decided_at=at(7200 * int(name)))).result()
    assert used(ledger, at(7200 * 3)) == {"budget:spring": 400_000, "inventory:mugs": 1}


def test_two_ranks_of_one_decision_draw_together(ledger, book):
    both = (a_ranked(cost=0.1), a_ranked(rank=2, action="loan", cost=0.1))
    book.record(of("1", ranked=both)).result()
    with pytest.raises(StaleContactsError, match="inventory:mugs"):
        book.record(of("2", ranked=both)).result()
    assert used(ledger) == {"budget:spring": 100_000, "inventory:mugs": 2}


def test_a_rebuild_draws_the_same(ledger, book):
    book.record(of("1")).result()
    book.record(of("2", ranked=(a_ranked(action="loan", cost=0.2),))).result()
    OutcomeBook(ledger).accept([an_outcome("1")], received_at=at(20))
    before = rows(ledger)
    rebuild(ledger)
    assert rows(ledger) == before


@pytest.mark.parametrize("way", ["erased", "too old"])
def test_what_was_spent_on_a_customer_who_is_gone_stays_spent(ledger, book, way):
    book.record(of("1")).result()
    OutcomeBook(ledger).accept([an_outcome("1")], received_at=at(20))
    book.record(of("2")).result()
    if way == "erased":
        ErasureBook(ledger).erase([CustomerReference("user_id", "u-1")], now=at(30))
    else:
        expire(ledger, Retention(decisions=1), now=NOW + timedelta(days=2))
    assert used(ledger, at(1800)) == {"budget:spring": 400_000, "inventory:mugs": 1}
    before = rows(ledger)
    rebuild(ledger)
    assert rows(ledger) == before


def test_what_is_reserved_for_a_customer_who_is_erased_is_taken_for_shown_and_what_was_released_is_not(ledger, book):
    book.record(of("1")).result()
    book.record(of("2", decided_at=at(7200))).result()
    for name, moment in (("1", at(7201)), ("2", at(7202))):
        ErasureBook(ledger).erase([CustomerReference("user_id", f"u-{name}")], now=moment)
        assert used(ledger, at(7210)) == {"budget:spring": 400_000, "inventory:mugs": 1}
    book.record(of("3", decided_at=at(7203))).result()
    ErasureBook(ledger).erase([CustomerReference("user_id", "u-3")], now=at(7204))
    assert used(ledger, at(14_400)) == {"budget:spring": 800_000, "inventory:mugs": 2}
    before = rows(ledger)
    rebuild(ledger)
    assert rows(ledger) == before


class _Strangers:
    """A profile reader that knows nobody, and what is left of the pools."""

    def __init__(self, pools):
        self._pools = pools

    def read(self, reference, *, now):
        return Customer(unknown_customer_id(reference), as_of=now, features={}, used=self._pools.used(now))


def test_decisions_at_once_never_overdraw_and_leave_nothing(ledger):
    web = Channel("web", capacity=Pool("capacity", "web", 23, "day", channel="web"))
    catalog = pooled_catalog(
        inventories={"mugs": Pool("inventory", "mugs", 17, actions=("card",))}, budgets={}, channels={"web": web}
    )
    home = replace(catalog.placements["home"], limit=1)
    compiled = compile_catalog(replace(catalog, placements={"home": home}))
    scorer = FixedScorer({"card": (0.5, 0.5), "loan": (0.2, 0.2)}, version="b")
    reader = PoolReader(ledger, compiled.catalog)
    ports = Ports(compiled, _Strangers(reader), scorer, DecisionBook(ledger, compiled.catalog))

    def one(n):
        request = DecisionRequest(f"r-{n}", CustomerReference("user_id", f"u-{n}"), "home", "web")
        return decide(request, ports=ports, now=NOW)

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(one, range(120)))
    offered = [item.action for decision in made for item in decision.ranked]
    assert reader.used(NOW) == {"inventory:mugs": 17, "capacity:web": 23}
    assert (len(offered), offered.count("card")) == (23, 17)
