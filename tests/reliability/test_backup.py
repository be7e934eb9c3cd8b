"""Row 58 of the reliability list: a restored home has all that was acknowledged when its backup began.

Whoever was erased since stays erased.
"""

import io
import tarfile
import time
from functools import partial

import numpy as np
import pytest
from canaries import START, Subject, a_workspace, hits, lived
from meanwhile import meanwhile
from patience import until

from decisioning.errors import InvalidInputError
from features.intake import Intake
from features.ledger import Ledger
from features.privacy.erasure_log import LOG
from pipelines.backup import back_up
from pipelines.clock import SimulatedClock
from pipelines.composition import compose
from pipelines.erase import erase
from pipelines.restore import restore

WRITERS = range(4)


def writing(ledger, name, acknowledged, stop):
    """Take events in and note each that is acknowledged, until told to stop."""
    intake, n = Intake(ledger), 0
    while not stop.is_set():
        event = {"type": "track", "event": "Product Viewed", "userId": f"u-{name}", "messageId": f"{name}-{n}"}
        assert intake.accept([event], received_at=START).accepted == 1
        acknowledged.append(event["messageId"])
        n += 1
    intake.close()


def backed_up_in_load(home, out, seconds):
    """Back up while events are taken in; those acknowledged before it began, and all."""
    acknowledged = []
    with Ledger(home / "ledger.db") as ledger:
        works = [partial(writing, ledger, name, acknowledged) for name in WRITERS]
        with meanwhile(*works) as at_work:
            time.sleep(seconds)
            until(lambda: acknowledged, going_on=lambda: not any(each.done() for each in at_work))
            before = list(acknowledged)
            back_up(home, out)
            time.sleep(seconds)
    return before, acknowledged


def event_ids(home):
    with Ledger(home / "ledger.db") as ledger:
        return [record.record_id for record in ledger.records(kinds=["event"])]


@pytest.mark.parametrize(("seconds", "rounds"), [(0.5, 1), pytest.param(5, 10, marks=pytest.mark.reliability)])
def test_nothing_acknowledged_before_a_backup_is_lost(tmp_path, seconds, rounds):
    workspace = a_workspace(tmp_path)
    for n in range(rounds):
        home, out, elsewhere = (tmp_path / f"{name}-{n}" for name in ("home", "backup", "elsewhere"))
        before, acknowledged = backed_up_in_load(home, out, seconds)
        done = restore(elsewhere, workspace, out, nothing_erased=True)
        found = event_ids(elsewhere)
        print(f"{len(before)} acknowledged before, {len(found)} restored, {len(acknowledged)} in all")
        assert len(before) > 0
        assert set(before) - set(found) == set()
        assert len(found) == len(set(found)) == done.records
        assert set(found) <= set(acknowledged)


def test_whoever_was_erased_since_the_backup_stays_erased(tmp_path):
    subjects, others = Subject.many(5, seed=1), Subject.many(5, seed=2)
    workspace, clock = a_workspace(tmp_path), SimulatedClock(START)
    home, out, elsewhere = tmp_path / "home", tmp_path / "backup", tmp_path / "elsewhere"
    with compose(home, workspace, clock=clock) as composition:
        sent, outcomes, ids = lived(composition, subjects)
        lived(composition, others)
        back_up(home, out)
        erase(composition, [subject.reference for subject in subjects])
    done = restore(elsewhere, workspace, out, erasures=home / LOG)
    assert done.erased_again == 1
    assert hits(elsewhere, subjects, ids) == {}
    assert hits(elsewhere, others) != {}
    with compose(elsewhere, workspace, clock=clock) as composition:
        n_records = composition.ledger.last_seq()
        composition.intake.accept(sent, received_at=clock())
        composition.outcomes.accept(outcomes, received_at=clock())
        assert composition.ledger.last_seq() == n_records
    assert hits(elsewhere, subjects, ids) == {}
    assert restore(tmp_path / "third", workspace, out, erasures=elsewhere / LOG).erased_again == 1


