"""What `tsugi monitor` prints."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from features.instant import from_us
from pipelines.exit_code import ExitCode
from pipelines.monitoring.monitor import Monitored
from training.monitoring.watch import Compared

SHOWN = 10
"""Findings that are printed."""


def monitored_in_words(seen: Monitored) -> str:
    """What was seen, and every finding on a line of its own."""
    return "\n".join([*_head(seen), *_found(seen), _verdict(seen)])


def _found(seen: Monitored) -> Iterator[str]:
    """The findings, those for a person first; the JSON has them all."""
    ordered = sorted(seen.findings, key=lambda each: each.remedy)
    yield from (f"  {each}" for each in ordered[:SHOWN])
    if len(ordered) > SHOWN:
        yield f"  and {len(ordered) - SHOWN} more (--json has them all)"


def _head(seen: Monitored) -> Iterator[str]:
    yield f"as of {seen.as_of:%Y-%m-%d %H:%M}, {seen.window_days:g} days; champion {seen.champion}"
    if seen.compared is None:
        yield "  no reference to compare with: " + ("retrain once" if seen.trained_at else "nothing was learned yet")
    else:
        yield from _measured(seen.compared)
    if seen.skew is not None:
        yield f"  skew: {seen.skew.equal:.3%} of {seen.skew.n_values:,} feature values are as training computes them"
    if seen.challenger is not None:
        told = seen.challenger
        why = f": {told.reason}" if told.reason else f" of {told.share:.1%}" if told.share else ""
        yield f"  challenger {told.version}: {told.mode}{why}"


def _measured(compared: Compared) -> Iterator[str]:
    yield f"  {compared.n_decisions:,} decisions, {compared.n_mature:,} that are over"
    for what, drifts in (("features", compared.features), ("scores", compared.scores)):
        if drifts:
            name, worst = max(drifts.items(), key=lambda pair: pair[1].psi)
            least = float(np.median([each.detectable for each in drifts.values()]))
            yield f"  {what}: {len(drifts)} compared, the most {name} PSI {worst.psi:.3f}; {least:.3f} would be seen"
    for action, change in compared.rates.items():
        yield f"  {action}: accepted {change.now.value:.2%}, before {change.before.value:.2%}"
    for block in compared.calibration:
        came = f"came {block.came:.2%} ±{block.error:.2%} (n = {block.n:,})"
        yield f"  since {from_us(block.since_us):%Y-%m-%d}: foreseen {block.predicted:.2%}, {came}"


def _verdict(seen: Monitored) -> str:
    told: dict[Any, str] = {
        ExitCode.DONE: "nothing to do",
        ExitCode.NOTHING_NEW: "nothing to compare yet",
        ExitCode.DRIFT: "retrain",
        ExitCode.ATTENTION: "look before anything is learned from this",
    }
    return told[seen.exit_code]
