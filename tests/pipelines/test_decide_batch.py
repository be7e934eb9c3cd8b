"""`tsugi decide --batch`: everybody, to the unit, resumable, and as single decisions would be."""

import json
import re
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from decisioning.cold_start import CatalogScorer
from decisioning.customer import CustomerReference
from decisioning.decide import consider, decide, decision_id_of
from decisioning.decision import DecisionRequest
from decisioning.errors import InvalidInputError
from decisioning.outbound.sides import Sides
from decisioning.rollout import Rollout
from features.privacy.erasure import ErasureBook
from pipelines.cli import app
from pipelines.composition import compose
from pipelines.init import write_workspace
from pipelines.outbound import run, weigh
from pipelines.outbound.plan import Plan
from pipelines.outbound.record import Recorder
from pipelines.outbound.run import Order, run_batch

CATALOG = """
currency: EUR
purposes: {marketing: {consent: true}}
channels:
  email: {outbound: true, consent: opt_out, capacity: {at_most: 25, per: day}}
placements: {mail: {channel: email, limit: 1}}
exploration: {epsilon: 0.2, epsilon_without_bundle: 0.2}
contact_policy: {caps: [{scope: channel, at_most: 1, within_days: 7}]}
budgets: {spring: {amount: 6, actions: [card]}}
actions:
  card:
    {issue: grow, group: cards, value: 90, starting: {propensity: 0.3}, eligibility: "visits >= 0",
     treatments: {plain: {channel: email, cost: 0.5}, rich: {channel: email, cost: 0.9}}}
  loan:
    {issue: grow, group: loans, value: 70, starting: {propensity: 0.2}, suitability: "age IS NULL OR age > 40",
     treatments: {plain: {channel: email, cost: 0.2}}}
"""


@pytest.fixture
def shop(tmp_path):
    write_workspace(tmp_path / "shop")
    (tmp_path / "shop" / "catalog.yaml").write_text(CATALOG.replace("visits >= 0", "age IS NULL OR age < 60"))
    return tmp_path / "shop"


@pytest.fixture
def opened(shop):
    with compose(shop / "home", shop) as composition:
        now = composition.clock().isoformat()
        composition.send([_identify(n, now) for n in range(90)], [])
        composition.send([_consent(n, now) for n in range(0, 90, 9)], [])
        yield composition


def _identify(n, now):
    traits = {} if n % 5 == 0 else {"birth_date": f"{1950 + n % 50}-03-01"}
    return {"type": "identify", "messageId": f"i-{n}", "userId": f"u-{n}", "traits": traits, "timestamp": now}


def _consent(n, now):
    said = {"purpose": "marketing", "channel": "email", "granted": n % 2 == 0}
    sent = {"type": "track", "event": "Consent Updated", "messageId": f"c-{n}", "userId": f"u-{n}"}
    return {**sent, "properties": said, "timestamp": now}


def rows(out: Path):
    return [row for path in sorted((out / "decisions").iterdir()) for row in pq.read_table(path).to_pylist()]


def every_byte(out: Path):
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}


def test_everybody_is_decided_for_as_alone_at_those_prices(opened, tmp_path):
    report = run_batch(opened, Order("june", "mail", tmp_path / "out", customers_at_once=40))
    assert any(row["action"] for row in are_as_alone(opened, report, tmp_path / "out"))


def test_by_a_temperature_too_and_pools_hold(shop, tmp_path):
    soft = (shop / "catalog.yaml").read_text().replace("epsilon: 0.2,", "epsilon: 0.2, temperature: 4,")
    (shop / "catalog.yaml").write_text(soft.replace("without_bundle: 0.2", "without_bundle: 0.05"))
    with compose(shop / "home", shop) as opened:
        opened.send([_identify(n, opened.clock().isoformat()) for n in range(90)], [])
        report = run_batch(opened, Order("june", "mail", tmp_path / "out", customers_at_once=40))
        found = are_as_alone(opened, report, tmp_path / "out")
    assert all(0.05 < row["action_probability"] < 0.9 for row in found if not row["moved"])
    assert all(pool["taken"] <= pool["left"] for pool in report["pools"].values())
    assert report["pools"]["capacity:email"]["price"] > 0
    assert 20 <= report["contacts"] <= 25


