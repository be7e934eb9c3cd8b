"""Rows 15 to 17 of the reliability list: nothing too old is used, no vector is torn, the newest event time stays."""

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from pathlib import Path
from threading import Event

import numpy as np
import pytest
from feature_shop import FEATURES, START, Shop
from meanwhile import meanwhile
from patience import until

from features.feature_set import FeatureSet
from features.online import OnlineFeatures
from features.online_store import PackedRow, PackedRows
from features.packing import pack, unpack
from features.standard import STANDARD_FEATURES

DAY_US = 86_400_000_000


@pytest.fixture
def day_long(tmp_path):
    """A shop whose views are believed for a day."""
    views = {view.name for view in FEATURES.views}
    shop = Shop(tmp_path, FeatureSet(STANDARD_FEATURES, ttl=dict.fromkeys(views, timedelta(days=1))))
    yield shop
    shop.close()


@pytest.mark.parametrize("n", [300, pytest.param(10_000, marks=pytest.mark.reliability)])
def test_no_value_past_its_time_to_live_is_used_and_each_is_named(day_long, n):
    """Row 15: of customers whose rows are a moment to 60 days old, only the rows of up to one day are believed."""
    chance = random.Random(15)  # noqa: S311 - a seeded world, nothing secret
    view = next(view for view in day_long.features.views if view.name == "commerce")
    state = pack(np.full((1, len(view.columns)), 7.0))[0]
    now_us = int(START.timestamp() * 1_000_000)
    ages = [chance.choice([0, DAY_US, DAY_US + 1, 30 * DAY_US, chance.randrange(60 * DAY_US)]) for _ in range(n)]
    day_long.rows.write(
        PackedRow(f"c_{place}", "commerce", now_us - age, now_us - age, state) for place, age in enumerate(ages)
    )
    used = [day_long.online.known(f"c_{place}", START) for place in range(n)]
    believed = [known.features["orders"] == 7.0 for known in used]
    named = [known.stale == ("commerce",) for known in used]
    assert believed == [age <= DAY_US for age in ages]
    assert named == [age > DAY_US for age in ages]


@pytest.mark.parametrize("n", [3_000, pytest.param(100_000, marks=pytest.mark.reliability)])
def test_no_vector_is_torn_while_another_writes(tmp_path, n):
    """Row 16: one writer sets every column of every view to i; no read ever sees two different numbers."""
    path = tmp_path / "online.db"
    with meanwhile(partial(write_all_as_one, path)) as (writing,):
        reader, torn, seen, n_read = PackedRows(path), 0, set(), 0
        until(lambda: numbers_in(reader), going_on=lambda: not writing.done())
        while n_read < n or len(seen) <= 10:  # until it was written in between often enough, too
            assert not writing.done()
            found = np.concatenate(numbers_in(reader))
            torn += len(np.unique(found)) != 1 or len(found) != len(FEATURES.columns)
            seen.add(float(found[0]))
            n_read += 1
    reader.close()
    assert torn == 0


def numbers_in(reader: PackedRows) -> list[np.ndarray]:
    return [unpack([row.state], len(row.state) // 8)[0] for row in reader.read("c_1")]


def write_all_as_one(path: Path, stop: Event) -> None:
    rows, i = PackedRows(path), 0
    while not stop.is_set():
        i += 1
        rows.write(
            PackedRow("c_1", view.name, i, i, pack(np.full((1, len(view.columns)), float(i)))[0])
            for view in FEATURES.views
        )
    rows.close()


def test_of_two_writers_the_newest_event_time_stays(tmp_path):
    """Row 17: 1,000 customers, each written by two writers in random orders: every row ends with its newest time."""
    chance, path = random.Random(17), tmp_path / "online.db"  # noqa: S311 - as above
    moments = [(place, chance.randrange(10**9)) for place in range(1_000) for _ in range(4)]
    newest = {place: max(us for at, us in moments if at == place) for place in range(1_000)}
    with ThreadPoolExecutor(2) as writers:
        list(writers.map(partial(write_each, path), [chance.sample(moments, 4_000) for _ in range(2)]))
    rows = PackedRows(path)
    held = {row.customer_id: row.event_us for row in rows.read_many([f"c_{place}" for place in newest])}
    rows.close()
    assert held == {f"c_{place}": us for place, us in newest.items()}


def write_each(path: Path, moments: list[tuple[int, int]]) -> None:
    rows = PackedRows(path)
    for start in range(0, len(moments), 20):
        some = moments[start : start + 20]
        rows.write(PackedRow(f"c_{place}", "v", us, us, pack(np.array([[float(us)]]))[0]) for place, us in some)
    rows.close()


def test_the_reader_of_a_running_service_sees_each_write_whole(tmp_path):
    """Two views that count the same facts agree in every read, while events stream in."""
    shop, differ = Shop(tmp_path), []
    shop.send({"type": "page", "userId": "u-1"})
    customer = shop.customer("u-1")

    def look(stop: Event) -> None:
        online = OnlineFeatures(shop.home.online, FEATURES)
        while not stop.is_set():
            known = online.read(customer, START)
            if known["visit_pages"] != known["page_views_7d"]:
                differ.append(known)

    with meanwhile(look):
        for _ in range(100):
            shop.send({"type": "page", "userId": "u-1"})
    shop.close()
    assert differ == []
