"""The features that every workspace has: from standard event names and from our own outcomes."""

from decisioning.outcome import ANSWERS
from features.feature import Feature
from features.primitives import DAY_US, SECOND_US, Primitive
from features.primitives_count import Count, OpenCount
from features.primitives_decay import DecayedSum
from features.primitives_response import Unanswered
from features.primitives_time import FirstAt, LastAt
from features.primitives_value import LastValue
from features.selector import Probe, Selector

HALF_LIVES = {"30m": 1800 * SECOND_US, **{f"{days}d": days * DAY_US for days in (1, 7, 30, 90, 365)}}
"""Half-lives in microseconds, by the ending of the feature's name."""

SPOKEN = {"30m": "30 minutes", "1d": "one day", "7d": "7 days", "30d": "30 days", "90d": "90 days", "365d": "a year"}


def track(*names: str, reads: str = "", required: bool = True) -> Probe:
    """A probe of track events of these names."""
    return Probe(Selector(("track",), names), reads=reads, required=required and bool(reads))


def outcome(*types: str) -> Probe:
    """A probe of outcomes of these types."""
    return Probe(Selector(("outcome",), types))


def _fading(view: str, stem: str, what: str, *, probe: Probe, over: tuple[str, ...]) -> list[Feature]:
    return [
        Feature(
            name=f"{stem}_{period}",
            view=view,
            primitive=DecayedSum(probe, HALF_LIVES[period]),
            description=f"{what}; each counts half after {SPOKEN[period]}",
        )
        for period in over
    ]


def _one(view: str, name: str, primitive: Primitive, what: str) -> list[Feature]:
    return [Feature(name=name, view=view, primitive=primitive, description=what)]


ANYTHING = Probe(Selector(("identify", "track", "page", "screen", "alias", "group")))
ACTIVITY = Probe(Selector(("track", "page", "screen")))
PAGE = Probe(Selector(("page", "screen")))
PRODUCT_VIEW = track("Product Viewed")
CART = track("Product Added")
SEARCH = track("Products Searched")
ORDER = track("Order Completed")
REVENUE, MARGIN = track("Order Completed", reads="revenue"), track("Order Completed", reads="margin")
TICKET, SOLVED = track("Ticket Opened"), track("Ticket Solved")
SALES, SALES_END = track("Sales Contact Started"), track("Sales Contact Ended")
IMPRESSION, ANSWER = outcome("impression"), outcome(*sorted(ANSWERS))

BEHAVIOUR: list[Feature] = [
    *_one("behaviour", "tenure_days", FirstAt(ANYTHING), "days since the first event"),
    *_one("behaviour", "days_since_activity", LastAt(ACTIVITY), "days since the last visit or act"),
    *_fading("behaviour", "activity", "visits and acts", probe=ACTIVITY, over=("1d", "90d")),
    *_fading("behaviour", "page_views", "pages and screens seen", probe=PAGE, over=("30m", "1d", "7d", "30d")),
    *_one("behaviour", "days_since_page_view", LastAt(PAGE), "days since the last page or screen"),
    *_fading("behaviour", "product_views", "products viewed", probe=PRODUCT_VIEW, over=("30m", "1d", "7d", "30d")),
    *_one("behaviour", "days_since_product_view", LastAt(PRODUCT_VIEW), "days since a product was viewed"),
    *_fading("behaviour", "searches", "product searches", probe=SEARCH, over=("1d", "7d")),
    *_fading("behaviour", "cart_additions", "products put into the cart", probe=CART, over=("1d", "7d")),
    *_one("behaviour", "days_since_cart_addition", LastAt(CART), "days since a product was put into the cart"),
]

COMMERCE: list[Feature] = [
    *_one("commerce", "orders", Count(ORDER), "orders ever completed"),
    *_fading("commerce", "orders", "orders completed", probe=ORDER, over=("30d", "365d")),
    *_fading("commerce", "revenue", "revenue of orders", probe=REVENUE, over=("30d", "365d")),
    *_fading("commerce", "margin", "margin of orders", probe=MARGIN, over=("365d",)),
    *_one("commerce", "days_since_order", LastAt(ORDER), "days since the last order"),
    *_one("commerce", "days_since_first_order", FirstAt(ORDER), "days since the first order"),
    *_one("commerce", "last_order_revenue", LastValue(REVENUE), "revenue of the last order"),
]

SERVICE: list[Feature] = [
    *_one("service", "open_tickets", OpenCount(TICKET, SOLVED), "service tickets not solved yet"),
    *_fading("service", "tickets", "service tickets opened", probe=TICKET, over=("30d", "365d")),
    *_one("service", "days_since_ticket", LastAt(TICKET), "days since a service ticket was opened"),
    *_one("service", "days_since_ticket_solved", LastAt(SOLVED), "days since a service ticket was solved"),
    *_one("service", "last_nps", LastValue(track("Survey Answered", reads="nps")), "last answer, 0 to 10"),
    *_one("service", "days_since_survey", LastAt(track("Survey Answered")), "days since a survey was answered"),
    *_one("service", "open_sales_contacts", OpenCount(SALES, SALES_END), "sales conversations going on"),
    *_one("service", "days_since_sales_contact", LastAt(SALES), "days since a sales conversation began"),
]

RESPONSE: list[Feature] = [
    *_fading("response", "impressions", "treatments shown", probe=IMPRESSION, over=("1d", "7d", "30d")),
    *_one("response", "days_since_impression", LastAt(IMPRESSION), "days since something was shown"),
    *_fading("response", "clicks", "clicks on what was shown", probe=outcome("click"), over=("7d", "30d")),
    *_one("response", "days_since_click", LastAt(outcome("click")), "days since a click on what was shown"),
    *_fading("response", "accepts", "offers accepted", probe=outcome("accept", "conversion"), over=("30d", "365d")),
    *_one("response", "days_since_accept", LastAt(outcome("accept", "conversion")), "days since an offer was accepted"),
    *_fading("response", "rejects", "offers rejected", probe=outcome("reject"), over=("30d", "90d")),
    *_one("response", "days_since_reject", LastAt(outcome("reject")), "days since an offer was rejected"),
    *_fading("response", "dismissals", "treatments dismissed", probe=outcome("dismiss"), over=("30d",)),
    *_one(
        "response",
        "no_response",
        Unanswered(IMPRESSION, ANSWER, 14 * DAY_US),
        "1 where what was shown last stayed unanswered for 14 days",
    ),
]

STANDARD_FEATURES: tuple[Feature, ...] = (*BEHAVIOUR, *COMMERCE, *SERVICE, *RESPONSE)