@pytest.mark.parametrize(("at_most", "is_crowded"), [(6, True), (60, False)])
def test_a_report_says_how_much_of_a_pool_went_by_chance_and_warns_where_that_is_most_of_it(
    shop, tmp_path, at_most, is_crowded
):
    small = (shop / "catalog.yaml").read_text().replace("at_most: 25,", f"at_most: {at_most},")
    (shop / "catalog.yaml").write_text(small)
    with compose(shop / "home", shop) as opened:
        opened.send([_identify(n, opened.clock().isoformat()) for n in range(90)], [])
        report = run_batch(opened, Order("june", "mail", tmp_path / "out"))
    by_chance = [row for row in rows(tmp_path / "out") if row["action"] and row["explored"] and not row["moved"]]
    assert report["pools"]["capacity:email"]["explored"] == len(by_chance) > 0
    told = run.report_in_words(report)
    assert f", {len(by_chance)} of it by chance, price" in told
    assert ("capacity:email is so small that exploration takes most of it" in told) == is_crowded


def are_as_alone(opened, report, out):
    """The rows of a batch, each compared with the single decision of the same customer and prices."""
    found = rows(out)
    assert len({row["customer_id"] for row in found}) == report["customers"] == 90
    prices = {key: pool["price"] for key, pool in report["pools"].items()}
    as_of = json.loads((out / "batch.json").read_bytes())["as_of"]
    for row in found:
        reference = CustomerReference("customer_id", row["customer_id"])
        request = DecisionRequest(f"june:{reference.value}", reference, "mail", "", limit=1, prices=prices)
        customer = opened.profiles.read(reference, now=opened.clock().fromisoformat(as_of))
        single = consider(request, customer, catalog=opened.catalog, scorer=opened.scorer)
        assert single.decision_id == row["decision_id"]
        if row["moved"]:
            assert row["action_probability"] is None
        else:
            assert row["action_probability"] == single.eligible[single.chosen]
            assert (row["action"] or "no_action") == single.chosen
            assert row["treatment"] == (single.ranked[0].treatment if single.ranked else None)
            assert row["send_at"] == (single.ranked[0].send_at if single.ranked else None)
    return found


def put_off(shop, *, is_night, at_most=1):
    """Let it be night or day now, and one treatment go out by day: at which hour."""
    hours = [(datetime.now(UTC) + timedelta(hours=n)).hour for n in (-2, 3, 5)]
    starts, ends, later = hours if is_night else (hours[1], hours[0], hours[2])
    night = f'quiet_hours: [{{starts: "{starts:02}:00", ends: "{ends:02}:00"}}]'
    text = (shop / "catalog.yaml").read_text().replace("contact_policy: {", f"contact_policy: {{{night}, ")
    text = text.replace("rich: {", f"rich: {{send_hour: {later if is_night else hours[0]}, ").replace("0.9", "0.4")
    text = text.replace("loans, value: 70", "loans, value: 900")
    (shop / "catalog.yaml").write_text(text.replace("at_most: 1, within", f"at_most: {at_most}, within"))
    return later


@pytest.mark.parametrize("is_night", [True, False])
def test_by_night_what_goes_out_by_day_is_decided_and_by_day_all_of_it(shop, tmp_path, is_night):
    later = put_off(shop, is_night=is_night)
    with compose(shop / "home", shop) as opened:
        opened.send([_identify(n, opened.clock().isoformat()) for n in range(90)], [])
        report = run_batch(opened, Order("june", "mail", tmp_path / "out", customers_at_once=40))
        found = are_as_alone(opened, report, tmp_path / "out")
    offered = [row for row in found if row["action"]]
    assert report["stopped"].get("quiet", 0) == (90 if is_night else 0)
    assert len(offered) > 5
    if is_night:
        assert {(row["action"], row["treatment"], row["send_at"].hour) for row in offered} == {("card", "rich", later)}
    else:
        assert {row["action"] for row in offered} == {"card", "loan"}


