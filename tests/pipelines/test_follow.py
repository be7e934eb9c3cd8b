"""A second process reads along while a file is loaded; the features are there when the load is, and if it dies too."""

from datetime import timedelta

import pytest

from benchmarks.generated_events import OPENS, YEAR, lines
from features.online import OnlineFeatures
from features.online_store import PackedRows
from pipelines import follow
from pipelines.composition import compose
from pipelines.ingest import load
from pipelines.init import write_workspace

EVENTS, CUSTOMERS = 6_000, 40


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A workspace, a file of events, and second processes for files of any size."""
    monkeypatch.setattr(follow, "WORTH", 0)
    write_workspace(tmp_path / "shop")
    (tmp_path / "events.jsonl").write_bytes(b"\n".join(lines(EVENTS, CUSTOMERS)))
    return tmp_path


def loaded(place, home: str, *, catch_up: bool):
    with compose(place / home, place / "shop") as composition:
        receipt = load(composition, place / "events.jsonl", received_at=OPENS + YEAR, source="file", catch_up=catch_up)
        assert receipt.accepted == EVENTS
        noted = PackedRows(composition.home.online).progress(composition.features.fingerprint)
        composition.projection.catch_up()
        last, read = composition.ledger.last_seq(), OnlineFeatures(composition.home.online, composition.features)
        with composition.ledger.read() as connection:
            customers = [row[0] for row in connection.execute("SELECT DISTINCT customer_id FROM identifier")]
        now = OPENS + YEAR + timedelta(days=1)
        return noted == last, {customer: read.read(customer, now) for customer in sorted(customers)}


def test_who_reads_along_leaves_the_state_that_a_load_alone_leaves(place):
    assert loaded(place, "followed", catch_up=True) == (True, loaded(place, "alone", catch_up=False)[1])


def test_a_load_needs_nobody_who_reads_along(place, monkeypatch):
    monkeypatch.setattr(follow, "MODULE", "pipelines.cli")
    assert loaded(place, "unfollowed", catch_up=True)[1] == loaded(place, "alone", catch_up=False)[1]