def test_a_backup_is_not_restored_without_knowing_who_was_erased_since(tmp_path):
    workspace = a_workspace(tmp_path)
    with compose(tmp_path / "home", workspace, clock=SimulatedClock(START)) as composition:
        lived(composition, Subject.many(1, seed=1))
    back_up(tmp_path / "home", tmp_path / "backup")
    with pytest.raises(InvalidInputError, match="who was erased since"):
        restore(tmp_path / "elsewhere", workspace, tmp_path / "backup")
    assert not (tmp_path / "elsewhere").exists()


def test_the_log_of_another_home_is_refused(tmp_path):
    workspace = a_workspace(tmp_path)
    for name in ("one", "other"):
        with compose(tmp_path / name, workspace, clock=SimulatedClock(START)) as composition:
            lived(composition, Subject.many(1, seed=1))
            back_up(tmp_path / name, tmp_path / f"{name}.backup")
            erase(composition, [Subject.many(1, seed=1)[0].reference])
    with pytest.raises(InvalidInputError, match="another home"):
        restore(tmp_path / "elsewhere", workspace, tmp_path / "one.backup", erasures=tmp_path / "other" / LOG)
    assert not (tmp_path / "elsewhere").exists()


@pytest.fixture
def backed_up(tmp_path):
    """A workspace, and a backup of a home that was lived in."""
    workspace = a_workspace(tmp_path)
    with compose(tmp_path / "home", workspace, clock=SimulatedClock(START)) as composition:
        lived(composition, Subject.many(1, seed=1))
    back_up(tmp_path / "home", tmp_path / "backup")
    return workspace, tmp_path / "backup"


def test_a_byte_that_changed_anywhere_behind_the_header_is_noticed(backed_up, tmp_path):
    workspace, out = backed_up
    content = out.read_bytes()
    header = 10 + content[10:].index(b"\0") + 1
    for place in np.linspace(header, len(content) - 1, 40, dtype=int):
        out.write_bytes(content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :])
        with pytest.raises(InvalidInputError):
            restore(tmp_path / "elsewhere", workspace, out, nothing_erased=True)
        assert not (tmp_path / "elsewhere").exists()


def test_what_was_being_published_is_not_backed_up(backed_up, tmp_path):
    for name in (".publishing-x1/b", "b"):
        (tmp_path / "home" / "bundles" / name).mkdir(parents=True)
    back_up(tmp_path / "home", tmp_path / "backup")
    with tarfile.open(tmp_path / "backup") as archive:
        kept = [name for name in archive.getnames() if name.startswith("bundles/")]
    assert kept == ["bundles/b"]


@pytest.mark.parametrize("damage", ["cut", "no archive", "climbs out", "link", "pipe"])
def test_a_damaged_or_hostile_backup_leaves_nothing_behind(backed_up, tmp_path, damage):
    workspace, out = backed_up
    content = out.read_bytes()
    out.write_bytes(
        {
            "cut": content[: len(content) // 2],
            "no archive": b"nothing",
            "climbs out": archive("bundles/../../outside"),
            "link": archive("bundles/link", target="/etc/passwd"),
            "pipe": archive("bundles/pipe", kind=tarfile.FIFOTYPE),
        }[damage]
    )
    with pytest.raises(InvalidInputError):
        restore(tmp_path / "elsewhere", workspace, out, nothing_erased=True)
    assert not (tmp_path / "elsewhere").exists()
    assert not (tmp_path / "outside").exists()


def archive(name, *, target="", kind=tarfile.SYMTYPE):
    """An archive of one member that is not what a backup has."""
    member = tarfile.TarInfo(name)
    if target or kind != tarfile.SYMTYPE:
        member.type, member.linkname = kind, target
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w:gz") as made:
        made.addfile(member, io.BytesIO())
    return written.getvalue()