@pytest.mark.parametrize("at_once", [7, 500])
def test_everybody_is_known_in_columns_as_alone(opened, monkeypatch, at_once):
    monkeypatch.setattr("features.online.AT_ONCE", at_once)
    population, now = opened.population(), opened.clock()
    ids = population.ids("", 1_000)
    crowd = population.crowd(ids, now)
    assert len(ids) == 90
    for place, each in enumerate(ids):
        alone = opened.profiles.read(CustomerReference("customer_id", each), now=now)
        said = crowd.customer(place).features
        numbers = {name for name, value in said.items() if isinstance(value, float)}
        assert said.keys() == alone.features.keys()
        assert {name: said[name] for name in numbers} == pytest.approx(
            {n: alone.features[n] for n in numbers}, rel=1e-12
        )
        assert all(said[name] == alone.features[name] for name in said.keys() - numbers)


def test_a_challenger_decides_for_its_share_and_ties_are_broken_as_alone(shop, tmp_path):
    tied = (shop / "catalog.yaml").read_text().replace("value: 70", "value: 135").replace("cost: 0.2", "cost: 0.5")
    (shop / "catalog.yaml").write_text(f"tie_break: [cost, value]\nholdout: {{shares: {{hold_out: 0.1}}}}\n{tied}")
    rollout = Rollout(Generous(), 0.4)
    with compose(shop / "home", shop) as opened:
        opened.send([_identify(n, opened.clock().isoformat()) for n in range(60)], [])
        order = Order("june", "mail", tmp_path / "out", record=True)
        report = run_batch(opened, order, rollout=rollout)
        found = rows(tmp_path / "out")
        prices = {key: pool["price"] for key, pool in report["pools"].items()}
        plan = Plan(**json.loads((tmp_path / "out" / "batch.json").read_bytes()))
        assert (plan.bundle, plan.challenger, plan.share) == ("none", "generous", 0.4)
        assert {row["bundle"] for row in found} == {"none", "generous"}
        for row in found:
            assert (row["bundle"] == "generous") == rollout.takes(row["customer_id"], opened.catalog.catalog.holdout)
            if row["moved"]:
                continue
            assert row["recorded"]
            single = opened.decisions.find(row["decision_id"])
            assert single.versions.bundle == row["bundle"]
            assert single.prices == prices
            assert (row["action"] or "no_action") == single.chosen
            assert row["action_probability"] == single.eligible[single.chosen]
        with pytest.raises(Exception, match="holds a batch with challenger generous, not none"):
            run_batch(opened, order)


class Generous(CatalogScorer):
    """The catalogue's own propensities, half as high again."""

    version = "generous"

    def score(self, features, candidates):
        found = super().score(features, candidates)
        return found._replace(propensity=found.propensity * 1.5)


def test_pools_hold_to_the_unit_and_the_gap_is_told(opened, tmp_path):
    report = run_batch(opened, Order("june", "mail", tmp_path / "out"))
    actions = [(row["action"], row["treatment"]) for row in rows(tmp_path / "out") if row["action"]]
    spent = sum({"plain": 0.5, "rich": 0.9}[treatment] for action, treatment in actions if action == "card")
    assert len(actions) == report["contacts"] == report["pools"]["capacity:email"]["taken"] <= 25
    assert spent == pytest.approx(report["pools"]["budget:spring"]["taken"])
    assert spent <= 6
    assert 0 <= report["optimality_gap"] <= 0.05
    assert report["stopped"]["consent"] > 0


def test_a_batch_that_was_killed_goes_on_to_the_same_bytes(opened, tmp_path, monkeypatch):
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    run_batch(opened, Order("june", "mail", whole, customers_at_once=20, workers=1))
    begin_as(whole, cut)
    killed(opened, Order("june", "mail", cut, customers_at_once=20, workers=1), monkeypatch, weigh.write_block, after=2)
    run_batch(opened, Order("june", "mail", cut, customers_at_once=20, workers=2))
    assert every_byte(cut) == every_byte(whole)
    assert len(list((cut / "weighed").iterdir())) == 5


@pytest.mark.parametrize("after", [0, 2])
def test_who_comes_after_a_batch_began_changes_no_byte_of_it(opened, tmp_path, monkeypatch, after):
    whole, order = tmp_path / "whole", Order("june", "mail", tmp_path / "cut", customers_at_once=20, workers=1)
    run_batch(opened, replace(order, out=whole))
    begin_as(whole, order.out)
    killed(opened, order, monkeypatch, weigh.write_block, after=after)
    newcomers(opened)
    run_batch(opened, order)
    assert every_byte(order.out) == every_byte(whole)


