from datetime import UTC, datetime

import pytest

from features.located import FeatureFileError
from features.mapping.mapping_file import read_mappings
from features.mapping.row_mapper import RowMapper, Rows

SALES = """
mappings:
  sales:
    files: ["sales*.csv"]
    source: shop
    columns:
      at: {type: timestamp, format: "%d.%m.%Y %H:%M", timezone: Europe/Berlin}
      amount: {type: number, decimal_comma: true}
      pieces: integer
      member: {type: boolean, missing: ["?"]}
      sex: {words: {M: male, F: female}}
    skip:
      - {rule: nobody, when: "who IS NULL"}
    events:
      - type: identify
        user_id: who
        timestamp: at
        traits: {sex: sex, member: member, household: {words: "house-{house}"}}
      - type: track
        event: Order Completed
        when: "amount > 0"
        user_id: who
        timestamp: at
        message_id: [order]
        properties:
          {order_id: order, revenue: amount, total: {product: [amount, pieces]}, currency: {constant: EUR}, fee: 2}
"""
NAMES = ("order", "who", "at", "amount", "pieces", "member", "sex", "house")


def mapper(tmp_path, text=SALES, names=NAMES):
    (tmp_path / "mappings.yaml").write_text(text)
    (mapping,) = read_mappings(tmp_path / "mappings.yaml").values()
    return RowMapper(mapping, names, file="sales.csv")


def mapped(tmp_path, *rows, **more):
    return mapper(tmp_path, **more).map(Rows(0, list(range(len(rows))), list(rows)))


def test_a_row_becomes_the_events_that_its_mapping_declares(tmp_path):
    found = mapped(tmp_path, ("7", "ada", "01.07.2026 10:30", "1.234,50", "2", "Y", "F", "9"))
    at = datetime(2026, 7, 1, 8, 30, tzinfo=UTC)
    assert found.items == [
        {
            "type": "identify",
            "userId": "ada",
            "timestamp": at,
            "traits": {"sex": "female", "member": True, "household": "house-9"},
        },
        {
            "type": "track",
            "event": "Order Completed",
            "userId": "ada",
            "timestamp": at,
            "messageId": "sales:Order Completed:7",
            "properties": {"order_id": "7", "revenue": 1234.5, "total": 2469.0, "currency": "EUR", "fee": 2},
        },
    ]
    assert dict(found.tally) == {"rows": 1, "read": 1}


def test_every_row_is_accounted_for(tmp_path):
    good = ("7", "ada", "01.07.2026 10:30", "1", "2", "?", "", "")
    found = mapped(
        tmp_path,
        good,
        ("8", "", "nonsense", "1", "2", "", "", ""),
        ("9", "bob", "32.07.2026 10:30", "x", "2", "", "", ""),
        ("10", "eve", "01.07.2026 10:30", "-1", "2.5", "", "", ""),
    )
    assert dict(found.tally) == {"rows": 4, "read": 1, "skipped:nobody": 1, "refused": 2}
    refused = [(found.of_row[place], item.error) for place, item in enumerate(found.items) if hasattr(item, "error")]
    assert [(row, error.code, error.field) for row, error in refused] == [
        (2, "invalid_value", "amount"),
        (3, "invalid_value", "pieces"),
    ]
    assert refused[0][1].message == "amount is 'x'; a finite number is allowed (mappings.yaml:8)"
    assert next(item for item in found.items if isinstance(item, dict))["traits"] == {}


PER_ORDER = """
mappings:
  lines:
    columns: {amount: number}
    events:
      - type: track
        event: Order Completed
        per: [order]
        when: "amount >= 0"
        user_id: who
        properties:
          revenue: {sum: amount}
          n: {count: rows}
          lines: {list: {sku: sku, amount: amount}, limit: 2}
"""


def test_rows_that_belong_together_become_one_event(tmp_path):
    rows = [("1", "ada", "a", "2"), ("1", "ada", "b", "3.5"), ("1", "ada", "c", "-9"), ("2", "bob", "a", "")]
    rows += [("1", "eve", "a", "1"), ("1", "eve", "b", "1"), ("1", "eve", "c", "1")]
    found = mapped(tmp_path, *rows, text=PER_ORDER, names=("order", "who", "sku", "amount"))
    said = [(event["userId"], event["properties"]) for event in found.items]
    assert said == [
        ("ada", {"revenue": 5.5, "n": 2, "lines": [{"sku": "a", "amount": 2.0}, {"sku": "b", "amount": 3.5}]}),
        ("eve", {"revenue": 3.0, "n": 3, "lines": [{"sku": "a", "amount": 1.0}, {"sku": "b", "amount": 1.0}]}),
    ]
    assert found.items[0]["messageId"] == "lines:Order Completed:1"


def test_an_event_has_an_id_by_columns_by_row_or_by_what_it_says(tmp_path):
    text = "mappings: {m: {events: [{event: A, user_id: who, message_id: %s}]}}"
    rows = [("ada", "x"), ("ada", None)]
    by = {
        wanted: [
            event.get("messageId") for event in mapped(tmp_path, *rows, text=text % wanted, names=("who", "k")).items
        ]
        for wanted in ("[who, k]", "row", "content")
    }
    assert by == {
        "[who, k]": ["m:A:ada:x", None],
        "row": ["m:A:sales.csv:0", "m:A:sales.csv:1"],
        "content": [None, None],
    }


