"""The generated bank: seeded, ordered, answerable, and with the truth it promises."""

import doctest
import importlib
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from decisioning.catalog_file import read_catalog
from decisioning.errors import InvalidInputError, NotFoundError
from features.event import parse_event
from features.feature_set import FeatureSet
from features.workspace import Workspace
from pipelines.world_source import load_module

BANK = Path(__file__).parents[2] / "examples" / "bank"
TREATMENTS = {"web": "banner", "app": "card", "email": "mail", "call_centre": "call"}
TOLD = (
    "Product Viewed", "Products Searched", "Order Completed", "Ticket Opened", "Ticket Solved", "Survey Answered",
    "Consent Updated", "Sales Contact Started", "Sales Contact Ended", "Account Opened", "Account Closed",
    "Contract Expiring", "Contract Renewed",
)  # fmt: skip


def a_bank(**options: Any) -> Any:
    return load_module(BANK / "world.py", needs="create").create(**{"n_customers": 300, "seed": 7, **options})


@pytest.fixture(scope="module")
def bank() -> Any:
    """A bank that no test moves on."""
    return a_bank()


def all_moments(world: Any) -> list[Any]:
    return world.moments(world.opens_at, world.closes_at)


def test_equal_seeds_give_equal_worlds_and_other_seeds_others() -> None:
    one, same, other = a_bank(), a_bank(), a_bank(seed=8)
    assert list(one.history()) == list(same.history())
    assert all_moments(one) == all_moments(same)
    assert list(one.history()) != list(other.history())


def test_history_is_in_order_before_the_opening_and_valid(bank: Any) -> None:
    events = list(bank.history())
    stamps = [event["timestamp"] for event in events]
    assert stamps == sorted(stamps)
    assert max(map(datetime.fromisoformat, stamps)) < bank.opens_at
    for event in events:
        parse_event(event, received_at=bank.opens_at)


def test_windows_of_live_time_add_up(bank: Any) -> None:
    middle = bank.opens_at + timedelta(days=33, minutes=7)
    for stretch in (bank.events, bank.moments):
        whole = stretch(bank.opens_at, bank.closes_at)
        assert whole == stretch(bank.opens_at, middle) + stretch(middle, bank.closes_at)


def test_it_tells_of_every_part_of_a_banks_life(bank: Any) -> None:
    told = Counter((event["type"], event.get("event", "")) for event in bank.history())
    names = (
        "Product Viewed,Products Searched,Order Completed,Ticket Opened,Ticket Solved,Survey Answered,Consent Updated"
    )
    names += (
        ",Sales Contact Started,Sales Contact Ended,Account Opened,Account Closed,Contract Expiring,Contract Renewed"
    )
    assert not [name for name in names.split(",") if not told["track", name]]
    assert all(told[kind, ""] for kind in ("identify", "alias", "page", "screen"))


def test_people_have_several_identifiers_and_make_mistakes(bank: Any) -> None:
    traits = [event for event in bank.history() if event["type"] == "identify"]
    assert {event["traits"].get("email_verified") for event in traits} >= {True, False}
    styles = {event["traits"]["phone"][:4] for event in traits if "phone" in event["traits"]}
    assert styles == {"+49 ", "0049", "+49-", "0151"}
    assert [event for event in traits if event["userId"].startswith("u-9")]
    devices = {event["anonymousId"] for event in bank.history() if "anonymousId" in event and "userId" not in event}
    assert len(devices) > 100


def test_sent_twice_is_the_same_message() -> None:
    seen: dict[str, Any] = {}
    n_twice = 0
    for event in a_bank().history():
        n_twice += event["messageId"] in seen
        assert seen.setdefault(event["messageId"], event) == event
    assert n_twice > 0


def test_customers_are_asked_at_most_once_in_two_weeks(bank: Any) -> None:
    calls = bank.calls
    for person in np.unique(calls.person):
        assert (np.diff(calls.day[calls.person == person]) > 13).all()
    assert calls.day.max() < 356


