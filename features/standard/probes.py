"""The facts that standard features look at: standard event names of the Segment spec, and our own outcomes."""

from dataclasses import replace

from decisioning.outcome import ANSWERS
from features.primitives_visit import ACTIVITY
from features.selector import MONEY, Probe, Selector

__all__ = ["ACTIVITY"]  # a visit is made of the same


def track(*names: str, reads: str = "", via: str = "", required: bool = True) -> Probe:
    """A probe of track events of these names."""
    return Probe(Selector(("track",), names), reads=reads, via=via, required=required and bool(reads or via))


def money(*names: str, reads: str = "", via: str = "") -> Probe:
    """As `track`, of amounts of money."""
    return replace(track(*names, reads=reads, via=via), currency=MONEY)


def outcome(*types: str) -> Probe:
    """A probe of outcomes of these types."""
    return Probe(Selector(("outcome",), types))


ANYTHING = Probe(Selector(("identify", "track", "page", "screen", "alias", "group")))
TRAITS = Selector(("identify",))
PAGE, SCREEN = Probe(Selector(("page", "screen"))), Probe(Selector(("screen",)))
PRODUCT_VIEW, LIST_VIEW = track("Product Viewed"), track("Product List Viewed")
CART, CHECKOUT = track("Product Added"), track("Checkout Started")
SEARCH, WISH = track("Products Searched"), track("Product Added to Wishlist")
ORDER = track("Order Completed")
REVENUE, MARGIN = (money("Order Completed", reads=name) for name in ("revenue", "margin"))
TICKET, SOLVED = track("Ticket Opened"), track("Ticket Solved")
SALES, SALES_END = track("Sales Contact Started"), track("Sales Contact Ended")
SURVEY, REVIEW = track("Survey Answered"), track("Product Reviewed")
IMPRESSION, ANSWER = outcome("impression"), outcome(*sorted(ANSWERS))
CLICK, ACCEPT, REJECT = outcome("click"), outcome("accept", "conversion"), outcome("reject")
