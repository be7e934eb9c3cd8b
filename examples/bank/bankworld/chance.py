"""Chance that can be asked again: streams named by topic, and uniforms that depend on nothing but their counter."""

import zlib

import numpy as np
from numpy.typing import NDArray

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_UNIT = 2.0**-53


def stream(seed: int, topic: str) -> np.random.Generator:
    """The generator of one topic: drawing more of one thing never changes another.

    >>> bool(stream(7, "people").random() == stream(7, "people").random())
    True
    """
    return np.random.default_rng([seed, zlib.crc32(topic.encode())])


def uniforms(seed: int, topic: str, counters: NDArray[np.int64]) -> NDArray[np.float64]:
    """One number in [0, 1) per counter, the same whenever and in whatever order it is asked for.

    The mixing function is SplitMix64 (Steele, Lea and Flood 2014).

    >>> counters = np.arange(4)
    >>> bool((uniforms(7, "buys", counters)[2:] == uniforms(7, "buys", counters[2:])).all())
    True
    """
    start = np.uint64((seed * 0x2545F4914F6CDD1D + zlib.crc32(topic.encode()) * 0x9E3779B1) % 2**64)
    mixed = (counters.astype(np.uint64) + np.uint64(1)) * _GOLDEN + start
    for multiplier, shift in ((_FIRST, 30), (_SECOND, 27)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * multiplier
    mixed ^= mixed >> np.uint64(31)
    uniform: NDArray[np.float64] = (mixed >> np.uint64(11)).astype(np.float64) * _UNIT
    return uniform
