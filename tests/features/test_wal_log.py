"""The checksums of SQLite's log, summed together, are those of its definition; a log that SQLite wrote is sound."""

import sqlite3

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.wal_log import checksums, read_log


def plain(data, byte_order):
    """As the definition says it, word by word."""
    words = [int.from_bytes(data[at : at + 4], byte_order) for at in range(0, len(data), 4)]
    one = other = 0
    for first, second in zip(words[::2], words[1::2], strict=True):
        one = (one + first + other) % 2**32
        other = (other + second + one) % 2**32
    return one, other


@given(st.lists(st.binary(min_size=24, max_size=24), min_size=1, max_size=3), st.sampled_from(["little", "big"]))
def test_rows_are_summed_as_the_definition_says(rows, byte_order):
    array = np.array([list(row) for row in rows], dtype=np.uint8)
    assert checksums(array, big_endian=byte_order == "big") == [plain(row, byte_order) for row in rows]


@pytest.fixture(params=[512, 4096, 65536])
def written(tmp_path, request):
    """A log of three transactions that SQLite wrote, its connection still open."""
    path = tmp_path / "some.db"
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript(f"PRAGMA page_size = {request.param}; PRAGMA journal_mode = WAL; CREATE TABLE t (x);")
    for n in range(2):
        connection.execute("INSERT INTO t VALUES (?)", (bytes(n * 5_000),))
    yield path.with_name("some.db-wal")
    connection.close()


def test_a_log_that_sqlite_wrote_is_sound_to_its_end(written):
    log = read_log(written)
    assert log.is_sound
    assert sum(1 for frame in log.frames if frame.commit) == 3
    assert log.n_sound == len(log.frames)


def test_a_damaged_byte_ends_what_is_sound_at_the_transaction_before(written):
    log = read_log(written)
    ends = [n for n, frame in enumerate(log.frames, 1) if frame.commit]
    content = bytearray(written.read_bytes())
    content[-1] ^= 1
    written.with_name("other").write_bytes(content)
    assert read_log(written.with_name("other")).n_sound == ends[-2]


def test_a_damaged_header_leaves_nothing_sound(written):
    content = bytearray(written.read_bytes())
    content[17] ^= 1
    written.with_name("other").write_bytes(content)
    assert read_log(written.with_name("other")).n_sound == 0


def test_no_file_and_less_than_a_header_are_no_log(tmp_path):
    assert read_log(tmp_path / "none") is None
    (tmp_path / "short").write_bytes(b"short")
    assert read_log(tmp_path / "short") is None
