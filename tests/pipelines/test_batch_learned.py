"""A batch and a single decision agree where a fast layer has learned: over a home with its ledger and bundle."""

import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pyarrow.parquet as pq
import pytest

from benchmarks.learned import lesson
from decisioning.customer import CustomerReference
from decisioning.decide import consider, decide, propose
from decisioning.decision import DecisionRequest
from decisioning.errors import InvalidInputError, UnavailableError
from decisioning.outbound.request import request_of
from decisioning.outcome import Outcome
from features.fast_layer.projection import FastProjection
from features.fast_layer.section import Learning
from pipelines.champion import champion_scorer
from pipelines.clock import SimulatedClock
from pipelines.composition import compose
from pipelines.init import write_workspace
from pipelines.outbound.run import Order, run_batch
from training.artifact import write_bundle
from training.publication import publish

BEGAN = datetime(2026, 3, 2, 12, tzinfo=UTC)
LATER = BEGAN + timedelta(days=9)
N = 150
LEARNING = """
[learning]
fast = true
features = ["age", "product_views_7d"]
boldness = 1.0
"""
CATALOG = """
currency: EUR
purposes: {marketing: {consent: true}}
channels:
  email: {outbound: true, consent: opt_out, capacity: {at_most: 60, per: day}}
placements: {mail: {channel: email, limit: 1, impressions: implied}}
exploration: {epsilon: 0.1}
contact_policy: {caps: [{scope: channel, at_most: 1, within_days: 7}]}
budgets: {spring: {amount: 15, actions: [card]}}
actions:
  card:
    {issue: grow, group: cards, value: 90, starting: {propensity: 0.3}, eligibility: "age IS NULL OR age < 70",
     treatments: {plain: {channel: email, cost: 0.5}, rich: {channel: email, cost: 0.9}}}
  fund: {issue: grow, group: funds, value: 80, starting: {propensity: 0.2}, treatments: {plain: {channel: email}}}
  loan:
    {issue: grow, group: loans, value: 85, starting: {propensity: 0.2}, suitability: "age IS NULL OR age > 30",
     treatments: {plain: {channel: email, cost: 0.2}}}
"""


def a_shop(folder):
    write_workspace(folder)
    (folder / "catalog.yaml").write_text(CATALOG)
    with (folder / "tsugi.toml").open("a") as settings:
        settings.write(LEARNING)
    return folder


@pytest.fixture(scope="module")
def answered(tmp_path_factory):
    """A home whose customers were decided for and answered, nine days ago, what its bundle had not learned."""
    folder = tmp_path_factory.mktemp("answered")
    shop = a_shop(folder / "shop")
    made = lesson(shop, placement="mail", decisions=1_500).learn(trials=1).bundle
    write_bundle(made, folder / "made", created_at=BEGAN)
    with compose(shop / "home", shop, clock=SimulatedClock(BEGAN)) as composition:
        publish(folder / "made", composition.home.path)
        composition.send([event for n in range(N) for event in _life(n)], [])
        composition.scorer = champion_scorer(composition.home.path)
        decided = [_decided(composition, n) for n in range(60)]
        composition.send([], [each for n, decision in enumerate(decided) for each in _answer(n, decision)])
    return shop


def _life(n):
    traits = {} if n % 9 == 0 else {"age": 18 + n % 60}
    said = [{"type": "identify", "messageId": f"i-{n}", "traits": traits}]
    said += [{"type": "track", "event": "Product Viewed", "messageId": f"v-{n}-{k}"} for k in range(n % 4)]
    return [{**each, "userId": f"u-{n}", "timestamp": BEGAN.isoformat()} for each in said]


def _decided(composition, n):
    request = DecisionRequest(f"r-{n}", CustomerReference("user_id", f"u-{n}"), "mail", "")
    return decide(request, ports=composition.ports(), now=composition.clock())


def _answer(n, decision):
    offered = decision.ranked[:1] if n % 3 else ()
    said = "accept" if decision.chosen == "fund" else "reject"
    return [Outcome(f"o-{n}", decision.decision_id, e.action, e.treatment, said, BEGAN) for e in offered]


@pytest.fixture
def opened(answered, tmp_path):
    shop = shutil.copytree(answered, tmp_path / "shop")
    with compose(shop / "home", shop, clock=SimulatedClock(LATER)) as composition:
        composition.scorer = champion_scorer(composition.home.path)
        yield composition


def rows(out):
    return [row for path in sorted((out / "decisions").iterdir()) for row in pq.read_table(path).to_pylist()]


def every_byte(out):
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}


