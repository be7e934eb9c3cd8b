"""Row 3 of the reliability list: a torn or corrupt end of the log is recovered to the last sound record, and told."""

import os
import shutil
from pathlib import Path

import pytest
from ledger_builders import NOW, an_event

from features.intake import Intake
from features.ledger import Ledger

KEPT, LAST = 5, 3
STRIDE = int(os.environ.get("TSUGI_DAMAGE_STRIDE", "7"))
"""Bytes between two damaged offsets in the long test; 1 takes an hour."""


def log_of(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


class Crashed:
    """A ledger as a crash leaves it, and where its log ended at each acknowledgement."""

    def __init__(self, folder: Path) -> None:
        path = folder / "alive" / "ledger.db"
        self.path = folder / "crashed" / "ledger.db"
        self.ends: dict[str, int] = {}
        with Ledger(path) as ledger:
            intake = Intake(ledger)
            for n in range(KEPT + LAST):
                assert intake.accept([an_event(f"m-{n}", userId=f"u-{n}")], received_at=NOW).accepted == 1
                self.ends[f"m-{n}"] = log_of(path).stat().st_size
            intake.close()
            shutil.copytree(path.parent, self.path.parent)
        self.log = log_of(self.path).read_bytes()

    @property
    def tail(self) -> range:
        """The bytes of the last records."""
        ends = list(self.ends.values())
        return range(ends[KEPT - 1], ends[-1])

    def damaged(self, folder: Path, log: bytes) -> Path:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        shutil.copy(self.path, folder / "ledger.db")
        log_of(folder / "ledger.db").write_bytes(log)
        return folder / "ledger.db"


def recovered(path: Path) -> tuple[list[str], object]:
    with Ledger(path) as ledger:
        with ledger.read() as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return [record.record_id for record in ledger.records(kinds=["event"])], ledger.recovered


def flipped(log: bytes, offset: int) -> bytes:
    return log[:offset] + bytes([log[offset] ^ 0xFF]) + log[offset + 1 :]


def check(crashed: Crashed, folder: Path, offsets) -> int:
    n = 0
    for offset in offsets:
        sound = [name for name, end in crashed.ends.items() if end <= offset]
        found, _ = recovered(crashed.damaged(folder, crashed.log[:offset]))
        assert found == sound, offset
        found, tail = recovered(crashed.damaged(folder, flipped(crashed.log, offset)))
        assert found == sound, offset
        assert (tail.n_frames > 0, tail.n_commits) >= (True, len(crashed.ends) - len(sound) - 1), offset
        n += 2
    return n


def test_a_sound_log_is_recovered_whole_and_nothing_is_told(tmp_path, caplog):
    crashed = Crashed(tmp_path)
    found, tail = recovered(crashed.damaged(tmp_path / "sound", crashed.log))
    assert (found, tail.is_damaged, tail.n_frames) == (list(crashed.ends), False, 0)
    assert caplog.records == []


def test_a_damaged_end_is_recovered_to_the_last_sound_record_and_told(tmp_path, caplog):
    crashed = Crashed(tmp_path)
    assert check(crashed, tmp_path / "damaged", crashed.tail[::997]) > 50
    assert "dropped" in caplog.text


@pytest.mark.reliability
def test_damage_at_any_offset_loses_nothing_before_it_and_invents_nothing(tmp_path):
    crashed = Crashed(tmp_path)
    assert check(crashed, tmp_path / "damaged", crashed.tail[::STRIDE]) > 2_000
