import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime

from ledger_builders import an_event, at

from features.intake import Intake
from features.ledger import Ledger
from pipelines.doctor import examine, findings_in_words
from pipelines.init import write_workspace
from training.artifact import write_bundle
from training.constant import ConstantBundle, ConstantEntry
from training.publication import publish


def _by_name(home, workspace):
    return {finding.name: finding for finding in examine(home, workspace)}


def test_a_sound_workspace_without_a_home_is_fit(tmp_path):
    write_workspace(tmp_path / "shop")
    findings = examine(tmp_path / "home", tmp_path / "shop")
    assert all(finding.ok for finding in findings), findings_in_words(findings)


def test_a_home_that_cannot_be_made_is_not_fit(tmp_path, monkeypatch):
    write_workspace(tmp_path / "shop")
    (tmp_path / "file").write_text("")
    assert not _by_name(tmp_path / "file" / "home", tmp_path / "shop")["home"].ok
    monkeypatch.setattr(os, "access", lambda path, _: path != tmp_path)
    found = _by_name(tmp_path / "none" / "home", tmp_path / "shop")["home"]
    assert (found.ok, found.seen) == (False, f"{tmp_path} cannot be written to")


def test_looking_changes_nothing(tmp_path):
    write_workspace(tmp_path / "shop")
    examine(tmp_path / "home", tmp_path / "shop")
    assert not (tmp_path / "home").exists()


def test_what_is_missing_is_named(tmp_path):
    found = _by_name(tmp_path / "home", tmp_path / "nowhere")["workspace"]
    assert not found.ok
    assert "tsugi.toml does not exist" in found.seen


def test_a_ledger_that_is_none_is_said_not_thrown(tmp_path):
    write_workspace(tmp_path / "shop")
    (tmp_path / "ledger.db").write_bytes(b"not a database, but long enough to look like one " * 100)
    assert not _by_name(tmp_path, tmp_path / "shop")["ledger"].ok
    (tmp_path / "ledger.db").unlink()
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as connection:
        connection.execute("CREATE TABLE record (seq INTEGER)")
    assert _by_name(tmp_path, tmp_path / "shop")["ledger"].seen.startswith("0 records")


def test_a_champion_of_which_a_byte_was_altered_is_said(tmp_path):
    write_workspace(tmp_path / "shop")
    entry = ConstantEntry("card", value=1.0, standard_error=0.1, propensity=0.1, n_chosen=50)
    bundle = ConstantBundle("", "any", {"card": entry})
    version = write_bundle(bundle, tmp_path / "made", created_at=datetime(2026, 1, 1, tzinfo=UTC))
    manifest = publish(tmp_path / "made", tmp_path) / "bundle.json"
    sound = _by_name(tmp_path, tmp_path / "shop")["champion"]
    assert (sound.ok, sound.seen) == (True, f"bundle {version}")
    manifest.write_bytes(manifest.read_bytes() + b" ")
    harmed = _by_name(tmp_path, tmp_path / "shop")["champion"]
    assert not harmed.ok
    assert "bundle.json: sha256" in harmed.seen


def test_amounts_in_another_currency_than_the_catalogues_are_counted(tmp_path):
    write_workspace(tmp_path / "shop")
    told = [{"currency": "EUR"}, {"currency": "USD"}, {"currency": "usd"}, {"currency": "?"}, {}]
    events = [an_event(f"m-{place}", properties=properties) for place, properties in enumerate(told)]
    with Ledger(tmp_path / "ledger.db") as ledger, closing(Intake(ledger)) as intake:
        intake.accept(events, received_at=at(0))
    found = _by_name(tmp_path, tmp_path / "shop")["currency"]
    said = "2 of the latest 3 events that state a currency are in USD: features count EUR alone"
    assert (found.ok, found.seen) == (True, said)
