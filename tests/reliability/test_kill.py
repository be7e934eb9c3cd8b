"""Rows 1 and 2 of the reliability list: what was acknowledged survives a kill, because it was synced before."""

import os
import random
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from acknowledging import ids

from features.ledger import Ledger
from features.rebuild import rebuild

WRITER = Path(__file__).with_name("acknowledging.py")
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
THREADS, REQUESTS = 4, 5_000
LONG_CYCLES = int(os.environ.get("TSUGI_KILL_CYCLES", "200"))


def command(path: Path, name: str, *, threads: int = THREADS, requests: int = REQUESTS) -> list[str]:
    return [sys.executable, str(WRITER), str(path), name, str(threads), str(requests)]


def killed_while_writing(path: Path, name: str, chance: random.Random) -> list[str]:
    """What a process acknowledged before it was killed, 0 to 50 ms after its first acknowledgement."""
    process = subprocess.Popen(command(path, name), stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENVIRONMENT)
    with process:
        first = process.stdout.readline()
        time.sleep(chance.uniform(0, 0.05))
        process.kill()
        told, complaint = process.communicate()
    assert first.endswith(b"\n"), complaint.decode()
    return [line.decode() for line in (first + told).splitlines(keepends=True) if line.endswith(b"\n")]


def recorded(ledger: Ledger) -> Counter:
    return Counter(record.record_id for record in ledger.records(kinds=("event", "outcome", "decision")))


def problems(ledger: Ledger) -> list[str]:
    with ledger.read() as connection:
        return [row[0] for row in connection.execute("PRAGMA integrity_check")]


def derived(ledger: Ledger) -> list[list[tuple]]:
    """What is kept of the records beside them."""
    identifiers = "SELECT kind, value, customer_id, contacts FROM identifier"
    answers = "SELECT kind, value, outcome_id, action, type, occurred_us FROM answer JOIN identifier USING (node)"
    with ledger.read() as connection:
        return [sorted(connection.execute(query)) for query in (identifiers, answers)]


def survive(path: Path, cycles: int) -> None:
    chance, acknowledged, possible = random.Random(1), [], set()  # noqa: S311 - seeded, nothing secret
    for cycle in range(cycles):
        name = f"k{cycle}"
        acknowledged += [line.strip() for line in killed_while_writing(path, name, chance)]
        possible.update(ids(name, THREADS, REQUESTS))
        with Ledger(path) as ledger:
            found = recorded(ledger)
            assert [each for each in acknowledged if found[each] != 1] == []
            assert problems(ledger) == ["ok"]
    assert len(acknowledged) > cycles
    assert max(found.values()) == 1
    assert found.keys() <= possible
    with Ledger(path) as ledger:
        before = derived(ledger)
        rebuild(ledger)
        assert derived(ledger) == before


def test_every_acknowledged_event_and_outcome_survives_a_kill_once(tmp_path):
    survive(tmp_path / "ledger.db", 10)


@pytest.mark.reliability
def test_every_acknowledged_event_and_outcome_survives_many_kills_once(tmp_path):
    survive(tmp_path / "ledger.db", LONG_CYCLES)


def traced(tmp_path: Path, requests: int) -> list[str]:
    """The system calls of one client that waits for each acknowledgement, in order of their end."""
    strace = shutil.which("strace")
    if strace is None:
        pytest.skip("strace is not installed: whether a sync comes before the acknowledgement cannot be seen")
    log, calls = tmp_path / "calls", "trace=fsync,fdatasync,write,pwrite64"
    path = tmp_path / "ledger.db"
    traced = [strace, "-f", "-y", "-e", calls, "-o", str(log), *command(path, "s", threads=1, requests=requests)]
    run = subprocess.run(traced, capture_output=True, env=ENVIRONMENT, timeout=300, check=False)
    if b"ptrace" in run.stderr:
        pytest.skip(f"strace may not trace here: {run.stderr.decode().strip()}")
    assert run.returncode == 0, run.stderr.decode()
    return ended_calls(log.read_text())


def ended_calls(log: str) -> list[str]:
    """The calls of all threads, each where it ended; those that were interrupted are put together again."""
    begun: dict[str, str] = {}
    ended = []
    for line in log.splitlines():
        thread, call = line.split(maxsplit=1)
        if call.endswith("<unfinished ...>"):
            begun[thread] = call.removesuffix("<unfinished ...>")
        else:
            ended.append(re.sub(r"^<\.\.\. \w+ resumed>", lambda _, t=thread: begun.pop(t), call))
    return ended


def unsynced_acknowledgements(calls: list[str]) -> tuple[int, list[str]]:
    """How many acknowledgements there were, and those without a sync of the log between its last write and them."""
    is_synced, n, wrong = False, 0, []
    for call in calls:
        if call.startswith("pwrite64(") and "ledger.db-wal>" in call:
            is_synced = False
        elif re.match(r"f(data)?sync\(\d+<.*ledger\.db-wal>\s*\)\s*= 0", call):
            is_synced = True
        elif re.match(r'write\(1<.*>, "s\.', call):
            n += 1
            wrong += [] if is_synced else [call]
            is_synced = False
    return n, wrong


@pytest.mark.parametrize("requests", [100, pytest.param(1_000, marks=pytest.mark.reliability)])
def test_a_sync_comes_before_every_acknowledgement(tmp_path, requests):
    n, wrong = unsynced_acknowledgements(traced(tmp_path, requests))
    assert (n, wrong) == (requests + 1, [])