@pytest.mark.parametrize("record", [False, True])
def test_a_batch_that_goes_on_decides_once_for_each_who_was_there_and_is_still(opened, tmp_path, monkeypatch, record):
    order = Order("june", "mail", tmp_path / "cut", customers_at_once=20, workers=1, record=record)
    killed(opened, order, monkeypatch, weigh.write_block, after=2)
    began = opened.population().ids("", 1_000)
    weighed, unweighed = began[:5], began[60:65]
    erase(opened, weighed + unweighed)
    newcomers(opened)
    report = run_batch(opened, order)
    found = rows(order.out)
    assert [row["customer_id"] for row in found] == [each for each in began if each not in unweighed]
    gone = [row for row in found if row["customer_id"] in weighed]
    assert not any(row["action"] or row["recorded"] for row in gone)
    assert opened.population().known(began) == [each for each in began if each not in weighed + unweighed]
    assert report["contacts"] == sum(row["action"] is not None for row in found) > 0
    assert report["recorded"] == (sum(not row["moved"] for row in found if row not in gone) if record else 0)


def test_a_batch_of_which_a_block_has_nobody_left_goes_on_without_it(opened, tmp_path, monkeypatch):
    order = Order("june", "mail", tmp_path / "cut", customers_at_once=20, workers=1)
    killed(opened, order, monkeypatch, weigh.write_block, after=2)
    began = opened.population().ids("", 1_000)
    erase(opened, began[40:60])
    assert run_batch(opened, order)["customers"] == 70
    assert not (order.out / "decisions" / "block-00002.parquet").exists()
    erase(opened, began)
    newcomers(opened)
    assert run_batch(opened, order)["contacts"] == 0


def test_a_batch_whose_customers_are_all_gone_says_so(opened, tmp_path, monkeypatch):
    order = Order("june", "mail", tmp_path / "cut", workers=1)
    killed(opened, order, monkeypatch, weigh.write_block, after=0)
    erase(opened, opened.population().ids("", 1_000))
    newcomers(opened)
    with pytest.raises(InvalidInputError, match=r"nobody whom the batch in .*cut is for is known any more"):
        run_batch(opened, order)


def test_a_batch_goes_on_where_somebody_was_erased_whom_it_had_recorded(opened, tmp_path, monkeypatch):
    order = Order("june", "mail", tmp_path / "cut", customers_at_once=20, workers=1, record=True)
    killed(opened, order, monkeypatch, run.write_table, after=1)
    gone = opened.population().ids("", 1)
    erase(opened, gone)
    run_batch(opened, order)
    found = rows(order.out)
    assert not any(row["recorded"] or row["action"] for row in found if row["customer_id"] in gone)
    assert all(row["recorded"] or row["moved"] for row in found if row["customer_id"] not in gone)


def test_who_was_erased_is_not_recorded_and_does_not_come_back(opened, tmp_path):
    ids, actions, recorder = recorded_batch(opened, tmp_path / "out")
    later = replace(recorder, plan=replace(recorder.plan, run="july"))
    erase(opened, ids[:3])
    assert not recorder.record(ids[:3], actions[:3]).any()
    assert not later.record(ids[:3], ["no_action"] * 3).any()
    assert opened.population().known(ids) == ids[3:]


def test_who_came_back_under_the_same_id_after_an_erasure_is_not_recorded_by_the_batch_from_before(opened, tmp_path):
    ada = DecisionRequest("first", CustomerReference("user_id", "ada"), "mail", "", limit=1)
    first = decide(ada, ports=opened.ports(), now=opened.clock())
    ids, actions, recorder = recorded_batch(opened, tmp_path / "out")
    assert first.customer_id in ids
    erase(opened, [first.customer_id])
    back = decide(replace(ada, request_id="second", taken=("card", "loan")), ports=opened.ports(), now=opened.clock())
    assert (back.customer_id, back.ranked) == (first.customer_id, ())
    assert not recorder.record([first.customer_id], [actions[ids.index(first.customer_id)]]).any()