def alone(composition, row, report):
    """The same decision, made by itself as the service makes it."""
    prices = {key: pool["price"] for key, pool in report["pools"].items()}
    request = request_of("june", row["customer_id"], placement="mail", prices=prices)
    return propose(request, ports=composition.ports(), now=composition.clock())


def test_everybody_is_decided_for_with_what_was_answered_as_alone(opened, tmp_path):
    report = run_batch(opened, Order("june", "mail", tmp_path / "out", customers_at_once=60))
    found = rows(tmp_path / "out")
    n_otherwise, several = 0, 0
    for row in found:
        single = alone(opened, row, report)
        assert single.learned is not None
        request = request_of("june", row["customer_id"], placement="mail", prices=single.prices)
        customer = opened.profiles.read(request.customer, now=LATER)
        bare = consider(request, customer, catalog=opened.catalog, scorer=opened.scorer)
        n_otherwise += bare.eligible != single.eligible
        several += sum(chance > 0.1 for chance in single.eligible.values()) > 1
        if row["moved"]:
            continue
        assert row["action_probability"] == single.eligible[single.chosen]
        assert (row["action"] or "no_action") == single.chosen
        if single.ranked:
            (item,) = single.ranked
            assert row["treatment"] == item.treatment
            assert row["propensity"] == pytest.approx(item.propensity, rel=1e-9)
            assert row["priority"] == pytest.approx(item.priority, rel=1e-9)
    assert report["customers"] == len(found) == N
    assert n_otherwise > N / 3
    assert several > N / 3
    assert sum(row["moved"] for row in found) <= 3


def test_a_batch_goes_on_with_what_was_answered_when_it_began(opened, tmp_path):
    order = Order("june", "mail", tmp_path / "whole", customers_at_once=40)
    run_batch(opened, order)
    begun = tmp_path / "begun"
    (begun / "weighed").mkdir(parents=True)
    for name in ("batch.json", "learned.json", "customers.parquet", "weighed/block-00000.parquet"):
        shutil.copy(tmp_path / "whole" / name, begun / name)
    weighed = pq.read_table(begun / "weighed" / "block-00000.parquet")["customer_id"].to_pylist()
    request = DecisionRequest("since", CustomerReference("customer_id", weighed[0]), "mail", "")
    decision = decide(request, ports=opened.ports(), now=LATER)
    opened.send([], [replace(each, occurred_at=LATER) for each in _answer(1, decision)])
    assert opened.ports().scorer.seq > decision.learned.seq
    run_batch(opened, replace(order, out=begun))
    assert every_byte(begun) == every_byte(tmp_path / "whole")


@pytest.mark.parametrize("name", ["batch.json", "learned.json"])
@pytest.mark.parametrize("damaged", [b"", b"[]", b"{}", b'{"seq": 1'])
def test_a_batch_does_not_go_on_from_a_damaged_file(opened, tmp_path, name, damaged):
    order = Order("june", "mail", tmp_path / "out", customers_at_once=200)
    run_batch(opened, order)
    (tmp_path / "out" / name).write_bytes(damaged)
    with pytest.raises(InvalidInputError, match=rf"{name} is damaged .* choose another folder"):
        run_batch(opened, order)


def test_what_is_recorded_was_decided_with_what_the_batch_had_learned(opened, tmp_path):
    order = Order("june", "mail", tmp_path / "out", record=True)
    report = run_batch(opened, order)
    found = rows(tmp_path / "out")
    assert report["recorded"] == sum(not row["moved"] for row in found) > N / 2
    seq = json.loads((tmp_path / "out" / "learned.json").read_bytes())["seq"]
    for row in found:
        if row["recorded"]:
            decision = opened.decisions.find(row["decision_id"])
            assert (decision.chosen, decision.learned.seq) == (row["action"] or "no_action", seq)
            assert decision.eligible[decision.chosen] == row["action_probability"]


def test_a_batch_does_not_begin_where_what_was_answered_cannot_be_read(opened, tmp_path, monkeypatch):
    def failing(_projection):
        raise UnavailableError("locked")

    opened.ports()
    monkeypatch.setattr(FastProjection, "catch_up", failing)
    with pytest.raises(UnavailableError, match="answered since the last training"):
        run_batch(opened, Order("june", "mail", tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_nothing_is_kept_of_answers_where_a_workspace_does_not_learn_between_trainings(opened, tmp_path, monkeypatch):
    monkeypatch.setattr(opened.fast, "_learning", Learning())
    run_batch(opened, Order("june", "mail", tmp_path / "out"))
    assert not (tmp_path / "out" / "learned.json").exists()
    columns = pq.read_schema(next((tmp_path / "out" / "weighed").iterdir())).names
    assert not [name for name in columns if name.startswith("drawn_")]
