"""Memory that was freed goes back to the system."""

from pathlib import Path

import pytest

from training.freed import give_back

PIECE = 60_000
"""Below the size from which the C library asks the system for each piece."""


def resident() -> int:
    """Bytes of this process that are in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4_096


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="the system does not say what a process holds")
def test_what_lies_between_pieces_in_use_is_given_back():
    pieces = [bytearray(PIECE) for _ in range(4_000)]
    for place in range(0, len(pieces), 2):
        pieces[place] = bytearray(0)
    before = resident()
    give_back()
    assert before - resident() > len(pieces) // 2 * PIECE * 0.8
