"""What is found: what, where, how much, beside what, and what to do about it."""

from dataclasses import dataclass
from typing import Literal

Remedy = Literal["retrain", "look"]
"""Whether a retraining answers it, or a person has to look first: a model learns nothing good from broken data."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing worth a word, in plain words."""

    what: str
    where: str
    how_much: str
    reference: str
    remedy: Remedy
    advice: str

    @property
    def subject(self) -> tuple[str, str]:
        """What moved, however far: two looks that find the same have the same."""
        return self.what, self.where

    def __str__(self) -> str:
        return f"{self.what}, {self.where}: {self.how_much}; {self.reference}. {self.advice}"


RETRAIN = "Retrain: `tsugi retrain --if-needed` does."
SOURCE = "Look at the source with `tsugi quality` before anything learns from it."
