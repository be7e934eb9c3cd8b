"""Files read into the ledger: formats alike, every row accounted for, an interrupted run continued exactly."""

import csv
import gzip
import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from decisioning.errors import InvalidInputError, NotFoundError, UnavailableError
from features import intake
from features.ledger import Ledger
from features.rejects import RejectBook
from pipelines.cli import app
from pipelines.file_import import run, sorted_table, table
from pipelines.ingest import Wanted, ingest_file
from pipelines.rejects import Wanted as WantedRejects
from pipelines.rejects import replay_rejects

SHOP = Path(__file__).parent.parent / "serving" / "workspace"
MAPPINGS = """
mappings:
  sales:
    files: ["sales*"]
    source: till
    columns:
      at: {type: timestamp, timezone: UTC}
      revenue: {type: number, min: 0}
      channel: {one_of: [web, store]}
    lookups:
      - {file: shops.csv, on: [shop], take: [city]}
    skip:
      - {rule: nobody, when: "who IS NULL"}
    events:
      - event: Order Completed
        user_id: who
        timestamp: at
        message_id: [order]
        properties: {order_id: order, revenue: revenue, city: city, channel: channel}
"""
PER_ORDER = MAPPINGS.replace("        user_id: who", "        per: [order]\n        user_id: who").replace(
    "revenue: revenue, city", "revenue: {sum: revenue}, city"
)
NAMES = ["order", "who", "at", "revenue", "shop", "channel"]


@pytest.fixture
def place(tmp_path):
    shutil.copytree(SHOP, tmp_path / "shop")
    (tmp_path / "shop" / "mappings.yaml").write_text(MAPPINGS)
    (tmp_path / "shops.csv").write_text("shop,city\ns1,Rome\ns2,Oslo\n")
    return tmp_path


def rows(n, *, spoiled=()):
    made = [[f"o{k}", f"u{k % 7}", f"2026-01-01 00:{k % 60:02d}:00", str(k / 4), f"s{k % 3}", "web"] for k in range(n)]
    for k, column, value in spoiled:
        made[k][NAMES.index(column)] = value
    return made


SPOILED = [(3, "who", ""), (5, "at", "soon"), (8, "revenue", "-1"), (9, "channel", "fax"), (11, "revenue", "much")]


def write_csv(path, table_rows):
    with gzip.open(path, "wt", newline="") if path.suffix == ".gz" else path.open("w", newline="") as stream:
        csv.writer(stream).writerows([NAMES, *table_rows])
    return path


def write_parquet(path, table_rows):
    columns = [[cell or None for cell in column] for column in zip(*table_rows, strict=True)]
    pq.write_table(pa.table(dict(zip(NAMES, columns, strict=True))), path)
    return path


def write_json_lines(path, table_rows):
    with gzip.open(path, "wt") if path.suffix == ".gz" else path.open("w") as stream:
        stream.writelines(json.dumps(dict(zip(NAMES, row, strict=True))) + "\n" for row in table_rows)
    return path


WRITERS = {
    "sales.csv": write_csv,
    "sales.csv.gz": write_csv,
    "sales.parquet": write_parquet,
    "sales.jsonl": write_json_lines,
    "sales.jsonl.gz": write_json_lines,
}


def ingested(place, file, home="home", **wanted):
    return ingest_file(place / home, place / "shop", file, Wanted(**wanted))


def bodies(place, home="home"):
    with Ledger(place / home / "ledger.db") as ledger:
        return {record.record_id: json.loads(record.body) for record in ledger.records(kinds=("event",))}


def rejects(place, home="home"):
    with Ledger(place / home / "ledger.db") as ledger:
        return sorted((each.place, each.code, each.field) for each in RejectBook(ledger).newest(10_000))


@pytest.mark.parametrize("name", WRITERS)
def test_every_format_gives_the_same_events_and_the_same_rejects(place, name):
    told = ingested(place, WRITERS[name](place / name, rows(20, spoiled=SPOILED)))
    assert (told.accepted, told.rejected, told.rows, told.read, told.skipped) == (15, 4, 20, 15, {"nobody": 1})
    assert rejects(place) == [
        (5, "invalid_value", "at"),
        (8, "out_of_range", "revenue"),
        (9, "not_allowed", "channel"),
        (11, "invalid_value", "revenue"),
    ]
    found = bodies(place)
    assert set(found) == {f"sales:Order Completed:o{k}" for k in range(20) if k not in (3, 5, 8, 9, 11)}
    assert found["sales:Order Completed:o1"]["properties"] == {
        "order_id": "o1", "revenue": 0.25, "city": "Rome", "channel": "web",
    }  # fmt: skip
    assert "city" not in found["sales:Order Completed:o0"]["properties"]


