"""Row 46 of the reliability list, for data: what an earlier release wrote is read by this one, record by record.

`tests/golden/ledger_v*.sql` are ledgers as earlier versions wrote them, with records of every kind.
"""

import shutil
import sqlite3
from pathlib import Path

import pytest
from ledger_builders import at
from service_process import WORKSPACE

from decisioning.customer import CustomerReference
from decisioning.errors import UnavailableError
from features.contacts import ContactBook
from features.dead_letter import DeadLetters
from features.decision_book import DecisionBook
from features.golden_record import GoldenRecord
from features.identity import IdentityGraph
from features.ledger import Ledger
from features.ledger_schema import EARLIER, TABLES
from features.outcomes import OutcomeBook
from pipelines.resolve import resolve_all

GOLDEN = {int(path.stem.rsplit("_v", 1)[1]): path for path in (Path(__file__).parents[1] / "golden").glob("*.sql")}


def written_by(version: int, home: Path) -> Path:
    home.mkdir()
    connection = sqlite3.connect(home / "ledger.db")
    connection.executescript(GOLDEN[version].read_text())
    connection.close()
    return home / "ledger.db"


def the_records(path: Path) -> list[tuple]:
    query = "SELECT seq, kind, record_id, occurred_us, received_us, known_us, source, body FROM record ORDER BY seq"
    connection = sqlite3.connect(path)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


@pytest.fixture
def workspace(tmp_path):
    return shutil.copytree(WORKSPACE, tmp_path / "workspace")


def test_every_earlier_version_has_its_golden_ledger():
    assert sorted(GOLDEN) == list(EARLIER)


@pytest.mark.parametrize("version", sorted(GOLDEN))
def test_a_ledger_of_an_earlier_version_is_refused_with_the_way_out(tmp_path, version):
    path = written_by(version, tmp_path / "home")
    with pytest.raises(UnavailableError, match=f"has version {version}.*tsugi resolve"):
        Ledger(path)


@pytest.mark.parametrize("version", sorted(GOLDEN))
def test_resolving_brings_it_up_to_date_and_changes_no_record(tmp_path, workspace, version):
    path = written_by(version, tmp_path / "home")
    before = the_records(path)
    assert resolve_all(path.parent, workspace).customers == 2
    assert the_records(path)[: len(before)] == before
    with Ledger(path) as ledger:
        letters = DeadLetters()
        assert sum(len(letters.facts_in(record)) for record in ledger.records()) > len(before) / 2
        assert not letters.found
        customer = IdentityGraph(ledger).resolve(CustomerReference("email", "ann@example.org"))
        assert customer == IdentityGraph(ledger).resolve(CustomerReference("anonymous_id", "a-1"))
        assert GoldenRecord(ledger).profile(customer).fields["age"].value == 41
        assert DecisionBook(ledger, None).find("d-1").chosen == "card"
        assert DecisionBook(ledger, None).answer_for("r-1") == ("h", b'{"decision_id":"d-1"}')
        history = ContactBook(ledger).history(customer, at(-1), at(100))
        assert [answer.type for answer in history.answers] == ["accept"]
        assert OutcomeBook(ledger).quarantined() == 1


@pytest.mark.parametrize("version", sorted(GOLDEN))
def test_it_then_has_the_tables_of_a_new_one(tmp_path, workspace, version):
    path = written_by(version, tmp_path / "home")
    resolve_all(path.parent, workspace)
    new = sqlite3.connect(":memory:")
    new.executescript(TABLES)
    upgraded = sqlite3.connect(path)
    assert columns(upgraded) == columns(new)
    for connection in (new, upgraded):
        connection.close()


def columns(connection: sqlite3.Connection) -> set[tuple]:
    query = """
        SELECT m.name, c.name, c.type, c."notnull", c.pk FROM sqlite_master m JOIN pragma_table_info(m.name) c
        WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'
    """
    indexes = "SELECT name, tbl_name FROM sqlite_master WHERE type = 'index' AND sql NOTNULL"
    return {*connection.execute(query), *connection.execute(indexes)}
