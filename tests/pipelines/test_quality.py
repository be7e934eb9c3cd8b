"""The quality report: each figure against a plain count, and drift told apart from chance."""

import json
from datetime import UTC, datetime, timedelta
from random import Random

import numpy as np
import pytest
from typer.testing import CliRunner

from features.intake import Arrival, Intake
from features.ledger import Ledger
from features.quality.fields import qualities
from features.quality.report import quality_of
from features.quality.stability import FEWEST, of_numbers, of_words
from pipelines.cli import app
from pipelines.init import write_workspace

STARTS = datetime(2026, 1, 1, tzinfo=UTC)


def drawn(seed, n, *, mean=0.0):
    return np.random.default_rng(seed).normal(mean, 1, n).tolist()


@pytest.mark.parametrize("n", [200, 2_000, 20_000])
def test_of_fields_that_did_not_move_about_one_in_a_hundred_exceeds_what_chance_allows(n):
    found = [of_numbers(drawn(seed, n), drawn(10_000 + seed, n)) for seed in range(400)]
    assert sum(each.psi > each.by_chance for each in found) <= 12
    assert sum(each.moved for each in found) <= 12


def test_a_shift_of_half_a_deviation_is_told_and_a_psi_agrees_with_its_formula():
    earlier, later = drawn(1, 5_000), drawn(2, 5_000, mean=0.5)
    found = of_numbers(earlier, later)
    assert found.moved
    edges = np.quantile(earlier, np.linspace(0, 1, 11)[1:-1])
    shares = [np.bincount(np.searchsorted(edges, each), minlength=10) / 5_000 for each in (earlier, later)]
    plain = float(np.sum((shares[1] - shares[0]) * np.log(shares[1] / shares[0])))
    assert found.psi == pytest.approx(plain, rel=0.02)
    assert (found.n_earlier, found.n_later) == (5_000, 5_000)


def test_words_that_appear_or_vanish_are_a_move_and_too_few_rows_say_nothing():
    assert of_words(["a", "b"] * 500, ["a", "c"] * 500).moved
    assert not of_words(["a", "b"] * 500, ["b", "a"] * 500).moved
    assert of_words(["a"] * (FEWEST - 1), ["a"] * 1_000) is None
    assert of_numbers([1.0] * 1_000, [1.0] * (FEWEST - 1)) is None
    assert of_numbers([1.0] * 1_000, [1.0] * 1_000).psi == 0.0


def test_fields_are_counted_and_told_apart_by_what_they_hold():
    said = [
        ("A", {"n": k, "c": "ab"[k % 2], "id": f"x{k}", "o": [1], "gap": k if k % 4 else None}, k >= 100)
        for k in range(200)
    ]
    found = {each.field: each for each in qualities(said)}
    assert {name: each.kind for name, each in found.items()} == {
        "n": "number", "c": "category", "id": "text", "o": "other", "gap": "number",
    }  # fmt: skip
    assert (found["gap"].filled, found["n"].filled, found["gap"].n_events) == (0.75, 1.0, 200)
    assert found["n"].stability.moved
    assert found["gap"].stability is None
    assert not found["c"].stability.moved


def events(n, *, source, shift=0.0):
    chance = Random(source)  # noqa: S311 - generated data, seeded
    for k in range(n):
        at = STARTS + timedelta(minutes=k)
        amount = chance.gauss(10, 2) + (shift if k >= n // 2 else 0)
        properties = {"amount": amount, "channel": chance.choice(["web", "store"])}
        yield {
            "type": "track", "event": "Paid", "userId": f"u{k % 9}", "messageId": f"{source}-{k}",
            "timestamp": at.isoformat(), "properties": properties if k % 4 else {"channel": "web"},
        }  # fmt: skip


def test_a_source_is_reported_as_it_is(tmp_path):
    at = STARTS + timedelta(days=30)
    with Ledger(tmp_path / "ledger.db") as ledger:
        intake = Intake(ledger)
        for source, shift in (("steady", 0.0), ("moving", 5.0)):
            intake.load(events(2_000, source=source, shift=shift), Arrival(at, source=source, backfill=True))
        intake.load([b"no json", {"type": "dance"}], Arrival(at, source="steady"))
        moving, steady = quality_of(ledger)
        assert [each.source for each in quality_of(ledger, "moving")] == ["moving"]
    assert (steady.rows, steady.rejected, steady.warned) == (2_000, {"invalid_json": 1, "unknown_type": 1}, {})
    assert (steady.newest_at, steady.received_at) == (STARTS + timedelta(minutes=1_999), at)
    filled = {each.field: each.filled for each in steady.fields}
    assert filled == {"amount": 0.75, "channel": 1.0}
    assert {each.field: each.stability.moved for each in steady.fields} == {"amount": False, "channel": False}
    assert {each.field: each.stability.moved for each in moving.fields} == {"amount": True, "channel": False}


def test_the_command_shows_it_in_words_and_as_json(tmp_path):
    write_workspace(tmp_path / "shop")
    here = ["--home", str(tmp_path / "home"), "--workspace", str(tmp_path / "shop")]
    (tmp_path / "home").mkdir()
    Ledger(tmp_path / "home" / "ledger.db").close()
    assert CliRunner().invoke(app, ["quality", *here]).output == "nothing came in\n"
    (tmp_path / "events.jsonl").write_text("\n".join(json.dumps(each) for each in events(2_000, source="x", shift=5.0)))
    CliRunner().invoke(app, ["ingest", str(tmp_path / "events.jsonl"), *here])
    said = CliRunner().invoke(app, ["quality", *here]).output.splitlines()
    assert said[:2] == ["file (not named in tsugi.toml)", "  rows 2,000, duplicates 0, rejected 0, warned 0"]
    assert said[3] == "  completeness, of 2,000 events: Paid amount 75%"
    assert said[4].startswith("  drift, before and after 2026-01-01: Paid amount PSI ")
    told = json.loads(CliRunner().invoke(app, ["quality", "--json", "--source", "file", *here]).output)
    assert [(each["field"], each["moved"]) for each in told["sources"][0]["fields"]] == [
        ("amount", True),
        ("channel", False),
    ]
