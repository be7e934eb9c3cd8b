"""What a retraining learned and had judged, before anybody acted on it."""

from dataclasses import dataclass

from training.bundle import PolicyBundle
from training.bundle_json import Bundle
from training.constant import ConstantBundle
from training.dataset import TimeSplit
from training.judging import Judged
from training.learning import Learned
from training.promotion import Verdict


@dataclass(frozen=True, slots=True)
class Candidate:
    """A bundle learned and judged, before anybody acted on it.

    Parameters: `learned`, how it came to be; None where somebody else's estimator is in it; `champion`, which it was
    judged beside, None where nothing serves yet; `warnings` of the log that it learned from.
    """

    learned: Learned | None
    bundle: PolicyBundle
    constant: ConstantBundle
    split: TimeSplit
    judged: Judged
    verdict: Verdict
    champion: Bundle | None = None
    warnings: tuple[str, ...] = ()