def test_who_became_one_with_another_is_decided_for_as_that_one_alone(opened, tmp_path, monkeypatch):
    order = Order("june", "mail", tmp_path / "cut", customers_at_once=20, workers=1, record=True)
    killed(opened, order, monkeypatch, run.write_table, after=0)
    one, other = (opened.graph.customer_of(("user_id", name)) for name in ("u-1", "u-2"))
    merge = {"type": "alias", "messageId": "a-1", "userId": "u-1", "previousId": "u-2"}
    opened.send([{**merge, "timestamp": opened.clock().isoformat()}], [])
    (former,) = {one, other} - set(opened.population().known(sorted([one, other])))
    run_batch(opened, order)
    (row,) = [row for row in rows(order.out) if row["customer_id"] == former]
    assert (row["action"], row["recorded"]) == (None, False)


def test_files_of_decisions_that_belong_to_no_block_do_not_stay(opened, tmp_path):
    order = Order("june", "mail", tmp_path / "out", customers_at_once=40)
    run_batch(opened, order)
    whole = every_byte(order.out)
    shutil.copy(order.out / "decisions" / "block-00000.parquet", order.out / "decisions" / "block-00003.parquet")
    run_batch(opened, order)
    assert every_byte(order.out) == whole


@pytest.mark.parametrize("damage", [lambda path: path.write_bytes(b"PAR1"), Path.unlink])
def test_a_batch_does_not_go_on_without_its_customers(opened, tmp_path, damage):
    order = Order("june", "mail", tmp_path / "out")
    run_batch(opened, order)
    damage(order.out / "customers.parquet")
    with pytest.raises(InvalidInputError, match=r"customers.parquet is damaged .* choose another folder"):
        run_batch(opened, order)


def begin_as(whole, cut):
    cut.mkdir()
    for name in ("batch.json", "customers.parquet"):
        shutil.copy(whole / name, cut / name)


def killed(opened, order, monkeypatch, write, *, after):
    """Kill a batch once so many files were written by `write`."""
    written = []

    def dying(path, *rest):
        if len(written) == after:
            raise KeyboardInterrupt
        written.append(path)
        write(path, *rest)

    with monkeypatch.context() as patched:
        patched.setattr(weigh if write is weigh.write_block else run, write.__name__, dying)
        with pytest.raises(KeyboardInterrupt):
            run_batch(opened, order)


def newcomers(opened):
    now = opened.clock().isoformat()
    opened.send([said(n, now) for n in range(200, 230) for said in (_identify, _consent)], [])


def erase(opened, ids):
    ErasureBook(opened.ledger).erase([CustomerReference("customer_id", each) for each in ids], now=opened.clock())


def test_what_is_recorded_is_what_was_drawn_and_counts_as_any_other_contact(opened, tmp_path):
    order = Order("june", "mail", tmp_path / "out", record=True)
    report = run_batch(opened, order)
    found = rows(tmp_path / "out")
    assert report["recorded"] == sum(row["recorded"] for row in found) == sum(not row["moved"] for row in found)
    assert not any(row["moved"] and row["action"] for row in found)
    sent = next(row for row in found if row["action"] and row["recorded"])
    decision = opened.decisions.find(sent["decision_id"])
    assert (decision.chosen, decision.eligible[decision.chosen]) == (sent["action"], sent["action_probability"])
    used = opened.population().pools.used(opened.clock())
    assert used["capacity:email"] == report["contacts"] <= 25
    run_batch(opened, order)
    assert rows(tmp_path / "out") == found
    again = run_batch(opened, replace(order, run="july", out=tmp_path / "again"))
    assert again["stopped"].get("cap", 0) > 0
    assert again["contacts"] <= 25 - report["contacts"]


def test_where_all_customers_are_alike_a_recorded_batch_uses_up_what_a_channel_can_send(shop, tmp_path):
    sure = (
        (shop / "catalog.yaml")
        .read_text()
        .replace("epsilon: 0.2", "epsilon: 0.0")
        .replace("bundle: 0.2", "bundle: 0.0")
    )
    (shop / "catalog.yaml").write_text(sure.replace("amount: 6", "amount: 900"))
    with compose(shop / "home", shop) as opened:
        opened.send([_identify(5 * n, opened.clock().isoformat()) for n in range(90)], [])
        report = run_batch(opened, Order("june", "mail", tmp_path / "out", record=True))
    sent = [row for row in rows(tmp_path / "out") if row["action"]]
    assert report["recorded"] == len(sent) == 25
    assert all(row["recorded"] and row["action_probability"] == 1.0 for row in sent)


