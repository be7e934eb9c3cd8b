"""What `tsugi policy` says to people."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from training.figures import with_interval
from training.uplift.contest import FEWEST_ANSWERED, Candidate
from training.uplift.fitting import Fitted
from training.uplift.rule import SURE, Gain

if TYPE_CHECKING:
    from pipelines.policy_table.fit import PolicyFit

DETECTED = 2.8
"""Standard errors that a true gain needs to be found significant four times in five."""


def explained(fitted: Fitted) -> tuple[str, ...]:
    """The verdict in plain words: what was found, what serves, and what could have been seen."""
    return (_headline(fitted), *fitted.verdict.reasons[:-1], f"judged on {fitted.judged_on}")


def _headline(fitted: Fitted) -> str:
    if fitted.adopted:
        return "adopted: the learned policy is better than the best constant action"
    if fitted.winner is None:
        told = f"{_seen(fitted)}{_unsure(fitted.candidates)}"
        return f"not adopted: no learner was sure of a gain over the best constant action; {told}"
    gain = fitted.gain
    if gain.high < 0:
        return f"not adopted: worse than the best constant action, {with_interval(gain, signed=True)} per decision"
    if gain.low > 0:
        return f"not adopted, though better than the best constant action: {fitted.verdict.outcome}"
    return f"not adopted, cannot tell: {with_interval(gain, signed=True)} per decision; {_seen(fitted)}"


def _seen(fitted: Fitted) -> str:
    """The surest candidate, and what of a gain its noise would have let be seen."""
    surest = _surest(fitted.candidates)
    if surest is None:
        return "no learner prefers another action for anybody"
    gain = surest.gain
    least = f"{DETECTED * gain.standard_error:.3g}"
    told = with_interval(gain.interval, signed=True)
    return f"the surest, {_named(surest)}, gained {told}; less than {least} would likely go unseen"


def _surest(candidates: Sequence[Candidate]) -> Candidate | None:
    return max(candidates, key=lambda candidate: candidate.gain.surely, default=None)


def _unsure(candidates: Sequence[Candidate]) -> str:
    surest = _surest(candidates)
    return "" if surest is None else f"; {why_unsure(surest, len(candidates))}"


def why_unsure(surest: Candidate, n_candidates: int) -> str:
    """Why the candidate of the surest gain is not sure of one, though its own interval may lie above zero.

    Parameters: `n_candidates`, how many were looked at.
    """
    gain, reasons = surest.gain, []
    if gain.surely <= 0:
        beyond = gain.mean / gain.standard_error if gain.standard_error else 0.0
        looked = f"the best of {n_candidates} that were looked at must lie {SURE:g} standard errors above zero"
        reasons.append(f"{looked} to be sure, and lies {beyond:.1f}")
    if surest.n_answered < FEWEST_ANSWERED:
        few = f"only {surest.n_answered:,} decisions took what it would have chosen instead"
        reasons.append(f"{few}, and {FEWEST_ANSWERED} are needed")
    return "; ".join(reasons)


def _named(candidate: Candidate) -> str:
    return candidate.learner if candidate.share == 1.0 else f"{candidate.learner} on the top {candidate.share:.0%}"


def fit_in_words(fit: "PolicyFit") -> str:
    """The log, the candidates and the verdict, line by line."""
    left = f"; left out: {', '.join(fit.left_out)}" if fit.left_out else ""
    lines = [
        f"log        {fit.n_decisions:,} decisions of {fit.n_customers:,} customers",
        f"actions    {', '.join(fit.actions)}",
        f"context    {', '.join(fit.context)}{left}",
        f"rewards    cut at {fit.cap:.6g} for learning and judging",
        f"slopes     {', '.join(f'{name} {slope:.2f}' for name, slope in fit.slopes.items())} (1: all spread is real)",
        *(f"candidate  {_candidate(each)}" for each in _best(fit.candidates)),
        *(f"verdict    {line}" for line in fit.explained),
        f"serves     {fit.serves}, version {fit.version}",
    ]
    return "\n".join(lines)


def _best(candidates: tuple[dict[str, Any], ...]) -> list[dict[str, Any]]:
    return sorted(candidates, key=lambda each: -float(each["surely"]))[:5]


def _candidate(each: Mapping[str, Any]) -> str:
    gain = with_interval(Gain(**each["gain"]).interval, signed=True)
    return f"{each['learner']:5s} acting on {each['share']:4.0%} of those it would move: {gain}"


def chosen_in_words(counts: Mapping[str, int]) -> str:
    """How many rows get each action.

    >>> chosen_in_words({"card": 3, "no_action": 1})
    'chosen     card 3, no_action 1'
    """
    return f"chosen     {', '.join(f'{action} {n:,}' for action, n in counts.items())}"
