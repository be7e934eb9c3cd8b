"""Row 53 of the reliability list: what is over age is gone, and everything that was made of it follows."""

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from canaries import START, Subject, a_workspace, hits, lived
from ledger_histories import ALIASES, STATE
from patience import LONGEST

from features.group.history_part import FOLDER
from features.identity_rules import IdentityRules
from features.instant import to_us
from features.rebuild import make_anew
from pipelines.clock import SimulatedClock
from pipelines.composition import compose
from pipelines.materialize import materialize
from pipelines.retain import retain

FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")
RETENTION = """
[retention]
events = 30
decisions = 60
refused = 10
history = 45
inactive = 400
[retention.event]
"Order Completed" = 300
"""


def a_strict_workspace(folder):
    workspace = a_workspace(folder)
    with (workspace / "tsugi.toml").open("a") as settings:
        settings.write(RETENTION)
    return workspace


def over_age(composition, now):
    """Whatever is older than it may be; who is in which group, and consent, go with the customer."""
    limits = {
        "record": "SELECT count(*) FROM record WHERE kind = 'event' AND occurred_us < ? AND json_extract("
        "CAST(body AS TEXT), '$.type') IN ('track', 'page', 'screen') AND coalesce(json_extract(CAST(body AS TEXT), "
        "'$.event'), '') NOT IN ('Consent Updated', 'Order Completed')",
        "decision": "SELECT count(*) FROM record WHERE kind IN ('decision', 'outcome') AND occurred_us < ?",
        "contact": "SELECT count(*) FROM contact WHERE decided_us < ?",
        "reject": "SELECT count(*) FROM reject WHERE received_us < ?",
        "quarantine": "SELECT count(*) FROM quarantine WHERE received_us < ?",
    }
    days = {"record": 30, "decision": 60, "contact": 60, "reject": 10, "quarantine": 10}
    with composition.ledger.read() as connection:
        found = {
            name: connection.execute(query, (to_us(now - timedelta(days=days[name])),)).fetchone()[0]
            for name, query in limits.items()
        }
    states = [path for path in composition.home.history.rglob("*.parquet") if path.parent.name != FOLDER]
    rows = [pq.read_table(path, partitioning=None) for path in states]
    times = [time for table in rows for time in table.column("event_timestamp").to_pylist()]
    return {**found, "history": sum(time < now - timedelta(days=45) for time in times)}


def state(composition):
    with composition.ledger.read() as connection:
        return {name: sorted(map(repr, connection.execute(query))) for name, query in {**STATE, **ALIASES}.items()}


def rebuilt(composition):
    composition.ledger.write(lambda connection: make_anew(connection, rules=IdentityRules())).result()
    return state(composition)


def test_what_is_over_age_is_gone_day_by_day_and_links_and_ids_stay(tmp_path):
    clock, subjects = SimulatedClock(START), Subject.many(5, seed=1)
    with compose(tmp_path / "home", a_strict_workspace(tmp_path), clock=clock) as composition:
        lived(composition, subjects)
        materialize(composition)
        names = {each: composition.profiles.read(each.reference, now=clock()).customer_id for each in subjects}
        seen = []
        for days in (5, 11, 31, 46, 61):
            clock.move(START + timedelta(days=days))
            materialize(composition)
            before = over_age(composition, clock())
            done = retain(composition)
            assert done.swept
            assert set(over_age(composition, clock()).values()) == {0}
            seen.append((days, sum(before.values()), dict(done.removed)))
            assert {e: composition.profiles.read(e.reference, now=clock()).customer_id for e in subjects} == names
            assert state(composition) == rebuilt(composition)
        print(seen)
        assert [n > 0 for _, n, _ in seen] == [False, True, True, True, True]
        assert composition.profiles.read(subjects[0].reference, now=clock()).features["product_views_30d"] == 0.0


def test_features_are_those_of_what_is_left(tmp_path):
    clock, subject = SimulatedClock(START), Subject.many(1, seed=1)[0]
    with compose(tmp_path / "home", a_strict_workspace(tmp_path), clock=clock) as composition:
        lived(composition, [subject])
        clock.move(START + timedelta(days=31))
        bought = {"type": "track", "event": "Product Viewed", "userId": subject.word("u"), "properties": {}}
        composition.intake.accept([bought], received_at=clock())
        retain(composition)
        after = composition.profiles.read(subject.reference, now=clock()).features
        assert after["product_views_30d"] == pytest.approx(1.0)
        assert after["age"] == 40.0


def test_a_customer_who_does_nothing_for_long_is_erased(tmp_path):
    clock, subjects = SimulatedClock(START), Subject.many(2, seed=1)
    with compose(tmp_path / "home", a_strict_workspace(tmp_path), clock=clock) as composition:
        lived(composition, subjects)
        clock.move(START + timedelta(days=399))
        retain(composition)
        assert hits(tmp_path / "home", subjects[:1]) != {}
        back = {"type": "page", "userId": subjects[1].word("u")}
        composition.intake.accept([back], received_at=clock())
        clock.move(START + timedelta(days=401))
        assert retain(composition).inactive > 0
        assert hits(tmp_path / "home", subjects[:1]) == {}
        assert hits(tmp_path / "home", subjects[1:]) != {}


@pytest.mark.skipif(not FAKETIME.exists(), reason="libfaketime is not installed: the process clock cannot be moved")
def test_the_command_line_obeys_the_clock_of_the_machine(tmp_path):
    workspace, clock = a_strict_workspace(tmp_path), SimulatedClock(START)
    with compose(tmp_path / "home", workspace, clock=clock) as composition:
        lived(composition, Subject.many(2, seed=1))
        materialize(composition)
    moved = {
        **os.environ,
        "LD_PRELOAD": str(FAKETIME),
        "FAKETIME": "@2026-05-15 12:00:00",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    command = [
        sys.executable,
        "-m",
        "pipelines",
        "retain",
        "--home",
        str(tmp_path / "home"),
        "--workspace",
        str(workspace),
    ]
    done = subprocess.run(command, env=moved, capture_output=True, text=True, check=False, timeout=LONGEST)
    assert done.returncode == 0, done.stderr
    print(done.stdout)
    with compose(tmp_path / "home", workspace, clock=clock) as composition:
        assert set(over_age(composition, START + timedelta(days=75)).values()) == {0}