def test_who_was_contacted_since_is_not_recorded(opened, tmp_path):
    plan = run_batch(opened, Order("june", "mail", tmp_path / "out"))
    sent = next(row for row in rows(tmp_path / "out") if row["action"] and not row["moved"])
    reference = CustomerReference("customer_id", sent["customer_id"])
    decide(DecisionRequest("other", reference, "mail", "", limit=1), ports=opened.ports(), now=opened.clock())
    prices = {key: pool["price"] for key, pool in plan["pools"].items()}
    recorder = Recorder(
        opened, Plan(**json.loads((tmp_path / "out" / "batch.json").read_bytes())), prices, Sides(opened.scorer)
    )
    contacted = bool(opened.decisions.find(opened_id(opened, "other")).ranked)
    assert recorder.record([sent["customer_id"]], [sent["action"]]).tolist() == [not contacted]


def test_who_has_a_message_planned_from_before_is_recorded_and_it_counts(shop, tmp_path):
    put_off(shop, is_night=True, at_most=2)
    (shop / "catalog.yaml").write_text((shop / "catalog.yaml").read_text().replace("amount: 6", "amount: 90"))
    with compose(shop / "home", shop) as opened:
        opened.send([_identify(n, opened.clock().isoformat()) for n in range(20)], [])
        first, second, third = (
            run_batch(opened, Order(name, "mail", tmp_path / name, record=True)) for name in ("may", "june", "july")
        )
    planned = {row["customer_id"] for row in rows(tmp_path / "may") if row["recorded"] and row["send_at"]}
    again = [row for row in rows(tmp_path / "june") if row["customer_id"] in planned and not row["moved"]]
    assert len(planned) == first["contacts"] > 5
    assert again
    assert all(row["recorded"] for row in again)
    assert second["stopped"].get("cap", 0) == 0 < third["stopped"]["cap"]


def test_a_name_under_which_another_batch_recorded_is_refused_before_anything_is_written(opened, shop, tmp_path):
    order = Order("june", "mail", tmp_path / "out", record=True)
    as_of = run_batch(opened, order)["as_of"]
    again = replace(order, out=tmp_path / "again")
    with pytest.raises(InvalidInputError, match=f"'june' was used before, for placement mail at {re.escape(as_of)}"):
        run_batch(opened, again)
    assert not again.out.exists()
    assert run_batch(opened, order)["recorded"] > 0
    assert run_batch(opened, replace(again, record=False))["recorded"] == 0


@pytest.mark.parametrize("other", [{"placement": "post"}, {"as_of": "2026-01-01T00:00:00+00:00"}])
def test_what_another_batch_of_the_name_recorded_is_not_recorded_by_this_one(opened, tmp_path, other):
    ids, actions, recorder = recorded_batch(opened, tmp_path / "out")
    assert recorder.record(ids, actions).all()
    assert not replace(recorder, plan=replace(recorder.plan, **other)).record(ids, actions).any()


def test_what_is_recorded_with_another_action_is_not_recorded_with_this_one(opened, tmp_path):
    ids, actions, recorder = recorded_batch(opened, tmp_path / "out")
    others = ["loan" if action == "card" else "card" for action in actions]
    assert not recorder.record(ids, others).any()


def recorded_batch(opened, out):
    """The customers of a batch that is recorded, what was drawn for them, and what records it."""
    report = run_batch(opened, Order("june", "mail", out, record=True))
    found = [row for row in rows(out) if row["recorded"]]
    plan = Plan(**json.loads((out / "batch.json").read_bytes()))
    prices = {key: pool["price"] for key, pool in report["pools"].items()}
    actions = [row["action"] or "no_action" for row in found]
    return [row["customer_id"] for row in found], actions, Recorder(opened, plan, prices, Sides(opened.scorer))


def opened_id(opened, request_id):
    return decision_id_of(request_id, opened.catalog.catalog.holdout.salt)


def test_a_folder_holds_one_batch(opened, tmp_path, shop):
    order = Order("june", "mail", tmp_path / "out")
    run_batch(opened, order)
    for other in (replace(order, run="july"), replace(order, customers_at_once=7)):
        with pytest.raises(Exception, match="holds a batch with"):
            run_batch(opened, other)
    with pytest.raises(Exception, match="unknown placement 'fax'; the catalogue has mail"):
        run_batch(opened, replace(order, placement="fax"))


