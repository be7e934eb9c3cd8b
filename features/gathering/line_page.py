"""What the lines of a batch say to features, read at once; whose it is, and which of them count, is told later.

Only what features read of a fact is held meanwhile, as columns, never its properties.
"""

from collections.abc import Sequence

import numpy as np

from features.backlog import Page, joined
from features.fact_reader import Hits, Index


def of_kept(pages: Sequence[Page], nodes: Index) -> Page:
    """The facts of the lines that are kept, in their order, each with its node.

    Parameters: `pages`, of some lines each, whose `group` is the place of each fact's line in the batch; `nodes`, by
    that place, -1 of a line that is not kept.

    >>> none = Hits(np.empty(0, dtype=np.intp), np.empty(0, dtype=np.intp), np.empty(0))
    >>> one, other = (Page(np.array(places), np.zeros((len(places), 2)), none) for places in ([0, 2], [1]))
    >>> of_kept([one, other], np.array([9, 8, -1])).group.tolist()
    [9, 8]
    """
    places = np.concatenate([page.group for page in pages])
    owners = nodes[places]
    kept = np.flatnonzero(owners >= 0)
    order = kept[np.argsort(places[kept], kind="stable")]
    new = np.full(len(places), -1)
    new[order] = np.arange(len(order))
    before = np.cumsum([0, *(len(page.group) for page in pages)]).tolist()
    hits = joined([page.hits.moved(by) for page, by in zip(pages, before[:-1], strict=True)], new)
    dropped = int(np.searchsorted(hits.facts, 0))
    return Page(
        owners[order],
        np.concatenate([page.times for page in pages])[order],
        Hits(hits.facts[dropped:], hits.probes[dropped:], hits.values[dropped:]),
    )
