import sqlite3

from pipelines.doctor import examine, findings_in_words
from pipelines.init import write_workspace


def _by_name(home, workspace):
    return {finding.name: finding for finding in examine(home, workspace)}


def test_a_sound_workspace_without_a_home_is_fit(tmp_path):
    write_workspace(tmp_path / "shop")
    findings = examine(tmp_path / "home", tmp_path / "shop")
    assert all(finding.ok for finding in findings), findings_in_words(findings)


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
    sqlite3.connect(tmp_path / "ledger.db").execute("CREATE TABLE record (seq INTEGER)").connection.commit()
    assert _by_name(tmp_path, tmp_path / "shop")["ledger"].seen.startswith("0 records")