@pytest.mark.parametrize("record", [False, True])
@pytest.mark.parametrize("extra", ["", ", temperature: 4"])
def test_a_placement_that_no_action_has_a_treatment_for_offers_nobody_anything(shop, tmp_path, record, extra):
    text = (shop / "catalog.yaml").read_text().replace("limit: 1}}", "limit: 1}, post: {channel: post, limit: 1}}")
    text = text.replace("channels:\n", "channels:\n  post: {outbound: true}\n").replace(
        "epsilon: 0.2", f"epsilon: 0.2{extra}"
    )
    (shop / "catalog.yaml").write_text(text)
    with compose(shop / "home", shop) as opened:
        opened.send([_identify(n, opened.clock().isoformat()) for n in range(9)], [])
        report = run_batch(opened, Order("june", "post", tmp_path / "out", record=record))
    assert (report["contacts"], report["optimality_gap"], report["stopped"]) == (0, 0.0, {"placement": 18})
    assert [(row["action"], row["action_probability"]) for row in rows(tmp_path / "out")] == [(None, 1.0)] * 9


def test_the_command_tells_what_it_came_to(opened, shop, tmp_path):
    told = CliRunner().invoke(
        app,
        ["decide", "--batch", "june", "--placement", "mail", "--out", str(tmp_path / "out"), "--workspace", str(shop)],
        env={"TSUGI_HOME": str(shop / "home")},
    )
    assert told.exit_code == 0, told.output
    assert "of 90 customers are offered something" in told.stdout
    assert "capacity:email: 25 of 25" in told.stdout


@pytest.mark.parametrize("options", [(), ("--batch", "june")])
def test_who_is_meant_or_where_to_must_be_said(shop, options):
    told = CliRunner().invoke(app, ["decide", "--placement", "mail", "--workspace", str(shop), *options])
    assert told.exit_code == 2


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("user_id:u-1", "--batch", "june"), "does not go with KIND:VALUE"),
        (("--batch", "june", "--request-id", "r-1"), "does not go with --request-id"),
        (("--batch", " "), "--batch is empty"),
    ],
)
def test_a_batch_has_a_name_and_goes_with_nothing_that_is_said_of_one_customer(shop, tmp_path, options, said):
    where = ["--workspace", str(shop), "--home", str(shop / "home"), "--out", str(tmp_path / "out")]
    told = CliRunner().invoke(app, ["decide", "--placement", "mail", *where, *options])
    assert told.exit_code == 2
    assert said in " ".join(told.output.replace("│", " ").split())
    assert not (tmp_path / "out").exists()


def test_a_batch_begins_in_no_folder_that_holds_other_files(opened, tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.png").write_bytes(b"")
    with pytest.raises(InvalidInputError, match=r"photos holds files and no batch .*; choose a new folder"):
        run_batch(opened, Order("june", "mail", tmp_path / "photos"))
    assert [path.name for path in (tmp_path / "photos").iterdir()] == ["cat.png"]


@pytest.mark.parametrize("below", ["notes.txt", "notes.txt/june"])
def test_a_file_is_no_folder_for_a_batch(opened, tmp_path, below):
    (tmp_path / "notes.txt").write_text("buy milk")
    with pytest.raises(InvalidInputError, match=r"notes.txt is a file; a batch needs a folder"):
        run_batch(opened, Order("june", "mail", tmp_path / below))


def test_a_batch_that_was_interrupted_before_its_plan_was_written_begins_anew(opened, tmp_path):
    (tmp_path / "out").mkdir()
    for name in ("learned.json", "customers.parquet", ".replacing-a1"):
        (tmp_path / "out" / name).write_bytes(b"{")
    assert run_batch(opened, Order("june", "mail", tmp_path / "out"))["customers"] == 90


def test_a_home_without_anybody_is_named_and_leaves_no_batch_behind(tmp_path):
    write_workspace(tmp_path / "shop")
    where = ["--workspace", str(tmp_path / "shop"), "--home", str(tmp_path / "home"), "--out", str(tmp_path / "june")]
    done = CliRunner().invoke(app, ["decide", "--batch", "june", "--placement", "newsletter", *where])
    assert "nobody is known in" in str(done.exception)
    assert not (tmp_path / "june").exists()
