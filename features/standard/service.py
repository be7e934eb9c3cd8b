"""How a customer is served, and what they say of it: tickets, sales conversations, surveys, reviews."""

from features.feature import Feature
from features.primitives_count import Count, OpenCount
from features.primitives_mean import Mean, Trend
from features.primitives_pace import OpenTime
from features.primitives_time import LastAt
from features.primitives_value import LastValue
from features.standard.probes import REVIEW, SALES, SALES_END, SOLVED, SURVEY, TICKET, track
from features.standard.stating import SERVICE as TREATED
from features.standard.stating import Shelf

_CARE, _SALES = Shelf("service", "service", TREATED), Shelf("service", "sales", TREATED)
_SAYS = Shelf("voice", "service")
_NPS = track("Survey Answered", reads="nps")
_TICKET_TEXT = track("Ticket Opened", "Ticket Answered", "Ticket Solved", reads="text", via="sentiment")
_SURVEY_TEXT = track("Survey Answered", reads="text", via="sentiment")
_REVIEW_TEXT = track("Product Reviewed", reads="review_body", via="sentiment")
_RATING = track("Product Reviewed", reads="rating")
_TONE = "from -1 (very negative) to 1 (very positive); English only"

SERVICE: tuple[Feature, ...] = (
    *_CARE.one("open_tickets", OpenCount(TICKET, SOLVED), "service tickets not solved yet"),
    *_CARE.one("tickets", Count(TICKET), "service tickets ever opened"),
    *_CARE.fading("tickets", "service tickets opened", probe=TICKET, over=("30d", "365d")),
    *_CARE.one("days_since_ticket", LastAt(TICKET), "days since a service ticket was opened"),
    *_CARE.one("days_since_ticket_solved", LastAt(SOLVED), "days since a service ticket was solved"),
    *_CARE.one(
        "ticket_days_to_solve", OpenTime(TICKET, SOLVED), "mean days a ticket was open, or is open by now, unsolved"
    ),
    *_CARE.one("ticket_sentiment", LastValue(_TICKET_TEXT), f"how the last text of a ticket sounds, {_TONE}"),
    *_CARE.one("ticket_sentiment_mean", Mean(_TICKET_TEXT), f"how texts of tickets sound on the whole, {_TONE}"),
    *_CARE.one("last_nps", LastValue(track("Survey Answered", reads="nps", required=False)), "last answer, 0 to 10"),
    *_CARE.one("days_since_survey", LastAt(SURVEY), "days since a survey was answered"),
    *_SALES.one("open_sales_contacts", OpenCount(SALES, SALES_END), "sales conversations going on"),
    *_SALES.one("days_since_sales_contact", LastAt(SALES), "days since a sales conversation began"),
    *_SALES.one("days_since_sales_contact_ended", LastAt(SALES_END), "days since a sales conversation ended"),
    *_SALES.fading("sales_contacts", "sales conversations", probe=SALES, over=("365d",)),
)

VOICE: tuple[Feature, ...] = (
    *_SAYS.one("surveys", Count(SURVEY), "surveys ever answered"),
    *_SAYS.one("nps_mean", Mean(_NPS), "mean answer to how likely they recommend us, 0 to 10"),
    *_SAYS.one("nps_trend", Trend(_NPS), "the last answer less the mean of all others"),
    *_SAYS.one("survey_sentiment", LastValue(_SURVEY_TEXT), f"how the last text of a survey sounds, {_TONE}"),
    *_SAYS.one("survey_sentiment_mean", Mean(_SURVEY_TEXT), f"how texts of surveys sound on the whole, {_TONE}"),
    *_SAYS.one("last_rating", LastValue(_RATING), "the rating of the last product review"),
    *_SAYS.one("rating_mean", Mean(_RATING), "mean rating in product reviews"),
    *_SAYS.one("review_sentiment", LastValue(_REVIEW_TEXT), f"how the last product review sounds, {_TONE}"),
    *_SAYS.fading("reviews", "product reviews", probe=REVIEW, over=("365d",)),
)
