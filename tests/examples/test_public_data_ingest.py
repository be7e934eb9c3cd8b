"""Public data through the examples' workspaces: every row of every file is an event, or left out by a declared rule."""

import json
import os
from pathlib import Path

import pytest

from features.intake import Arrival, Intake
from features.ledger import Ledger
from features.rejects import RejectBook
from pipelines.clock import system_clock
from pipelines.ingest import ingest_file
from pipelines.world_source import load_module

EXAMPLES = Path(__file__).parents[2] / "examples"


def data(name):
    root = os.environ.get("TSUGI_TEST_DATA")
    if not root:
        pytest.skip(f"TSUGI_TEST_DATA is not set; it names the folder that holds {name}")
    if not (Path(root) / name).is_dir():
        pytest.skip(f"TSUGI_TEST_DATA={root} has no folder {name}")
    return Path(root) / name


def accounted(told):
    return told.read + sum(told.skipped.values()) + told.without_event + told.refused


def events(home):
    with Ledger(home / "ledger.db") as ledger:
        return [json.loads(record.body) for record in ledger.records(kinds=("event",))]


def rejected(home):
    with Ledger(home / "ledger.db") as ledger:
        return RejectBook(ledger).counts()


@pytest.mark.slow
def test_every_sale_line_of_online_retail_is_in_an_event_or_left_out_by_its_rule(tmp_path):
    """541,909 lines, 135,080 without a customer, 4,372 customers, 22,190 invoices of these, as its publisher counts."""
    folder = data("uci-online-retail")
    told = ingest_file(tmp_path / "home", EXAMPLES / "retail", folder / "online_retail.csv.gz")
    assert (told.rows, told.skipped, told.refused, told.without_event) == (541_909, {"no_customer": 135_080}, 0, 0)
    assert accounted(told) == told.rows
    assert (told.rejected, told.duplicates, rejected(tmp_path / "home")) == (0, 0, {})
    found = events(tmp_path / "home")
    orders = [event for event in found if event.get("event") == "Order Completed"]
    refunds = [event for event in found if event.get("event") == "Order Refunded"]
    assert len({event["userId"] for event in found}) == 4_372
    assert (len(found), len(orders) + len(refunds)) == (44_380, 22_190)
    assert sum(event["properties"]["n_lines"] for event in (*orders, *refunds)) == 406_829
    assert sum(event["properties"]["revenue"] for event in (*orders, *refunds)) == pytest.approx(8_300_065.814)


JOURNEY = {
    "transactions_sample.csv.gz": (75_000, {"damaged_basket_id": 1}, 47_242),
    "campaigns.csv": (6_589, {}, 6_589),
    "coupon_redemptions.csv": (2_102, {}, 2_102),
    "demographics.csv": (801, {}, 801),
    "campaign_descriptions.csv": (27, {"names_no_customer": 27}, 0),
    "coupons.csv.gz": (116_204, {"names_no_customer": 116_204}, 0),
    "products.csv.gz": (92_331, {"names_no_customer": 92_331}, 0),
    "promotions_sample.csv.gz": (360_535, {"names_no_customer": 360_535}, 0),
}
"""Rows as the publisher counts them, those left out by rule, and events."""


@pytest.mark.slow
def test_every_row_of_the_complete_journey_is_in_an_event_or_left_out_by_its_rule(tmp_path):
    folder, home = data("complete-journey"), tmp_path / "home"
    assert {each.name for each in folder.iterdir()} - {"PROVENANCE.md"} == set(JOURNEY)
    for name, (n_rows, skipped, n_events) in JOURNEY.items():
        told = ingest_file(home, EXAMPLES / "journey", folder / name)
        assert (told.rows, told.skipped, told.refused, told.without_event) == (n_rows, skipped, 0, 0), name
        assert accounted(told) == n_rows
        assert (told.accepted, told.duplicates, told.rejected) == (n_events, 0, 0), name
    assert rejected(home) == {}
    found = events(home)
    lines = [event["properties"]["n_lines"] for event in found if event.get("event") == "Order Completed"]
    assert sum(lines) == 74_999
    received = [event for event in found if event.get("event") == "Campaign Received"]
    assert len({(event["userId"], event["properties"]["campaign"]) for event in received}) == 6_589


@pytest.mark.slow
def test_every_event_of_the_coffee_data_is_taken(tmp_path):
    """17,000 customers, 306,534 lines of the transcript, and 27,234 rewards that the adapter derives from them."""
    adapted = load_module(EXAMPLES / "coffee" / "adapter.py", needs="adapt").adapt(data("starbucks-offers"))
    with Ledger(tmp_path / "ledger.db") as ledger:
        receipt = Intake(ledger).load(adapted.events(), Arrival(system_clock(), source="coffee", backfill=True))
        assert (receipt.accepted, receipt.duplicates, receipt.n_rejected) == (17_000 + 306_534 + 27_234, 0, 0)
        assert RejectBook(ledger).counts() == {}
