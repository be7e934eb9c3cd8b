"""Lines that are read ahead end in the same ledger, rejects and features as lines that are read where they are kept."""

from datetime import UTC, datetime, timedelta
from random import Random

import numpy as np
import orjson
import pytest
from feature_shop import FEATURES, START, Shop, assert_same
from hypothesis import given, settings
from hypothesis import strategies as st

from features.contract.contract import Contract, Contracts
from features.contract.rule import FieldRule
from features.event import parse_event
from features.gathering.gathered import Gathered
from features.instant import to_us
from features.intake import Arrival, Intake
from features.ledger_schema import PROJECTIONS
from features.line_reader import LineReader
from features.lines_ahead import KeptLines, NamedOwners, identifiers_named
from features.online import OnlineFeatures
from features.online_store import PackedRows
from features.plain_event import plain_event
from features.projection import FeatureProjection
from features.record import event_fact
from features.rejection import RejectedEventError

NOW = START + timedelta(days=400)
texts = st.sampled_from(["u-1", "", "0", "x" * 256, "x" * 257, 7, 0, 1.5, True, None, ["a"], "é\u2028"])
moments = st.sampled_from(
    [
        "2026-03-01T10:00:00Z",
        "2026-03-01T10:00:00.123456+00:00",
        "2026-03-01T10:00:00+02:00",
        "2026-03-01",
        "2026-03-01T10:00:00",
        "2099-01-01T00:00:00Z",
        "soon",
        1_772_000_000,
        None,
    ]
)
raws = st.fixed_dictionaries(
    {"type": st.sampled_from(["track", "page", "screen", "identify", "group", "alias", "tarck", None, ["track"]])},
    optional={
        "messageId": texts,
        "event": st.one_of(texts, st.sampled_from(["Consent Updated", "Hold Set", "Survey Answered", "Viewed"])),
        "name": texts,
        "userId": texts,
        "anonymousId": texts,
        "timestamp": moments,
        "sentAt": moments,
        "properties": st.sampled_from([None, {}, {"revenue": 1}, [], "none"]),
        "context": st.sampled_from([None, {}, {"timezone": "Europe/Madrid"}, {"timezone": 7}, "none"]),
    },
)


@settings(max_examples=1_500, deadline=None)
@given(raw=raws, backfill=st.booleans())
def test_a_plain_event_is_what_the_full_reading_makes_of_it(raw, backfill):
    plain = plain_event(raw, latest=NOW, correct_clock=not backfill)
    if plain is None:
        return
    message_id, kind, name, named, occurred_us, properties, timezone = plain
    event = parse_event(raw, received_at=NOW, correct_clock=not backfill)
    assert (message_id, kind, name, properties) == (event.message_id, event.type, event.name, event.properties)
    assert (identifiers_named(named), occurred_us) == (event.identifiers, to_us(event.occurred_at))
    assert event_fact(raw, occurred_us, 5) == (kind, name, properties, occurred_us, 5, timezone)


def test_what_is_usual_is_plain():
    raw = {"type": "page", "messageId": "m", "userId": "u", "anonymousId": None, "timestamp": "2026-03-01T10:00:00Z"}
    assert plain_event(raw, latest=NOW, correct_clock=True) is not None
    assert plain_event(raw | {"sentAt": "2026-03-01T10:00:00Z"}, latest=NOW, correct_clock=False) is not None


def some_lines(n: int) -> list[bytes]:
    """Views, logins, answers, consents, repeats, blanks, and lines that are refused or warned of."""
    chance, told = Random(5), []  # noqa: S311 (a seeded world, nothing secret)
    for number in range(n):
        at = (START + timedelta(hours=number)).isoformat()
        event = {"messageId": f"e-{number if chance.random() < 0.9 else number // 2}", "timestamp": at}
        event |= {"userId": f"u-{chance.randrange(9)}"} if chance.random() < 0.7 else {}
        event |= {"anonymousId": f"a-{chance.randrange(9)}"} if "userId" not in event or chance.random() < 0.1 else {}
        what = chance.choice(_KINDS)
        told.append(what if isinstance(what, bytes) else orjson.dumps(event | what))
    return told


