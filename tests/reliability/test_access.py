"""Row 52 of the reliability list: an export has everything that a direct scan finds of a customer, and nobody else."""

import orjson
import pytest
from canaries import START, Subject, a_workspace, lived

from decisioning.errors import NotFoundError
from pipelines.clock import SimulatedClock
from pipelines.composition import compose
from pipelines.export import access_book, export_customer

TOLD_APART = {"record", "identifier", "link"}


@pytest.fixture(params=[3, pytest.param(50, marks=pytest.mark.reliability)])
def home(tmp_path, request):
    subjects = Subject.many(request.param, seed=1)
    with compose(tmp_path / "home", a_workspace(tmp_path), clock=SimulatedClock(START)) as composition:
        lived(composition, subjects)
        yield composition, subjects


def exported(composition, subject):
    told = access_book(composition).of(subject.reference, now=composition.clock())
    return orjson.loads(orjson.dumps(told))


def scanned(composition, subject):
    """What every table has with the subject's canary in it, or on one of the subject's identifiers."""
    with composition.ledger.read() as connection:
        nodes = {
            row[0]
            for row in connection.execute("SELECT node, value FROM identifier")
            if subject.canary in row[1].lower()
        }
        records = connection.execute("SELECT node, kind, record_id, body FROM record").fetchall()
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        hanging = {}
        for table in tables:
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            if "node" in columns and table not in TOLD_APART:
                place = columns.index("node")
                rows = connection.execute(f"SELECT * FROM {table}").fetchall()
                hanging[table] = sum(row[place] in nodes for row in rows)
        rejects = [raw for (raw,) in connection.execute("SELECT raw FROM reject") if subject.canary in raw.decode()]
    mine = [row for row in records if row[0] in nodes]
    assert all(subject.canary not in row[3].decode() for row in records if row[0] not in nodes)
    return mine, hanging, rejects


def test_an_export_has_all_that_a_scan_finds(home):
    composition, subjects = home
    for subject in subjects:
        told, (records, hanging, rejects) = exported(composition, subject), scanned(composition, subject)
        bodies = {kind: [] for kind in ("event", "decision", "outcome")}
        others = []
        for _, kind, _, body in records:
            bodies.get(kind, others).append(orjson.loads(body))
        assert sorted_(each["sent"] for each in told["events"]) == sorted_(bodies["event"])
        assert sorted_(told["decisions"]) == sorted_(each["decision"] for each in bodies["decision"])
        assert sorted_(told["outcomes"]) == sorted_(each["outcome"] for each in bodies["outcome"])
        assert sorted_(each["body"] for each in told["other_records"]) == sorted_(others)
        assert {table: len(rows) for table, rows in told["kept"].items()} == {t: n for t, n in hanging.items() if n}
        assert len(told["refused"]) == len(rejects) > 0
        assert told["decisions"][0]["ranked"][0]["reasons"]
        assert told["profile"]["name"]["value"] == subject.word("name")
        assert told["purposes"] == {"marketing": {"needs_consent": True}, "service": {"needs_consent": False}}
        assert "decisions" in told["retention_days"]


def test_an_export_has_nobody_else(home):
    composition, subjects = home
    for subject in subjects:
        text = orjson.dumps(exported(composition, subject)).decode().lower()
        assert subject.canary in text
        assert [other for other in subjects if other is not subject and other.canary in text] == []


def test_an_export_is_for_its_owner_only(tmp_path):
    workspace, subject = a_workspace(tmp_path), Subject.many(1, seed=1)[0]
    with compose(tmp_path / "home", workspace, clock=SimulatedClock(START)) as composition:
        lived(composition, [subject])
    out = tmp_path / "export.json"
    done = export_customer(tmp_path / "home", workspace, f"user_id:{subject.word('u')}", out=out)
    assert out.stat().st_mode & 0o777 == 0o600
    assert (done.events, done.decisions) == (len(subject.events()), 1)
    with pytest.raises(NotFoundError):
        export_customer(tmp_path / "home", workspace, "user_id:nobody", out=out)


def sorted_(items):
    return sorted(map(orjson.dumps, items))
