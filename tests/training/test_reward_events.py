"""A reward event that the log does not have is warned of, with the names that the log has."""

import json
from contextlib import closing

import pytest
from ledger_builders import NOW, an_event

from features.intake import Intake
from features.ledger import Ledger
from features.receipt import Arrival
from features.workspace import Goal, Reward
from pipelines.reward_events import unseen_rewards


def warned(folder, names, rewarded):
    lines = [json.dumps(an_event(f"m-{nth}", name)).encode() for nth, name in enumerate(names)]
    with closing(Ledger(folder / "ledger.db")) as ledger, closing(Intake(ledger)) as intake:
        intake.load(lines, Arrival(NOW, source="file"))
        return unseen_rewards(ledger, Goal(rewards=(Reward(event=rewarded),)))


def test_a_reward_event_that_no_event_has_is_named_with_the_nearest_there_are(tmp_path):
    (warning,) = warned(tmp_path, ["Order Completed", "App Opened"], "Ordr Completed")
    assert warning == ("no event of the log is called 'Ordr Completed' (goal.rewards); nearest are: 'Order Completed'")


@pytest.mark.parametrize("name", ["Order Completed", "Commande payée", 'Said "yes"'])
def test_of_a_reward_event_that_the_log_has_nothing_is_said_however_it_is_spelt(tmp_path, name):
    assert warned(tmp_path, [name], name) == ()


def test_a_reward_event_that_lies_far_back_is_found_though_names_are_looked_for_among_the_latest(tmp_path, monkeypatch):
    monkeypatch.setattr("pipelines.reward_events.LATEST", 1)
    assert warned(tmp_path, ["Commande payée", "App Opened"], "Commande payée") == ()
