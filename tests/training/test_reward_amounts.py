"""A reward rule that gives nothing for the events of its name is warned of, with what stands in its place."""

import json
from contextlib import closing

import pytest
from ledger_builders import NOW, an_event

from features.intake import Intake
from features.ledger import Ledger
from features.receipt import Arrival
from features.workspace import Goal, Reward
from pipelines.reward_amounts import doubtful_rewards

ORDER = "Order Completed"


def warned(folder, properties, *rules):
    """What is said of these rules where a log has an order with each of these properties."""
    lines = [json.dumps(an_event(f"m-{nth}", ORDER, properties=each)).encode() for nth, each in enumerate(properties)]
    with closing(Ledger(folder / "ledger.db")) as ledger, closing(Intake(ledger)) as intake:
        intake.load(lines, Arrival(NOW, source="file"))
        return doubtful_rewards(ledger, Goal(rewards=rules), currency="EUR")


WORTHLESS = {
    "amounts as text": ({"margin": "12.50"}, Reward(event=ORDER, amount="margin"), "1 have a text there"),
    "a misspelt property": ({"margin": 9, "pages": 2}, Reward(event=ORDER, amount="marge"), "numbers are: 'margin'"),
    "nothing at all": ({}, Reward(event=ORDER, amount="margin"), "their numbers are: none"),
    "a condition nobody meets": (
        {"margin": 9.0, "by": "care team"},
        Reward(event=ORDER, amount="margin", where={"by": "care_team"}),
        "none of the latest 1 events 'Order Completed' (goal.rewards) has 'by' = 'care_team'",
    ),
    "no amount is asked for": ({"margin": 9.0}, Reward(event=ORDER), "neither `amount` nor `value`"),
}


@pytest.mark.parametrize("what", WORTHLESS)
def test_a_rule_that_gives_nothing_is_warned_of_with_what_is_there(what, tmp_path):
    properties, rule, told = WORTHLESS[what]
    (warning,) = warned(tmp_path, [properties], rule)
    assert told in warning
    assert "12.50" not in warning


def test_rules_that_give_something_and_events_that_the_log_does_not_have_are_not_warned_of(tmp_path):
    rules = (
        Reward(event=ORDER, amount="margin"),
        Reward(event=ORDER, value=1.0, where={"gift": True}),
        Reward(event="Never", amount="margin"),
    )
    assert warned(tmp_path, [{"margin": 0}, {"margin": -3.5, "gift": True}], *rules) == ()


def test_a_slip_among_many_is_none_and_a_share_is_told_in_numbers(tmp_path):
    rule, good = Reward(event=ORDER, amount="margin"), [{"margin": 1.0}] * 19
    assert warned(tmp_path, [*good, {}], rule) == ()
    (warning,) = warned(tmp_path / "more", [*good, {}, {}], rule)
    assert warning.startswith("2 of the latest 21 events 'Order Completed' (goal.rewards) have no number as 'margin'")


def test_amounts_of_another_currency_are_told_unless_a_rule_of_their_own_weighs_them(tmp_path):
    orders = [{"margin": 1.0, "currency": each} for each in ("EUR", "eur", "USD", "chf")] + [{"margin": 1.0}]
    (warning,) = warned(tmp_path, orders, Reward(event=ORDER, amount="margin"))
    assert warning.startswith(
        "2 of the latest 5 events 'Order Completed' (goal.rewards) are in CHF, USD and are counted"
    )
    euros = Reward(event=ORDER, amount="margin", where={"currency": "EUR"})
    assert warned(tmp_path / "more", orders, euros, Reward(event=ORDER, value=2.0)) == ()
