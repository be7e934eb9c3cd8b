"""How a text sounds: VADER, a lexicon with rules for negation and emphasis; it knows English only.

C. Hutto and E. Gilbert: VADER: A Parsimonious Rule-based Model for Sentiment Analysis of Social Media Text, ICWSM 2014.
A text of another language finds few of its words in the lexicon and sounds neutral.
"""

from functools import cache
from typing import Any

MAX_CHARACTERS = 2_000
"""What is read of a text, from its beginning."""


def sentiment_of(text: str) -> float:
    """From −1 (very negative) to 1 (very positive); NaN of a text without letters.

    >>> sentiment_of("Thank you, that was a great help!") > 0.5
    True
    >>> sentiment_of("I am not happy, it is still broken.") < -0.5
    True
    >>> sentiment_of("?!")
    nan
    """
    if not any(character.isalpha() for character in text[:MAX_CHARACTERS]):
        return float("nan")
    return float(_analyzer().polarity_scores(text[:MAX_CHARACTERS])["compound"])


@cache
def _analyzer() -> Any:
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer  # type: ignore[import-untyped]

    return SentimentIntensityAnalyzer()
