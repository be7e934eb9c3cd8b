"""Memory that was freed and that the C library keeps to itself."""

import ctypes

import pyarrow as pa


def give_back() -> None:
    """Return to the system what was freed: a fit beside others must not hold what reading needed before it.

    Where the C library has no `malloc_trim` (it is glibc's) only Arrow's pool is emptied.
    """
    pa.default_memory_pool().release_unused()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
