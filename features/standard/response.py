"""What a customer did with what we showed: every answer, and silence."""

from features.feature import Feature
from features.primitives import DAY_US
from features.primitives_response import Unanswered
from features.primitives_time import LastAt
from features.standard.probes import ACCEPT, ANSWER, CLICK, IMPRESSION, REJECT, outcome
from features.standard.stating import Shelf

_ANSWERS = Shelf("response", "marketing")
_DISMISSED = outcome("dismiss")

RESPONSE: tuple[Feature, ...] = (
    *_ANSWERS.fading("impressions", "treatments shown", probe=IMPRESSION, over=("1d", "7d", "30d", "90d")),
    *_ANSWERS.one("days_since_impression", LastAt(IMPRESSION), "days since something was shown"),
    *_ANSWERS.fading("clicks", "clicks on what was shown", probe=CLICK, over=("7d", "30d", "90d")),
    *_ANSWERS.one("days_since_click", LastAt(CLICK), "days since a click on what was shown"),
    *_ANSWERS.fading("accepts", "offers accepted", probe=ACCEPT, over=("30d", "365d")),
    *_ANSWERS.one("days_since_accept", LastAt(ACCEPT), "days since an offer was accepted"),
    *_ANSWERS.fading("rejects", "offers rejected", probe=REJECT, over=("30d", "90d")),
    *_ANSWERS.one("days_since_reject", LastAt(REJECT), "days since an offer was rejected"),
    *_ANSWERS.fading("dismissals", "treatments dismissed", probe=_DISMISSED, over=("7d", "30d")),
    *_ANSWERS.one("days_since_dismissal", LastAt(_DISMISSED), "days since a treatment was dismissed"),
    *_ANSWERS.one(
        "no_response",
        Unanswered(IMPRESSION, ANSWER, 14 * DAY_US),
        "1 where what was shown last stayed unanswered for 14 days",
    ),
)
