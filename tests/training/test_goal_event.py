"""Events that rewards and labels look at are found however their senders spell JSON."""

import json
from contextlib import closing

import pytest
from ledger_builders import NOW, an_event

from features.intake import Intake
from features.ledger import Ledger
from features.receipt import Arrival
from training.goal_event import each_goal_event

SPELT = (
    lambda event: json.dumps(event, ensure_ascii=False),
    json.dumps,
    lambda event: json.dumps(event).replace("/", "\\/"),
)


@pytest.mark.parametrize("name", ["Commande payée", "注文完了", "Order/Paid", 'Said "yes"', "Order Completed"])
def test_an_event_is_found_by_its_name_in_every_spelling(tmp_path, name):
    lines = [spell(an_event(f"m-{nth}", name)).encode() for nth, spell in enumerate(SPELT)]
    other = json.dumps(an_event("m-other", "Something/else")).encode()
    with closing(Ledger(tmp_path / "ledger.db")) as ledger, closing(Intake(ledger)) as intake:
        assert intake.load([*lines, other], Arrival(NOW, source="file")).accepted == len(lines) + 1
        found = list(each_goal_event(ledger, [name], after_us=0, until_us=2**61))
    assert [event.name for event in found] == [name] * len(lines)