@pytest.mark.parametrize(("column", "ending"), [("channel", "\n"), ("channel", ""), ("who", "\n")])
def test_a_quote_that_is_never_closed_swallows_no_row_without_a_word(place, column, ending):
    file = write_csv(place / "sales.csv", rows(20, spoiled=[(17, column, "OPEN")]))
    file.write_text(file.read_text().replace("OPEN", '"open').rstrip() + ending)
    told = ingested(place, file)
    assert (told.accepted, told.rows, told.refused) == (17, 18, 1)
    assert rejects(place) == [(17, "invalid_row", "")]
    with Ledger(place / "home" / "ledger.db") as ledger:
        (kept,) = RejectBook(ledger).newest(2)
    assert "a quote is never closed" in kept.message
    assert b"o19" in kept.raw


def write_events(path, table_rows):
    events = [{"type": "page", "userId": who, "messageId": order} for order, who, *_ in table_rows]
    path.write_text("".join(json.dumps(event) + "\n" for event in events))
    return path


MARKED = {name: write for name, write in WRITERS.items() if write is not write_parquet} | {"events.jsonl": write_events}


@pytest.mark.parametrize("name", MARKED)
def test_a_byte_order_mark_is_no_part_of_the_first_row(place, name):
    file = MARKED[name](place / name, rows(3))
    pack, unpack = (gzip.compress, gzip.decompress) if name.endswith(".gz") else (bytes, bytes)
    file.write_bytes(pack(b"\xef\xbb\xbf" + unpack(file.read_bytes())))
    assert (ingested(place, file).accepted, rejects(place)) == (3, [])


@pytest.mark.parametrize(("name", "write"), [("sales.jsonl", write_json_lines), ("events.jsonl", write_events)])
def test_a_line_without_end_is_refused_by_its_beginning_and_the_next_is_read(place, name, write):
    before, after = (write(place / name, rows(n)).read_bytes() for n in (2, 1))
    endless = b'["' + b"x" * (5 << 20) + b'"]\n'
    (place / name).write_bytes(before + endless + after.replace(b"o0", b"o9"))
    told = ingested(place, place / name)
    assert (told.accepted, told.rows, rejects(place)) == (3, 4, [(2, "too_large", "")])
    with Ledger(place / "home" / "ledger.db") as ledger:
        (kept,) = RejectBook(ledger).newest(2)
    assert kept.raw == endless[: len(kept.raw)]
    assert len(kept.raw) < 40_000


def test_a_file_that_was_read_is_not_read_twice_but_anew_where_that_is_asked(place):
    file = write_csv(place / "sales.csv", rows(20, spoiled=SPOILED))
    first, second = ingested(place, file), ingested(place, file)
    assert (first.was_finished, second.was_finished) == (False, True)
    assert (second.accepted, second.duplicates, second.rejected) == (0, 15, 4)
    third = ingested(place, file, again=True)
    assert (third.accepted, third.duplicates, third.rejected) == (0, 15, 4)
    assert len(rejects(place)) == 4
    file.write_text(file.read_text() + "o20,u1,2026-01-02 00:00:00,1,s1,web\n")
    longer = ingested(place, file)
    assert (longer.accepted, longer.duplicates) == (1, 15)


class KilledError(UnavailableError):
    """The process is gone."""


