"""Row 1 for files: a load that is killed anywhere is continued by the same command until all of it is in, once."""

import csv
import os
import random
import shutil
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from benchmarks.generated_events import lines
from features.ledger import Ledger
from features.online_store import PackedRows
from pipelines.follow import WORTH

SHOP = Path(__file__).parents[1] / "serving" / "workspace"
MAPPINGS = """
mappings:
  sales:
    files: ["sales*"]
    events:
      - event: Order Completed
        user_id: who
        timestamp: at
        message_id: [order]
        properties: {order_id: order}
"""


@pytest.fixture
def shop(tmp_path):
    shutil.copytree(SHOP, tmp_path / "shop")
    (tmp_path / "shop" / "mappings.yaml").write_text(MAPPINGS)
    return tmp_path


def written(path, n):
    with path.open("w", newline="") as stream:
        csv.writer(stream).writerows(
            [("order", "who", "at"), *((f"o{k}", f"u{k % 97}", f"2026-01-01T00:{k % 60:02d}:00Z") for k in range(n))]
        )
    return path


def ingest(shop, file, home="home"):
    command = [sys.executable, "-m", "pipelines", "ingest", str(file), "--home", home, "--workspace", "shop"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.Popen(command, cwd=shop, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def killed(shop, file, moment):
    """Start the load and kill it after so many seconds of writing; whether it had ended before."""
    with ingest(shop, file) as process:
        log, since = shop / "home" / "ledger.db-wal", time.time()
        while process.poll() is None and not (log.exists() and log.stat().st_mtime > since):
            time.sleep(0.01)
        time.sleep(moment)
        process.kill()
        complaint = process.communicate()[1]
    assert process.returncode in (0, -9), complaint.decode()
    return process.returncode == 0


def recorded(path):
    with Ledger(path) as ledger:
        return Counter(record.record_id for record in ledger.records(kinds=("event",)))


def survive(shop, *, n, kills):
    chance, file = random.Random(1), written(shop / "sales.csv", n)  # noqa: S311 - seeded, nothing secret
    for _ in range(10):  # a machine that holds this process up, and not the load, kills too late: then once more
        shutil.rmtree(shop / "home", ignore_errors=True)
        ended = [killed(shop, file, chance.uniform(0, 1)) for _ in range(kills)]
        if not all(ended):
            break
    assert not all(ended)
    with ingest(shop, file) as process:
        assert process.wait() == 0
    found = recorded(shop / "home" / "ledger.db")
    assert (len(found), max(found.values())) == (n, 1)


def test_a_mapped_file_whose_load_is_killed_is_whole_after_the_next(shop):
    survive(shop, n=30_000, kills=2)


@pytest.mark.reliability
def test_a_mapped_file_whose_load_is_killed_again_and_again_is_whole_in_the_end(shop):
    survive(shop, n=400_000, kills=30)


@pytest.mark.reliability
def test_a_long_file_that_two_processes_load_is_whole_and_so_are_its_features(shop):
    chance, file, n = random.Random(2), shop / "events.jsonl", 240_000  # noqa: S311 - as above
    file.write_bytes(b"\n".join(lines(n, 5_000)))
    assert file.stat().st_size > WORTH
    ended = [killed(shop, file, chance.uniform(0, 4)) for _ in range(3)]
    assert not all(ended)
    for home in ("home", "undisturbed"):
        with ingest(shop, file, home) as process:
            assert process.wait() == 0
    found = recorded(shop / "home" / "ledger.db")
    assert (len(found), max(found.values())) == (n, 1)
    told, states = zip(*(online(shop / home / "online.db") for home in ("home", "undisturbed")), strict=True)
    assert told[0] == told[1]
    for one, other in zip(*states, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9)


def online(path):
    """Whose rows there are, with when each became known, and their states."""
    rows = PackedRows(path)
    held = rows.read_many(sorted(rows.customers()))
    rows.close()
    return [row[:3] for row in held], [np.frombuffer(row.state) for row in held]
