"""What the policies of a simulation are really worth, beside what their log says."""

from collections.abc import Mapping
from dataclasses import dataclass

from pipelines.candidate import Candidate
from pipelines.truth import Floats, TruthBook, gap_closed, oracle
from training.bootstrap import Estimate
from training.judging import CHAMPION_POLICY
from training.policy import UNIFORM, constant_name, eligible
from training.promotion import CANDIDATE

ORACLE = "oracle (knows the truth)"


@dataclass(frozen=True, slots=True)
class PolicyLine:
    """One policy: its true money per decision, and what the log says of it (None where it was not estimated)."""

    name: str
    truth: float
    estimate: Estimate | None

    @property
    def covered(self) -> bool | None:
        """Whether the interval holds the truth."""
        return None if self.estimate is None else self.estimate.low <= self.truth <= self.estimate.high


@dataclass(frozen=True, slots=True)
class DemoValues:
    """The lines in the order of the story, and the share of the gap that the retrained policy closes."""

    lines: tuple[PolicyLine, ...]
    gap_closed: float | None
    n_decisions: int


def demo_values(candidate: Candidate, book: TruthBook, *, first: str, retrained: str) -> DemoValues:
    """Uniform, the best constant action, the first policy, the retrained one, and the oracle, on the evaluated part.

    Parameters: `first` and `retrained` are what to call the champion and the candidate.
    """
    frame, policies = candidate.judged.frame, candidate.judged.policies
    best = max(
        (constant_name(action) for action in frame.actions if constant_name(action) in policies),
        key=lambda name: book.value(policies[name], frame.decision_id, frame.actions),
    )
    names = {UNIFORM: "uniform", best: f"best constant ({best})", CHAMPION_POLICY: first, CANDIDATE: retrained}
    lines = [_line(candidate, book, name, called) for name, called in names.items() if name in policies]
    seer = oracle(book.gain(frame.decision_id, frame.actions), eligible(frame))
    lines.append(PolicyLine(ORACLE, book.value(seer, frame.decision_id, frame.actions), None))
    truth: Mapping[str, float] = {line.name: line.truth for line in lines}
    closed = gap_closed(policy=truth[retrained], constant=truth[names[best]], best=truth[ORACLE])
    return DemoValues(tuple(lines), closed, len(frame))


def _line(candidate: Candidate, book: TruthBook, name: str, called: str) -> PolicyLine:
    frame = candidate.judged.frame
    policy: Floats = candidate.judged.policies[name]
    estimate = candidate.judged.evaluation.policies[name].raw.doubly_robust
    return PolicyLine(called, book.value(policy, frame.decision_id, frame.actions), estimate)
