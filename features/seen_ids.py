"""Message ids that may be in the ledger already, in bounded memory: nearly every new one is told without a look-up."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_LOG2_WORDS = 22
_BIT, _WORD = 6, 64 - _LOG2_WORDS


class SeenIds:
    """A blocked Bloom filter of 32 MiB (Putze, Sanders and Singler, 2007): three bits of one word for each id.

    What it does not know was never added. Of what was never added it takes 1 in 1,000 for known after 10 million ids,
    1 in 10 after 60 million: those are looked up.

    >>> seen = SeenIds()
    >>> seen.add(["m-1"])
    >>> seen.met(["m-1", "m-2"]), seen.met(["m-2"])
    (['m-1'], ['m-2'])
    """

    def __init__(self) -> None:
        self._words = np.zeros(1 << _LOG2_WORDS, dtype=np.uint64)

    def add(self, message_ids: Sequence[str]) -> None:
        """Note ids."""
        place, bits = _hashed(message_ids)
        np.bitwise_or.at(self._words, place, bits)

    def met(self, message_ids: Sequence[str]) -> list[str]:
        """Those that may have been added before; now all of them are."""
        place, bits = _hashed(message_ids)
        found = np.flatnonzero((self._words[place] & bits) == bits).tolist()
        np.bitwise_or.at(self._words, place, bits)
        return [message_ids[each] for each in found]


def _hashed(message_ids: Sequence[str]) -> tuple[NDArray[np.intp], NDArray[np.uint64]]:
    """The word of each id, by the upper bits of Python's own hash, and its bits, by the lower ones."""
    hashes = np.fromiter(map(hash, message_ids), dtype=np.int64, count=len(message_ids)).view(np.uint64)
    bits = np.zeros(len(message_ids), dtype=np.uint64)
    for nth in range(3):
        bits |= np.uint64(1) << (hashes >> np.uint64(nth * _BIT) & np.uint64(63))
    return (hashes >> np.uint64(_WORD)).astype(np.intp), bits
