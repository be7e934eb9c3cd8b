"""A long range of the ledger is read along by identifier and applied at its end: as good as record by record."""

from datetime import timedelta
from random import Random

import pytest
from feature_shop import FEATURES, START, Shop, assert_same, viewed

from features.gathering import gathered as gathering
from features.gathering.gathered import Gathered
from features.intake import Arrival
from features.online import OnlineFeatures
from features.online_store import PackedRows
from features.projection import FeatureProjection


@pytest.fixture
def shop(tmp_path):
    opened = Shop(tmp_path)
    yield opened
    opened.close()


def some_events(n: int, *, start: int = 0) -> list[dict]:
    """Visits of a few browsers, views of a few customers, and logins that make them one."""
    chance, told = Random(start), []  # noqa: S311 (a seeded world, nothing secret)
    for number in range(start, start + n):
        user, browser = f"u-{chance.randrange(9)}", f"a-{chance.randrange(9)}"
        event = chance.choice([viewed(user), {"type": "page", "anonymousId": browser}, viewed(user), viewed(user)])
        if chance.random() < 0.1:
            event = {"type": "identify", "userId": user, "anonymousId": browser}
        at = START + timedelta(hours=number)
        told.append(event | {"messageId": f"e-{number}", "timestamp": at.isoformat()})
    return told


def load(shop: Shop, events: list[dict]) -> None:
    shop.intake.load(events, Arrival(START + timedelta(days=400), backfill=True))


def assert_equals_a_rebuild(shop: Shop, rows: PackedRows, tmp_path) -> None:
    plain = PackedRows(tmp_path / "plain.db")
    FeatureProjection(shop.ledger, plain, FEATURES).catch_up()
    now = START + timedelta(days=400)
    read, again = OnlineFeatures(rows.path, FEATURES), OnlineFeatures(plain.path, FEATURES)
    customers = {record.customer_id for record in shop.ledger.records() if record.customer_id}
    assert len(customers) > 1
    for customer in customers:
        assert_same(read.read(customer, now), again.read(customer, now))
    plain.close()


@pytest.mark.parametrize("already", [0, 60])
def test_parts_of_any_size_make_the_state_that_one_record_after_the_other_makes(shop, tmp_path, monkeypatch, already):
    load(shop, some_events(already))
    if already:
        shop.projection.catch_up()
    load(shop, some_events(200, start=already))
    monkeypatch.setattr("features.projection.FEW", 10)
    monkeypatch.setattr(gathering, "PART", 30)
    monkeypatch.setattr(gathering, "_PAGE", 25)
    shop.projection.catch_up()
    monkeypatch.setattr("features.projection.FEW", 5_000)
    assert_equals_a_rebuild(shop, shop.rows, tmp_path)


def test_who_follows_a_load_has_applied_all_of_it_when_it_is_over(shop, tmp_path):
    loads = iter([some_events(50), some_events(50, start=50), []])

    def is_over(gathered: Gathered) -> bool:
        events = next(loads)
        load(shop, events)
        gathered.extend(shop.ledger.last_seq())
        return not events

    assert shop.projection.follow(is_over) == shop.ledger.last_seq()
    assert_equals_a_rebuild(shop, shop.rows, tmp_path)


def test_what_nobody_handed_over_is_read_little_by_little_and_nothing_twice(shop, tmp_path, monkeypatch):
    monkeypatch.setattr(gathering, "_A_LITTLE", 7)
    load(shop, some_events(90))
    last = shop.ledger.last_seq()
    with (
        Gathered(shop.ledger, FEATURES.reader, after=0) as pages,
        Gathered(shop.ledger, FEATURES.reader, after=0) as one,
    ):
        assert not one.fill()
        for first in (31, 61):
            with Gathered(shop.ledger, FEATURES.reader, after=first - 1) as part:
                part.extend(first + 9)
                one.take(first, first + 9, part._file.read(part._places[0]))
        steps = 0
        while one.fill():
            steps += 1
        assert steps == 5 + 3  # 30 records before what was taken first, 20 between
        one.extend(last), pages.extend(last)
        assert one.seq == pages.seq
        told = list(one.backlogs()), list(pages.backlogs())
    for found, plain in zip(*told, strict=True):
        assert found.customers == plain.customers
        for mine, theirs in zip((found.known_us, *found.hits), (plain.known_us, *plain.hits), strict=True):
            assert mine.tolist() == theirs.tolist()


def test_what_somebody_else_applied_while_it_was_followed_is_not_applied_again(shop, tmp_path):
    other = FeatureProjection(shop.ledger, shop.rows, FEATURES)
    steps = iter(range(2))

    def is_over(gathered: Gathered) -> bool:
        load(shop, some_events(40, start=40 * next(steps)))
        gathered.extend(shop.ledger.last_seq())
        other.catch_up()
        return shop.ledger.last_seq() >= 80

    assert shop.projection.follow(is_over) == shop.ledger.last_seq()
    assert_equals_a_rebuild(shop, shop.rows, tmp_path)


def test_nothing_to_follow_changes_nothing(shop):
    assert shop.projection.follow(lambda _: True) == 0
