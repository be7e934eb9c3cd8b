"""A business that has a golden record already plugs it in by configuration: its key is believed, nothing is matched."""

import sqlite3
import sys
from contextlib import closing
from datetime import UTC, datetime

import duckdb
import pytest

from decisioning.customer import CustomerReference
from decisioning.errors import InvalidInputError, NotFoundError
from features.golden_record import GoldenRecord, GoldenRules
from features.identity import IdentityGraph
from features.workspace import Workspace, WorkspaceError
from pipelines.cli import main
from pipelines.composition import compose
from pipelines.decide import decide_once
from pipelines.external.read import ingest_external, read_external
from pipelines.init import write_workspace
from pipelines.resolve import resolve_all, resolved_in_words

SETTINGS = """
[golden_record]
mode = "external"

[golden_record.profiles]
path = "customers.parquet"
key = "customer_no"
fields = { age = "years", phone = "mobile", city = "town" }

[golden_record.events]
path = "purchases.parquet"
key = "customer_no"
event = "what"
timestamp = "moment"
id = "no"
"""
CUSTOMERS = "(7, 41, '+34600112233', 'Ube'), (8, 29, '+34600112233', 'Oka'), (9, NULL, NULL, 'Abu')"
PURCHASES = """
    (1, 7, 'Order Completed', TIMESTAMP '2026-02-01 09:00:00', 42.5), (2, 9, 'Order Completed',
    TIMESTAMP '2026-02-02 09:00:00', 12.0), (3, NULL, 'Order Completed', TIMESTAMP '2026-02-02 09:00:00', 1.0)
"""


def written(folder, name, columns, rows):
    query = f"COPY (SELECT * FROM (VALUES {rows}) AS t ({columns})) TO '{folder / name}'"
    with closing(duckdb.connect()) as connection:
        connection.execute(query)


def customers(folder, rows=CUSTOMERS, name="customers.parquet"):
    written(folder, name, "customer_no, years, mobile, town", rows)


@pytest.fixture
def shop(tmp_path):
    folder = tmp_path / "shop"
    write_workspace(folder)
    with (folder / "tsugi.toml").open("a") as settings:
        settings.write(SETTINGS)
    customers(folder)
    written(folder, "purchases.parquet", "no, customer_no, what, moment, revenue", PURCHASES)
    return folder


def read(shop):
    return ingest_external(shop.parent / "home", shop)


def profile(shop, key):
    with compose(shop.parent / "home", shop) as composition:
        customer_id = IdentityGraph(composition.ledger).resolve(CustomerReference("user_id", key))
        fields = GoldenRecord(composition.ledger, GoldenRules.of(composition.workspace)).profile(customer_id).fields
        return {name: field.value for name, field in fields.items()}


def changed(shop, old, new):
    settings = (shop / "tsugi.toml").read_text()
    assert old in settings
    (shop / "tsugi.toml").write_text(settings.replace(old, new))


def test_its_rows_become_profiles_and_events_and_what_is_unchanged_is_no_news(shop):
    first = resolve_all(shop.parent / "home", shop)
    assert (first.customers, first.external.accepted, first.external.rejected) == (3, 5, 1)
    assert profile(shop, "7") == {"age": 41, "phone": "+34600112233", "city": "Ube"}
    again = resolve_all(shop.parent / "home", shop)
    assert (again.external.accepted, again.external.unchanged, again.customers) == (0, 5, 3)
    assert "external golden record: 0 new, 5 unchanged, 1 rejected\n3 customers" in resolved_in_words(again)


def test_without_a_file_ingest_reads_it(shop, monkeypatch, capsys):
    monkeypatch.setattr("pipelines.cli.quiet_environment", lambda _: {})
    monkeypatch.setattr(sys, "argv", ["tsugi", "ingest", "--workspace", str(shop), "--home", str(shop.parent / "home")])
    with pytest.raises(SystemExit) as ended:
        main()
    assert (ended.value.code, capsys.readouterr().out) == (
        0,
        "external golden record: 5 new, 0 unchanged, 1 rejected\n",
    )


def test_decisions_use_it(shop):
    read(shop)
    with compose(shop.parent / "home", shop) as composition:
        seven, nine = (
            composition.profiles.read(CustomerReference("user_id", key), now=datetime(2026, 2, 3, tzinfo=UTC))
            for key in ("7", "9")
        )
    assert (seven.features["age"], seven.features["orders"], nine.features["age"]) == (41.0, 1.0, None)
    decision = decide_once(shop.parent / "home", shop, "user_id:7", placement="web_home")
    assert "welcome_offer" not in decision["eligible"]
    assert "second_order" in decision["eligible"]