def test_no_more_moments_are_made_than_asked_for() -> None:
    assert len(all_moments(a_bank(n_live_decisions=50))) == 50


def test_a_response_depends_on_the_moment_and_the_action_only() -> None:
    one, other = a_bank(), a_bank()
    moments = all_moments(one)
    for moment in moments[: len(moments) // 2]:
        other.imagine(moment, "savings_plan", TREATMENTS[moment.channel])
    for moment in moments:
        assert one.respond(moment, "no_action", "") == other.respond(moment, "no_action", "")


def test_showing_an_action_changes_its_own_outcome_only(bank: Any) -> None:
    for moment in all_moments(bank)[:200]:
        silent = bank.imagine(moment, "no_action", "").events
        shown = bank.imagine(moment, "savings_plan", TREATMENTS[moment.channel]).events
        others = [[e for e in events if e["properties"].get("product") != "savings_plan"] for events in (silent, shown)]
        assert others[0] == others[1]


def test_outcomes_follow_within_ten_days_and_an_accept_has_its_event(bank: Any) -> None:
    n_accepts = 0
    for moment in all_moments(bank):
        response = bank.imagine(moment, "savings_plan", TREATMENTS[moment.channel])
        times = [reaction.occurred_at for reaction in response.reactions]
        times += [datetime.fromisoformat(event["timestamp"]) for event in response.events]
        assert all(moment.at < at < moment.at + timedelta(days=10) for at in times)
        accepts = [reaction for reaction in response.reactions if reaction.type == "accept"]
        n_accepts += len(accepts)
        orders = [
            e["properties"]["margin"] for e in response.events if e["properties"].get("product") == "savings_plan"
        ]
        assert [reaction.amount for reaction in accepts] == orders[: len(accepts)]
    assert n_accepts > 20


def test_what_is_bought_is_owned_and_cannot_be_sold_again() -> None:
    world = a_bank()
    for moment in all_moments(world):
        response = world.respond(moment, "savings_plan", TREATMENTS[moment.channel])
        if any(reaction.type == "accept" for reaction in response.reactions):
            effect = world.truth(moment)["savings_plan"]
            assert (effect.shown, effect.not_shown) == (0.0, 0.0)
            return
    pytest.fail("nobody bought a savings plan")


def test_a_solved_ticket_is_not_solved_again_by_the_back_office() -> None:
    world = a_bank(n_customers=1000)
    for moment in all_moments(world):
        world.respond(moment, "ticket_callback", TREATMENTS[moment.channel])
    later = [e for e in world.events(world.opens_at, world.closes_at) if e.get("event") == "Ticket Solved"]
    assert world.state.solved
    assert world.state.solved.isdisjoint({int(event["properties"]["ticket_id"][2:]) for event in later})


@pytest.mark.parametrize("action", ["savings_plan", "loyalty_bonus", "ticket_callback"])
def test_the_truth_is_the_mean_of_responses(action: str) -> None:
    truth, paid = [], []
    for seed in range(2):
        world = a_bank(n_customers=2000, seed=seed)
        moments = all_moments(world)[::2]
        for moment in moments:
            effect = world.truth(moment)
            organic = sum(each.not_shown for name, each in effect.items() if name != action)
            truth.append(organic + effect[action].shown)
            events = world.imagine(moment, action, TREATMENTS[moment.channel]).events
            paid.append(sum(e["properties"]["margin"] for e in events))
    noise = np.std(paid) / np.sqrt(len(paid))
    assert abs(np.mean(paid) - np.mean(truth)) < 4 * noise


def test_one_action_is_best_on_average_the_oracle_much_better_and_some_contacts_harm() -> None:
    world = a_bank(n_customers=3000, n_live_decisions=15_000)
    gain = world.effects(np.arange(len(world.calls))).gain
    constants = gain.mean(axis=0)
    assert constants.argmax() == 0
    assert 1.5 < constants.max() < 3.5
    assert 2 < np.maximum(gain.max(axis=1), 0).mean() / constants.max() < 3.5
    assert 0 < (gain.max(axis=1) <= 0).mean() < 0.1


@pytest.mark.parametrize("action", ["fee_waiver", "loyalty_bonus"])
def test_there_are_sleeping_dogs(action: str) -> None:
    world = a_bank(n_customers=2000)
    effects = [world.truth(moment)[action] for moment in all_moments(world)]
    woken = [effect for effect in effects if effect.shown < effect.not_shown]
    won = [effect for effect in effects if effect.gain > 3]
    assert len(woken) > 0.05 * len(effects)
    assert len(won) > 0.02 * len(effects)


def test_a_year_can_end_whenever_it_is_wanted() -> None:
    starts_at = datetime(2024, 3, 1, tzinfo=UTC)
    world = a_bank(starts_at=starts_at)
    assert world.closes_at == starts_at + timedelta(days=365)
    assert datetime.fromisoformat(next(world.history())["timestamp"]) >= starts_at


@pytest.mark.parametrize("options", [{"n_customers": 0}, {"n_customers": 1_000_000}, {"n_live_decisions": -1}])
def test_impossible_numbers_are_refused(options: dict[str, int]) -> None:
    with pytest.raises(InvalidInputError, match="allowed"):
        a_bank(**options)


def test_unknown_moments_actions_and_treatments_are_refused(bank: Any) -> None:
    moment = all_moments(bank)[0]
    with pytest.raises(InvalidInputError, match="cannot show 'fax'"):
        bank.imagine(moment, "fax", TREATMENTS[moment.channel])
    with pytest.raises(InvalidInputError, match="allowed"):
        bank.imagine(moment, "savings_plan", "pigeon")
    with pytest.raises(NotFoundError, match="no such moment"):
        bank.truth(type(moment)("m-x", moment.reference, moment.placement, moment.channel, moment.at, {}))


def test_a_bank_of_one_works() -> None:
    world = a_bank(n_customers=1)
    assert list(world.history())
    all_moments(world)


def test_the_workspace_is_valid_and_its_catalogue_is_what_the_world_can_do(bank: Any) -> None:
    workspace = Workspace.load(BANK)
    features = FeatureSet.load(workspace.features_path)
    catalog = read_catalog(workspace.catalog_path.read_text(encoding="utf-8"), features=features.names)
    for moment in all_moments(bank)[:100]:
        possible = {
            (action.name, treatment.name)
            for action in catalog.actions.values()
            for treatment in action.treatments
            if treatment.fits(channel=moment.channel, placement=moment.placement)
        }
        truths = set(bank.truth(moment)) - {"no_action"}
        assert possible == {(name, TREATMENTS[moment.channel]) for name in truths}


def test_catalogue_costs_are_what_the_truth_charges(bank: Any) -> None:
    catalog = read_catalog((BANK / "catalog.yaml").read_text(encoding="utf-8"))
    costs = {treatment.channel: treatment.cost for treatment in catalog.actions["credit_card"].treatments}
    for moment in all_moments(bank)[:100]:
        cost = bank.truth(moment)["credit_card"].cost
        assert cost == costs[moment.channel], "a contact costs the same whether or not it reaches the customer"


@pytest.mark.parametrize("module", ["business", "chance", "identifier", "response", "spans", "timeline"])
def test_the_examples_in_its_docstrings_hold(bank: Any, module: str) -> None:
    results = doctest.testmod(importlib.import_module(f"bankworld.{module}"))
    assert (results.failed, results.attempted > 0) == (0, True)


@pytest.mark.slow
def test_a_plain_learner_finds_more_than_the_best_constant() -> None:
    script = load_module(BANK / "check_learnability.py", needs="measure")
    values = script.measure(2500, 9000, 2500, seed=7)
    assert values["best constant"] + 0.5 < values["learned"] < values["oracle"]