@pytest.mark.parametrize("mappings", [MAPPINGS, PER_ORDER], ids=["a row", "a group"])
@pytest.mark.parametrize("after", range(1, 9))
def test_a_run_that_is_killed_after_any_batch_is_continued_exactly(place, monkeypatch, mappings, after):
    (place / "shop" / "mappings.yaml").write_text(mappings)
    spoiled = [(k, column, value) for j in range(4) for k, column, value in [(n + 12 * j, c, v) for n, c, v in SPOILED]]
    file = write_csv(place / "sales.csv", [*rows(50, spoiled=spoiled), ["short"], ["o1", "u1", "x"]])
    whole = ingested(place, file, home="whole")
    for module in (table, run, sorted_table):
        monkeypatch.setattr(module, "AT_ONCE", 10)
    monkeypatch.setattr(intake, "BULK_BATCH", 7)
    kept, stop = run.FileOrigin.kept, [after]

    def kept_until(self, connection, receipt):
        kept(self, connection, receipt)
        stop[0] -= 1
        if stop[0] < 0:
            raise KilledError("killed")

    monkeypatch.setattr(run.FileOrigin, "kept", kept_until)
    try:
        ingested(place, file)
    except UnavailableError:
        stop[0] = 10_000
        ingested(place, file)
    assert bodies(place) == bodies(place, "whole")
    assert rejects(place) == rejects(place, "whole")
    told = ingested(place, file)
    names = ("rejected", "rows", "read", "refused", "skipped")
    assert [getattr(told, name) for name in names] == [getattr(whole, name) for name in names]
    assert told.duplicates == whole.accepted + whole.duplicates


@pytest.mark.parametrize("after", [1, 2, 3])
def test_a_file_of_events_is_continued_too(place, monkeypatch, after):
    lines = [json.dumps({"type": "track", "event": "A", "userId": "u", "messageId": f"m{k}"}) for k in range(40)]
    lines[5], lines[17] = "no json", ""
    file = place / "events.jsonl"
    file.write_text("\n".join(lines))
    monkeypatch.setattr(run, "AT_ONCE", 10)
    monkeypatch.setattr(intake, "BULK_BATCH", 7)
    kept, stop = run.FileOrigin.kept, [after]

    def kept_until(self, connection, receipt):
        kept(self, connection, receipt)
        stop[0] -= 1
        if stop[0] < 0:
            raise KilledError("killed")

    monkeypatch.setattr(run.FileOrigin, "kept", kept_until)
    with pytest.raises(UnavailableError):
        ingested(place, file)
    stop[0] = 10_000
    told = ingested(place, file)
    assert (told.accepted, told.duplicates, told.rejected, told.rows) == (38, 0, 1, 39)
    assert rejects(place) == [(5, "invalid_json", "")]


def test_a_csv_is_read_past_whatever_is_no_row(place):
    text = "order,who,at,revenue,shop,channel\n"
    text += 'o1,u1,2026-01-01 00:00:00,1,s1,"web"\n'
    text += "o2,u1\n\n"
    text += 'o3,"u\n1",2026-01-01 00:00:00,1,s1,web\n'
    text += "o4,u1,2026-01-01 00:00:00,1,s1,web,more\n"
    (place / "sales.csv").write_bytes(text.encode() + b"o5,\xff,2026-01-01 00:00:00,1,s1,web\n")
    told = ingested(place, place / "sales.csv")
    assert (told.accepted, told.rows, told.refused) == (2, 5, 3)
    assert rejects(place) == [(1, "invalid_row", ""), (4, "invalid_row", ""), (5, "invalid_encoding", "")]
    assert {body["userId"] for body in bodies(place).values()} == {"u1", "u\n1"}
    told = replay_rejects(place / "home", place / "shop", WantedRejects())
    assert (told.tried, told.rejected, rejects(place)[0]) == (3, 3, (1, "invalid_row", ""))


def test_rejects_come_in_after_all_once_the_mapping_is_right(place):
    file = write_csv(
        place / "sales.csv", rows(20, spoiled=[(5, "at", "01/02/2026"), (8, "revenue", "1,5"), (9, "who", "?")])
    )
    assert ingested(place, file).rejected == 2
    settings = place / "shop" / "mappings.yaml"
    settings.write_text(MAPPINGS.replace("number, min: 0", "number, decimal_comma: true"))
    told = replay_rejects(place / "home", place / "shop", WantedRejects())
    assert (told.tried, told.accepted, told.rejected) == (2, 1, 1)
    assert rejects(place) == [(5, "invalid_value", "at")]
    assert bodies(place)["sales:Order Completed:o8"]["properties"]["revenue"] == 1.5
    settings.write_text(MAPPINGS.replace('when: "who IS NULL"', "when: \"order = 'o5'\""))
    told = replay_rejects(place / "home", place / "shop", WantedRejects())
    assert (told.tried, told.left_out, rejects(place)) == (1, 1, [])


