"""What the privacy routes need, in one place."""

from dataclasses import dataclass

from features.hold import HoldBook
from features.privacy.access import AccessBook
from features.privacy.erasure import ErasureBook
from features.privacy.objection import ObjectionBook
from features.privacy.sweep import Sweeper


@dataclass(frozen=True, slots=True)
class PrivacyDesk:
    """The parts that erase, sweep and gather for one home."""

    erasures: ErasureBook
    sweeper: Sweeper
    access: AccessBook
    objections: ObjectionBook
    holds: HoldBook
