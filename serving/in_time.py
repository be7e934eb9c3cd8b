"""A model is asked in a thread of its own, so that one that is stuck holds up nobody.

One of which it is certain that it cannot be stuck scores and foresees in place: two threads that hand a question to and
fro take a tenth of a decision's time.
"""

from collections.abc import Callable, Mapping, Sequence
from queue import Empty, SimpleQueue
from threading import Thread
from typing import NamedTuple, TypeVar

from decisioning.customer import FeatureValue
from decisioning.errors import UnavailableError
from decisioning.foresight import foreseen_by
from decisioning.ports import Candidate, Scorer, Scores, is_bounded

SCORING_SECONDS = 0.075
"""That a decision waits for a model; then the catalogue decides."""
Result = TypeVar("Result")
Told = SimpleQueue[tuple[object, Exception | None]]


class Lane:
    """Asks one thing after the other, for one caller at a time; while one is stuck, nothing else is asked.

    Parameters: `patience`, seconds.
    """

    def __init__(self, patience: float = SCORING_SECONDS) -> None:
        self._patience = patience
        self._asked: SimpleQueue[tuple[Callable[[], object], Told]] = SimpleQueue()
        self._is_stuck = False
        self._thread: Thread | None = None

    def ask(self, question: Callable[[], Result]) -> Result:
        """The answer, or whatever was raised; `UnavailableError` where it takes too long."""
        if self._is_stuck:
            raise UnavailableError("the model is still at an earlier question")
        told: Told = SimpleQueue()
        self._started().put((question, told))
        try:
            answer, error = told.get(timeout=self._patience)
        except Empty:
            self._is_stuck = True
            self._asked.put((self._unstuck, SimpleQueue()))
            raise UnavailableError("the model takes longer than anybody can wait") from None
        if error is not None:
            raise error
        return answer  # type: ignore[return-value]  # what the question gave

    def _unstuck(self) -> None:
        self._is_stuck = False

    def _started(self) -> SimpleQueue[tuple[Callable[[], object], Told]]:
        if self._thread is None:
            self._thread = Thread(target=_answer, args=(self._asked,), name="scoring", daemon=True)
            self._thread.start()
        return self._asked


def _answer(asked: SimpleQueue[tuple[Callable[[], object], Told]]) -> None:
    while True:
        question, told = asked.get()
        try:
            told.put((question(), None))
        except Exception as error:  # noqa: BLE001  # it is raised where it was asked
            told.put((None, error))


class InTime(NamedTuple):
    """Another scorer, waited for no longer than its lane has patience; a `decisioning.ports.Scorer`."""

    scorer: Scorer
    lane: Lane

    @property
    def version(self) -> str:
        """The bundle's version."""
        return self.scorer.version

    def score(self, features: Mapping[str, FeatureValue], candidates: Sequence[Candidate]) -> Scores:
        """Score the candidates; raises `UnavailableError` where that takes too long."""
        if is_bounded(self.scorer):
            return self.scorer.score(features, candidates)
        return self.lane.ask(lambda: self.scorer.score(features, candidates))

    def explain(self, features: Mapping[str, FeatureValue], candidate: Candidate) -> tuple[tuple[str, float], ...]:
        """The features that moved the propensity most; none where that takes too long."""
        try:
            return self.lane.ask(lambda: self.scorer.explain(features, candidate))
        except UnavailableError:
            return ()

    def foresee(self, features: Mapping[str, FeatureValue]) -> Mapping[str, float]:
        """What the bundle foresees; nothing where that takes too long, and then no score is waited for either."""
        if is_bounded(self.scorer):
            return foreseen_by(self.scorer, features)
        try:
            return self.lane.ask(lambda: foreseen_by(self.scorer, features))
        except UnavailableError:
            return {}