def test_rejects_of_a_contract_come_in_once_it_is_changed(place):
    contracts = place / "shop" / "events.yaml"
    contracts.write_text("events: {Paid: {fields: {amount: {type: number, max: 10}}}}")
    lines = [
        {"type": "track", "event": "Paid", "userId": "u", "messageId": f"m{k}", "properties": {"amount": k}}
        for k in (5, 50)
    ]
    (place / "events.jsonl").write_text("\n".join(map(json.dumps, lines)))
    assert ingested(place, place / "events.jsonl").rejected == 1
    assert replay_rejects(place / "home", place / "shop", WantedRejects(code="out_of_range")).rejected == 1
    contracts.write_text("events: {Paid: {fields: {amount: {type: number, max: 100}}}}")
    told = replay_rejects(place / "home", place / "shop", WantedRejects(code="out_of_range"))
    assert (told.accepted, rejects(place)) == (1, [])


BAD = [
    ("sales.csv", b"", "has no line with the names"),
    ("sales.csv", b"a,a\n1,2\n", "names a column twice"),
    ("sales.csv", b"order,who,shop\n1,2,s1\n", "the file has no column 'at'"),
    ("sales.csv.gz", gzip.compress(b"order,who,at,revenue,shop,channel\n" * 1000)[:-9], "is damaged"),
    ("sales.parquet", b"no parquet", "is no Parquet file"),
    ("sales.xlsx", b"", "is no table; allowed: .csv"),
]


@pytest.mark.parametrize(("name", "content", "told"), BAD, ids=[told for *_, told in BAD])
def test_a_file_that_is_no_such_table_is_named(place, name, content, told):
    (place / name).write_bytes(content)
    with pytest.raises(InvalidInputError, match=told):
        ingested(place, place / name)


def test_a_lookup_that_is_missing_or_ambiguous_is_named(place):
    file = write_csv(place / "sales.csv", rows(3))
    (place / "shops.csv").write_text("shop,city\ns1,Rome\ns1,Oslo\n")
    with pytest.raises(InvalidInputError, match="says s1 twice"):
        ingested(place, file)
    (place / "shops.csv").unlink()
    with pytest.raises(NotFoundError, match=r"shops.csv is not beside the file"):
        ingested(place, file)


def test_which_mapping_is_meant_is_said(place):
    file = write_csv(place / "other.csv", rows(3))
    with pytest.raises(InvalidInputError, match=r"other.csv is not JSON Lines"):
        ingested(place, file)
    with pytest.raises(NotFoundError, match="no such mapping: nowhere; there are sales"):
        ingested(place, file, mapping="nowhere")
    assert ingested(place, file, mapping="sales").accepted == 3


def test_the_source_is_that_of_the_mapping_or_the_one_that_is_said(place):
    ingested(place, write_csv(place / "sales.csv", rows(1)))
    ingested(place, write_csv(place / "sales2.csv", rows(2)), source="elsewhere")
    with closing(sqlite3.connect(place / "home" / "ledger.db")) as connection:
        assert connection.execute("SELECT DISTINCT source FROM record WHERE kind = 'event' ORDER BY 1").fetchall() == [
            ("elsewhere",),
            ("till",),
        ]


def test_the_command_line_says_what_became_of_every_row(place):
    file = write_csv(place / "sales.csv", rows(20, spoiled=SPOILED))
    here = ["--home", str(place / "home"), "--workspace", str(place / "shop")]
    said = CliRunner().invoke(app, ["ingest", str(file), *here])
    assert said.output.splitlines() == [
        f"{file}: 15 accepted, 0 there already, 4 rejected: see `tsugi rejects`",
        "  20 rows by mapping sales: 15 read, 1 left out by nobody, 4 refused",
    ]
    told = json.loads(CliRunner().invoke(app, ["rejects", "--json", "--code", "invalid_value", *here]).output)
    assert [(each["source"], each["file"], each["place"]) for each in told["newest"]] == [
        ("till", "sales.csv", 11),
        ("till", "sales.csv", 5),
    ]
    written = CliRunner().invoke(app, ["rejects", "--out", str(place / "out.jsonl"), *here])
    assert written.output == f"4 rejects in {place / 'out.jsonl'}, with what they said: personal data\n"
    (first, *_) = map(json.loads, (place / "out.jsonl").read_text().splitlines())
    assert (first["code"], json.loads(first["raw"])["row"]["order"]) == ("invalid_value", "o5")
    assert (place / "out.jsonl").stat().st_mode & 0o077 == 0
    again = CliRunner().invoke(app, ["rejects", "--replay", *here]).output
    assert again == "4 tried: 0 events accepted, 0 there already, 0 left out, 4 rejected still\n"
