"""Which customers, at which moments, with what known of them and what coming of it, a model was learned from."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np

from training.foresight.snapshot import Snapshots
from training.trees import Rows


@dataclass(frozen=True, slots=True)
class Learned:
    """The data of a model. Parameters: `digest`, a hash of its content; `n_rows`, of all its parts."""

    digest: str
    n_rows: int


def learned_from(parts: Sequence[Snapshots], rows: Sequence[Rows]) -> Learned:
    """The fingerprint of some snapshots and of what was known of each: equal data, equal digests."""
    digest = sha256()
    for part, known in zip(parts, rows, strict=True):
        digest.update("\x1f".join(part.customer_id.tolist()).encode())
        for array in (part.at_us, part.label, known.matrix):
            digest.update(np.ascontiguousarray(array).tobytes())
    return Learned(digest.hexdigest(), sum(map(len, parts)))
