import pytest
from ledger_builders import NOW, an_event

from features.contract.contract_file import read_contracts
from features.event import parse_event
from features.intake import Intake
from features.ledger import Ledger
from features.located import FeatureFileError
from features.rejects import RejectBook

EVENTS = """
events:
  Order Completed:
    closed: true
    fields:
      order_id: {type: text, required: true, pattern: "[0-9]+"}
      revenue: {type: number, required: true, min: 0, max: 1000}
      channel: {one_of: [web, store]}
      at: {type: timestamp}
      lines: {type: list}
      count: {type: integer}
      gift: {type: boolean}
      buyer: {type: object}
  Product Viewed:
    mode: warn
    fields: {product: {type: text, required: true}}
traits:
  fields: {age: {type: integer, min: 0, max: 130}}
"""


def contracts(tmp_path, text=EVENTS):
    (tmp_path / "events.yaml").write_text(text)
    return read_contracts(tmp_path / "events.yaml")


def breach(agreed, **said):
    event = {"event": "Order Completed", "properties": {"order_id": "7", "revenue": 5, **said}}
    return agreed.breach(parse_event(an_event("m-1", **event), received_at=NOW))


BREACHES = [
    ({"revenue": -5}, "out_of_range", "properties.revenue", "is -5; at least 0 is allowed (events.yaml:7)"),
    ({"revenue": 5000}, "out_of_range", "properties.revenue", "is 5000; at most 1000 is allowed"),
    ({"revenue": "5"}, "wrong_type", "properties.revenue", "is '5'; a number is allowed"),
    ({"revenue": True}, "wrong_type", "properties.revenue", "is True; a number is allowed"),
    ({"revenue": None}, "missing_property", "properties.revenue", "is missing (events.yaml:7)"),
    ({"order_id": "A7"}, "no_match", "properties.order_id", "is 'A7'; /[0-9]+/ is allowed"),
    ({"channel": "fax"}, "not_allowed", "properties.channel", "is 'fax'; 'web' or 'store' is allowed"),
    ({"channel": ["web"]}, "not_allowed", "properties.channel", "'web' or 'store' is allowed"),
    ({"at": "2026-03-01"}, "wrong_type", "properties.at", "with its UTC offset is allowed"),
    ({"count": 1.5}, "wrong_type", "properties.count", "is 1.5; a whole number is allowed"),
    ({"lines": {}}, "wrong_type", "properties.lines", "a list is allowed"),
    ({"gift": 1}, "wrong_type", "properties.gift", "true or false is allowed"),
    ({"buyer": 1}, "wrong_type", "properties.buyer", "an object is allowed"),
    ({"colour": "red"}, "unknown_property", "properties.colour", "is not agreed; allowed are order_id, revenue"),
]


@pytest.mark.parametrize(("said", "code", "field", "told"), BREACHES, ids=[str(said) for said, *_ in BREACHES])
def test_a_breach_says_the_field_what_was_given_what_is_allowed_and_where_that_is_declared(
    tmp_path, said, code, field, told
):
    found = breach(contracts(tmp_path), **said)
    assert (found.error.code, found.error.field, found.taken) == (code, field, False)
    assert told in found.error.message


def test_what_is_as_agreed_is_no_breach(tmp_path):
    agreed = contracts(tmp_path)
    everything = {"at": "2026-03-01T10:00:00Z", "count": 2, "lines": [], "gift": False, "buyer": {}, "channel": "web"}
    assert breach(agreed, **everything) is None
    assert breach(agreed, count=2.0) is None


def test_a_value_of_the_wrong_type_never_raises_whatever_it_is(tmp_path):
    agreed = contracts(tmp_path)
    for value in (None, True, 1, -1.5, "x", [], {}, [1], {"a": 1}):
        for field in ("order_id", "revenue", "channel", "at", "lines", "count", "gift", "buyer"):
            breach(agreed, **{field: value})


def test_only_names_with_a_contract_are_looked_at(tmp_path):
    agreed = contracts(tmp_path)
    for raw in (an_event("m-1", event="Other", properties={"revenue": -1}), an_event("m-2", type="page", event=None)):
        assert agreed.breach(parse_event(raw, received_at=NOW)) is None
    traits = parse_event({"type": "identify", "userId": "u", "traits": {"age": 200}}, received_at=NOW)
    assert agreed.breach(traits).error.field == "traits.age"


@pytest.mark.parametrize(("policy", "taken"), [("warn", True), ("reject", False)])
def test_events_without_a_contract_are_told_where_the_workspace_asks(tmp_path, policy, taken):
    agreed = contracts(tmp_path, f"unknown: {policy}\nevents: {{Known: {{}}}}\n")
    found = agreed.breach(parse_event(an_event("m-1", event="Heard of by nobody"), received_at=NOW))
    assert (found.error.code, found.taken) == ("unknown_event", taken)
    assert agreed.breach(parse_event(an_event("m-1", event="Known"), received_at=NOW)) is None


def test_the_intake_refuses_what_breaks_a_contract_and_takes_with_a_note_what_only_should_not(tmp_path):
    batch = [
        an_event("m-1", event="Order Completed", properties={"order_id": "1", "revenue": 1}),
        an_event("m-2", event="Order Completed", properties={"order_id": "1", "revenue": -1}),
        an_event("m-3", event="Product Viewed", properties={}),
    ]
    with Ledger(tmp_path / "ledger.db") as ledger:
        receipt = Intake(ledger, contracts=contracts(tmp_path)).accept(batch, received_at=NOW)
        assert (receipt.accepted, [why.code for why in receipt.rejected]) == (2, ["out_of_range"])
        kept = RejectBook(ledger).newest()
        assert sorted((each.place, each.code, each.taken) for each in kept) == [
            (1, "out_of_range", 0),
            (2, "missing_property", 1),
        ]
        assert sorted(each.record_id for each in ledger.records()) == ["m-1", "m-3"]


REFUSED = [
    ("evnts: {}", "events.yaml:1: events.yaml: unknown option 'evnts'; allowed: unknown, mode, events, traits"),
    ("unknown: maybe", "unknown is 'maybe'; allowed: allow, warn, reject"),
    ("events: {A: {mode: shout}}", "event 'A': mode is 'shout'; allowed: reject, warn"),
    ("events: {A: {fields: {x: {type: money}}}}", "field 'x': type is 'money'; allowed: text, number"),
    ("events:\n  A:\n    fields:\n      x: {min: 1}", "events.yaml:4: event 'A': field 'x': min and max need a type"),
    ("events: {A: {fields: {x: {type: number, min: 3, max: 1}}}}", "min 3 is above max 1"),
    ("events: {A: {fields: {x: {type: number, min: low}}}}", "min must be a number, given 'low'"),
    ("events: {A: {fields: {x: {pattern: '['}}}}", "must be a regular expression, given '['"),
    ("events: {A: {fields: {x: {type: number, pattern: a}}}}", "a pattern is of a text, not of type 'number'"),
    ("events: {A: {fields: {x: {one_of: []}}}}", "one_of must list words or numbers, given []"),
    ("events: {A: {fields: {x: {required: 1}}}}", "required is true or false, given 1"),
    ("events: {A: {}, A: {}}", "'A' is given twice"),
]


@pytest.mark.parametrize(("text", "told"), REFUSED, ids=[text for text, _ in REFUSED])
def test_a_bad_contract_is_refused_with_its_place_when_the_workspace_is_loaded(tmp_path, text, told):
    with pytest.raises(FeatureFileError) as refused:
        contracts(tmp_path, text)
    assert told in refused.value.message
