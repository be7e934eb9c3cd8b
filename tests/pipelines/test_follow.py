"""A second process reads along while a file is loaded; the features are there when the load is, and if it dies too."""

from contextlib import suppress
from datetime import timedelta

import psutil
import pytest
from patience import until

from benchmarks.generated_events import OPENS, YEAR, lines
from features.intake import Arrival
from features.online import OnlineFeatures
from features.online_store import PackedRows
from pipelines import follow
from pipelines.composition import compose
from pipelines.follow import followed
from pipelines.follow_messages import of_kept, of_page
from pipelines.ingest import load
from pipelines.init import write_workspace

EVENTS, CUSTOMERS, BATCH = 6_000, 40, 500


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
        return state_of(composition)


def state_of(composition):
    """Whether the online features were up to date, and what they are then."""
    noted = PackedRows(composition.home.online).progress(composition.features.fingerprint)
    composition.projection.catch_up()
    last, read = composition.ledger.last_seq(), OnlineFeatures(composition.home.online, composition.features)
    with composition.ledger.read() as connection:
        customers = [row[0] for row in connection.execute("SELECT DISTINCT customer_id FROM identifier")]
    now = OPENS + YEAR + timedelta(days=1)
    return noted == last, {customer: read.read(customer, now) for customer in sorted(customers)}


def test_who_reads_along_leaves_the_state_that_a_load_alone_leaves(place):
    assert loaded(place, "followed", catch_up=True) == (True, loaded(place, "alone", catch_up=False)[1])


def patiently(place, ahead, *, kills: bool):
    """The lines of the file, from the second batch on as soon as the other process is ready to read them."""
    for number, line in enumerate((place / "events.jsonl").read_bytes().splitlines()):
        if number == BATCH:
            until(lambda: not ahead._answers.empty())
        if kills and number == 9 * BATCH:
            who_reads_along().kill()
        yield line


def who_reads_along() -> psutil.Process:
    """The process that reads along; a child that another test left behind may be gone while it is looked at."""
    for child in psutil.Process().children():
        with suppress(psutil.NoSuchProcess):
            if follow.MODULE in child.cmdline():
                return child
    raise AssertionError("nobody reads along")


@pytest.mark.parametrize(
    ("at_once", "kills"),
    [(3, False), (1, False), (0, False), (3, True)],
    ids=["most by it", "shared", "all here", "until it is killed"],
)
def test_lines_that_either_process_reads_make_the_same_state(place, monkeypatch, at_once, kills):
    monkeypatch.setattr("features.intake.BULK_BATCH", BATCH)
    monkeypatch.setattr("pipelines.follower.AT_ONCE", at_once)
    there, here = [], []
    monkeypatch.setattr("pipelines.follower.of_kept", lambda kept: there.append(kept) or of_kept(kept))
    monkeypatch.setattr("pipelines.follower.of_page", lambda *told: here.append(told) or of_page(*told))
    arrival = Arrival(OPENS + YEAR, source="file", backfill=True)
    with compose(place / "helped", place / "shop") as composition:
        with followed(composition, arrival, size=1) as ahead:
            receipt = composition.intake.load(patiently(place, ahead, kills=kills), arrival, ahead)
        assert receipt.accepted == EVENTS
        n_told = len(there) + len(here)
        assert n_told < EVENTS // BATCH if kills else n_told == EVENTS // BATCH
        assert bool(there) == (at_once > 0)
        helped = state_of(composition)
    is_done, values = helped
    assert is_done != kills
    assert values == loaded(place, "alone", catch_up=False)[1]


def test_a_load_needs_nobody_who_reads_along(place, monkeypatch):
    monkeypatch.setattr(follow, "MODULE", "pipelines.cli")
    assert loaded(place, "unfollowed", catch_up=True)[1] == loaded(place, "alone", catch_up=False)[1]