def test_two_keys_are_never_one_customer_and_a_value_that_names_one_leads_there(shop):
    read(shop)
    with compose(shop.parent / "home", shop) as composition:
        graph = IdentityGraph(composition.ledger)
        assert graph.resolve(CustomerReference("user_id", "7")) != graph.resolve(CustomerReference("user_id", "8"))
    customers(shop, CUSTOMERS.replace("'+34600112233', 'Oka'", "'+34600999888', 'Oka'"), "fresh.parquet")
    changed(shop, "customers.parquet", "fresh.parquet")
    with compose(shop.parent / "other", shop) as composition:
        read_external(composition)
        graph = IdentityGraph(composition.ledger)
        by_phone = graph.resolve(CustomerReference("phone", "+34600999888"))
        assert by_phone == graph.resolve(CustomerReference("user_id", "8"))


def test_a_value_that_changes_and_comes_back_is_news_each_time(shop):
    for town, n_new in (("Ube", 5), ("Iki", 1), ("Ube", 1)):
        customers(shop, CUSTOMERS.replace("Ube", town))
        assert read(shop).accepted == n_new
        assert profile(shop, "7")["city"] == town


def test_its_values_stand_above_what_other_sources_say(shop):
    read(shop)
    event = {"type": "identify", "userId": "7", "messageId": "m-1", "traits": {"city": "Rome", "nick": "Bo"}}
    with compose(shop.parent / "home", shop) as composition:
        composition.intake.accept([event], received_at=composition.clock())
    assert profile(shop, "7") | {"age": 41} == {"age": 41, "phone": "+34600112233", "city": "Ube", "nick": "Bo"}


def test_with_updated_at_every_row_is_known_at_its_own_moment(shop):
    rows = "(7, 'Ube', TIMESTAMP '2026-01-01 00:00:00'), (7, 'Iki', TIMESTAMP '2026-02-01 00:00:00')"
    written(shop, "history.parquet", "customer_no, city, changed", rows)
    changed(shop, 'path = "customers.parquet"', 'path = "history.parquet"\nupdated_at = "changed"')
    changed(shop, 'fields = { age = "years", phone = "mobile", city = "town" }', "")
    assert read(shop).accepted == 4
    assert read(shop).unchanged == 4
    assert profile(shop, "7") == {"city": "Iki"}


def test_a_database_and_a_csv_file_are_read_as_well(shop):
    with closing(sqlite3.connect(shop / "crm.db")) as connection:
        connection.executescript(
            f"CREATE TABLE people (customer_no, years, mobile, town); INSERT INTO people VALUES {CUSTOMERS};"
        )
    (shop / "leading.csv").write_text("customer_no,years,mobile,town\n007,41,+34600112233,Ube\n")
    changed(shop, 'path = "customers.parquet"', 'path = "crm.db"\ntable = "people"')
    assert read(shop).accepted == 5
    changed(shop, 'path = "crm.db"\ntable = "people"', 'path = "leading.csv"')
    read(shop)
    assert [profile(shop, key)["city"] for key in ("7", "007")] == ["Ube", "Ube"]


@pytest.mark.parametrize(
    ("old", "new", "error", "said"),
    [
        ("customers.parquet", "nowhere.parquet", NotFoundError, "nowhere.parquet is no file"),
        ("customers.parquet", "tsugi.toml", InvalidInputError, "tsugi.toml is no table; allowed: .parquet"),
        ('age = "years"', 'age = "eons"', InvalidInputError, "no column 'eons'; there are customer_no, years"),
        ('path = "customers.parquet"', 'path = "crm.db"', NotFoundError, "crm.db has no table ''"),
    ],
)
def test_a_table_that_does_not_fit_is_named(shop, old, new, error, said):
    with closing(sqlite3.connect(shop / "crm.db")) as connection:
        connection.execute("CREATE TABLE people (customer_no)")
    changed(shop, old, new)
    with pytest.raises(error, match=said):
        read(shop)


def test_a_key_that_stands_twice_is_refused(shop):
    customers(shop, CUSTOMERS + ", (7, 42, NULL, 'Rome')")
    with pytest.raises(InvalidInputError, match="customer_no is not unique"):
        read(shop)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('mode = "external"', 'mode = "built"', 'are read in mode "external" only'),
        ('mode = "external"', 'mode = "foreign"', "golden_record.mode"),
        ("[golden_record.profiles]", "[golden_record.people]", "golden_record.people"),
        ('name = "shop"', 'name = "shop"\nmax_per_identifier = 3', "believes the customer key"),
        ('event = "what"', 'evnt = "what"', "golden_record.events.event: is missing"),
    ],
)
def test_a_mistake_in_the_workspace_is_named(shop, old, new, said):
    changed(shop, old, new)
    with pytest.raises(WorkspaceError, match=said):
        Workspace.load(shop)