_KINDS = [
    {"type": "page"},
    {"type": "page", "context": {"timezone": "Asia/Tokyo"}},
    *[{"type": "track", "event": "Order Completed", "properties": {"revenue": 5, "product": "tea"}}] * 3,
    {"type": "track", "event": "Order Completed", "properties": {"revenue": "much"}},
    {"type": "track", "event": "Survey Answered", "properties": {"nps": 7}},
    {"type": "track", "event": "Survey Answered", "properties": {"nps": 70}},
    {"type": "track", "event": "Consent Updated", "properties": {"purpose": "ads", "granted": True}},
    {"type": "identify", "traits": {"birthday": "1984-02-29", "email": "a@b.org"}},
    {"type": "group", "groupId": "g-1", "traits": {"type": "household"}},
    {"type": "track", "event": "Refused", "properties": {}},
    {"type": "tarck"},
    b"{not json",
    b"   ",
    b"[1]",
]
CONTRACTS = Contracts(
    {
        "Refused": Contract((FieldRule("amount", "number", required=True),)),
        "Order Completed": Contract((FieldRule("revenue", "number"),), mode="warn"),
    }
)

LINES = some_lines(600)
AT, SOME = "2026-03-01T10:00:00Z", LINES[:60]


def read_by(few: int, lines, *, backfill: bool):
    """What lines are, whose, and what they say to features, where so few are read one by one."""
    reader, owners = (
        LineReader(Arrival(NOW, source="file", backfill=backfill), FEATURES.reader, CONTRACTS),
        NamedOwners(),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("features.plain_reading.FEW", few)
        found = reader.read(lines)
    _, named = owners.of(found)
    is_plain = found.owners >= 0
    nodes = np.where(is_plain, np.arange(len(lines)), -1)
    page = reader.page(KeptLines(1, len(lines), nodes, {}))
    whose = [each if plain else None for each, plain in zip(named, is_plain, strict=True)]
    return found.message_ids, whose, found.occurred_us.tolist(), [part.tolist() for part in (*page[:2], *page.hits)]


@settings(max_examples=400, deadline=None)
@given(some=st.lists(st.one_of(raws.map(orjson.dumps), st.sampled_from(SOME)), max_size=12), backfill=st.booleans())
def test_events_that_are_read_side_by_side_are_what_each_is_alone(some, backfill):
    assert repr(read_by(1, some, backfill=backfill)) == repr(read_by(10**9, some, backfill=backfill))


def test_one_unusual_event_leaves_the_others_plain():
    usual = [orjson.dumps({"type": "page", "messageId": f"m-{n}", "userId": "u", "timestamp": AT}) for n in range(40)]
    odd = orjson.dumps({"type": "page", "messageId": "", "userId": "u", "timestamp": AT})
    ids = read_by(16, [*usual, odd], backfill=True)[0]
    assert ids == [*[f"m-{n}" for n in range(40)], None]


class InProcess:
    """Reads lines ahead in this process, and gathers what was kept. Parameters: `lasts`, how many answers it gives."""

    def __init__(self, shop: Shop, arrival: Arrival, contracts: Contracts, *, lasts: int = 10**9) -> None:
        self.gathered = Gathered(shop.ledger, FEATURES.reader, after=0)
        self._reader, self._lines, self._left = LineReader(arrival, FEATURES.reader, contracts), [], lasts

    def send(self, lines) -> bool:
        if self._left > 0:
            self._lines.append(lines)
        return self._left > 0

    def receive(self):
        self._left -= 1
        return self._reader.read(self._lines.pop(0)) if self._left >= 0 else None

    def keep(self, kept) -> None:
        self.gathered.take(kept.first, kept.last, self._reader.page(kept))

    def end(self) -> None:
        pass


def apply(shop, gathered) -> None:
    """What `follow` does with what is gathered."""
    projection = FeatureProjection(shop.ledger, shop.rows, FEATURES)
    projection._renew()
    gathered.extend(shop.ledger.last_seq())
    projection._apply_gathered(gathered)


def ended(tmp_path, name: str, *, ahead: int, backfill: bool, monkeypatch):
    """What a load leaves behind; and whether everything was handed over."""
    shop = Shop(tmp_path / name)
    arrival = Arrival(NOW, source="file", backfill=backfill)
    intake = Intake(shop.ledger, contracts=CONTRACTS)
    monkeypatch.setattr("features.intake.BULK_BATCH", 40)
    monkeypatch.setattr("features.plain_reading.FEW", 2)
    reader = InProcess(shop, arrival, CONTRACTS, lasts=ahead)
    receipt = intake.load(some_lines(600), arrival, reader)
    if ahead:
        apply(shop, reader.gathered)
    reader.gathered.__exit__()
    shop.projection.catch_up()
    told = [contents(shop, table) for table in ("record", "reject", *PROJECTIONS)]
    rows = online_rows(shop)
    read = OnlineFeatures(PackedRows(shop.home.online), FEATURES)
    values = {customer: read.read(customer, NOW) for customer in {customer for customer, _ in rows}}
    shop.close()
    return receipt, told, values, rows


def contents(shop, table, columns="*") -> list:
    with shop.ledger.read() as connection:
        return sorted(connection.execute(f"SELECT {columns} FROM {table}").fetchall(), key=repr)


def online_rows(shop) -> dict:
    rows = PackedRows(shop.home.online)
    return {(row.customer_id, row.view): row for row in rows.read_many(rows.customers())}


@pytest.mark.parametrize("backfill", [True, False])
@pytest.mark.parametrize("ahead", [1, 6, 10**9], ids=["gone at once", "gone midway", "there"])
def test_reading_ahead_changes_nothing(tmp_path, monkeypatch, ahead, backfill):
    alone = ended(tmp_path, "alone", ahead=0, backfill=backfill, monkeypatch=monkeypatch)
    helped = ended(tmp_path, "helped", ahead=ahead, backfill=backfill, monkeypatch=monkeypatch)
    assert helped[:2] == alone[:2]
    assert helped[3] == alone[3]
    assert helped[0].n_rejected > 50
    assert helped[0].duplicates > 5
    for customer, values in alone[2].items():
        assert_same(helped[2][customer], values)


@settings(max_examples=15, deadline=None)
@given(places=st.lists(st.integers(0, 599), max_size=120), backfill=st.booleans())
def test_lines_that_are_read_ahead_end_as_events_that_are_taken_one_by_one(tmp_path_factory, places, backfill):
    lines, arrival = [LINES[place] for place in places], Arrival(NOW, source="file", backfill=backfill)
    fast, slow = (Shop(tmp_path_factory.mktemp("shop") / name) for name in ("fast", "slow"))
    reader = InProcess(fast, arrival, CONTRACTS)
    Intake(fast.ledger, contracts=CONTRACTS).load(lines, arrival, reader)
    with reader.gathered:
        apply(fast, reader.gathered)
    for line in lines:
        Intake(slow.ledger, contracts=CONTRACTS).load([line], arrival)
        slow.projection.catch_up()
    for table in set(PROJECTIONS) - {"alias"}:  # a customer who was never seen alone has no former id
        assert contents(fast, table) == contents(slow, table), table
    kept = "record_id, node, kind, occurred_us, received_us, known_us, source, body"
    assert contents(fast, "record WHERE kind = 'event'", kept) == contents(slow, "record WHERE kind = 'event'", kept)
    why = "raw, code, field, message, taken"
    assert contents(fast, "reject", why) == contents(slow, "reject", why)
    one, other = online_rows(fast), online_rows(slow)
    assert one.keys() == other.keys()
    for key, row in one.items():
        assert row[2:4] == other[key][2:4]
        np.testing.assert_allclose(*(np.frombuffer(each.state) for each in (row, other[key])), rtol=1e-9)
    fast.close(), slow.close()


def test_numbers_begin_anew_where_they_became_many(monkeypatch):
    monkeypatch.setattr("features.line_reader.MOST_NAMES", 2)
    reader, owners = (
        LineReader(Arrival(datetime(2027, 1, 1, tzinfo=UTC), backfill=True), FEATURES.reader),
        NamedOwners(),
    )
    for first in range(0, 12, 3):
        event = {"type": "page", "timestamp": "2026-03-01T10:00:00Z"}
        lines = [orjson.dumps(event | {"messageId": f"m-{n}", "userId": f"u-{n}"}) for n in range(first, first + 3)]
        found = reader.read(lines)
        assert list(owners.of(found)[1]) == [(("user_id", f"u-{n}"),) for n in range(first, first + 3)]
        assert found.anew == (first > 0)


def test_an_event_that_is_refused_is_not_plain():
    with pytest.raises(RejectedEventError):
        parse_event({"type": "page", "messageId": "m"}, received_at=NOW)
    assert plain_event({"type": "page", "messageId": "m"}, latest=NOW, correct_clock=False) is None