@pytest.mark.parametrize(
    ("column", "raw", "read"),
    [
        ("integer", "17850.0", 17850),
        ("number", "1e3", 1000.0),
        ("boolean", "No", False),
        ("date", "2026-03-01", "2026-03-01"),
        ("json", '{"a": [1]}', {"a": [1]}),
        ("text", " x ", "x"),
        ("{type: timestamp, format: unix}", "0", datetime(1970, 1, 1, tzinfo=UTC)),
        ("{type: timestamp, format: unix_ms}", 1500, datetime(1970, 1, 1, 0, 0, 1, 500_000, tzinfo=UTC)),
        ("{type: timestamp}", "2026-03-01T10:00:00+02:00", datetime(2026, 3, 1, 8, tzinfo=UTC)),
        ("{type: timestamp, timezone: Asia/Tokyo}", "2026-03-01 10:00", datetime(2026, 3, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_column_is_read_by_its_type(tmp_path, column, raw, read):
    text = f"mappings: {{m: {{columns: {{k: {column}}}, events: [{{event: A, user_id: who, properties: {{k: k}}}}]}}}}"
    (event,) = mapped(tmp_path, ("ada", raw), text=text, names=("who", "k")).items
    assert event["properties"] == {"k": read}


@pytest.mark.parametrize(
    ("column", "raw"),
    [
        ("integer", "1.5"), ("integer", "inf"), ("number", "nan"), ("number", [1]), ("boolean", "perhaps"),
        ("date", "1.3.2026"), ("json", "{"), ("{type: timestamp}", "2026-03-01T10:00:00"), ("{type: timestamp}", 7),
        ("{type: timestamp, format: unix}", "1e30"),
    ],
)  # fmt: skip
def test_what_a_column_cannot_read_is_refused_alone(tmp_path, column, raw):
    text = f"mappings: {{m: {{columns: {{k: {column}}}, events: [{{event: A, user_id: who, properties: {{k: k}}}}]}}}}"
    found = mapped(tmp_path, ("ada", raw), ("bob", None), text=text, names=("who", "k"))
    assert [getattr(item, "error", None) and item.error.code for item in found.items] == ["invalid_value", None]


REFUSED = [
    ("mappings: {m: {evnts: []}}", "mapping 'm': unknown option 'evnts'; allowed: files"),
    ("mappings: {m: {columns: {a: money}}}", "column 'a' is 'money'; allowed: text, integer"),
    ("mappings: {m: {columns: {a: {type: [integer], required: true}}}}", "type must be a text, given ['integer']"),
    ("mappings: {m: {columns: {a: {type: timestamp, timezone: Mars/Base}}}}", "unknown timezone 'Mars/Base'"),
    ("mappings: {m: {columns: {a: {type: text, format: x}}}}", "format and timezone are of a timestamp"),
    ("mappings: {m: {skip: [{rule: x}]}}", "needs its name in rule, and when it holds"),
    ("mappings: {m: {skip: [{rule: x, when: 'a ='}]}}", "condition"),
    ("mappings: {m: {events: [{event: A}]}}", "needs user_id or anonymous_id"),
    ("mappings: {m: {events: [{user_id: a}]}}", "needs its name in event"),
    ("mappings: {m: {events: [{type: dance, user_id: a}]}}", "type is 'dance'; allowed: track, page"),
    ("mappings: {m: {events: [{event: A, user_id: a, traits: {x: y}}]}}", "stands in properties, given traits"),
    ("mappings: {m: {events: [{event: A, user_id: a, properties: {x: {mean: y}}}]}}", "or one of column, constant"),
    ("mappings: {m: {events: [{event: A, user_id: {words: all}}]}}", "words name columns in braces"),
    ("mappings: {m: {events: [{event: A, user_id: a}, {event: A, user_id: b}]}}", "need a `label` each"),
    ("mappings: {m: {events: [{event: A, user_id: a, per: [b]}, {event: B, user_id: a, per: [c]}]}}", "same columns"),
    ("mappings: {m: {delimiter: ';;'}}", "delimiter must be one character"),
    ("mappings: {m: {encoding: klingon}}", "unknown encoding 'klingon'"),
    ("mappings: {m: {lookups: [{file: a.csv}]}}", "needs file, on and take"),
]


@pytest.mark.parametrize(("text", "told"), REFUSED, ids=[text for text, _ in REFUSED])
def test_a_bad_mapping_is_refused_with_its_place(tmp_path, text, told):
    (tmp_path / "mappings.yaml").write_text(text)
    with pytest.raises(FeatureFileError) as refused:
        read_mappings(tmp_path / "mappings.yaml")
    assert refused.value.message.startswith(f"{tmp_path / 'mappings.yaml'}:1: ")
    assert told in refused.value.message


def test_a_workspace_without_mappings_has_none(tmp_path):
    assert read_mappings(tmp_path / "mappings.yaml") == {}
