"""What a customer does: visits, looks, searches, fills a cart; in this visit, lately, and at which time of the day."""

from features.feature import Feature
from features.primitives_distinct import Distinct
from features.primitives_mean import Share
from features.primitives_response import Unanswered
from features.primitives_time import FirstAt, LastAt
from features.primitives_visit import Visit
from features.readings import DAYPARTS
from features.selector import Probe
from features.standard.probes import (
    ACTIVITY,
    ANYTHING,
    CART,
    CHECKOUT,
    LIST_VIEW,
    ORDER,
    PAGE,
    PRODUCT_VIEW,
    SEARCH,
    WISH,
    money,
    track,
)
from features.standard.stating import HALF_LIVES, Shelf

_DOES, _NOW = Shelf("behaviour", "digital"), Shelf("visit", "digital")
_PRODUCT, _CATEGORY = (track("Product Viewed", reads=name, via="bucket") for name in ("product_id", "category"))
_CHANNEL = Probe(ACTIVITY.selector, reads="channel", via="bucket", required=True)
_DAYPART = Probe(ACTIVITY.selector, via="daypart")
_CART = ("Product Added", "Product Removed", "Order Completed")
_CART_ITEMS, _CART_VALUE = track(*_CART, via="cart_quantity"), money(*_CART, via="cart_amount")
_CLOCK = "share of all acts, by the clock of their time zone where their events name it, else UTC"


def _by_daypart() -> list[Feature]:
    return [
        feature
        for code, part in enumerate(DAYPARTS)
        for feature in _DOES.one(
            f"{part}_share",
            Share(_DAYPART, float(code), HALF_LIVES["90d"]),
            f"acts between {code * 6} and {code * 6 + 6} o'clock as a {_CLOCK}; each counts half after 90 days",
        )
    ]


BEHAVIOUR: tuple[Feature, ...] = (
    *_DOES.one("tenure_days", FirstAt(ANYTHING), "days since the first event"),
    *_DOES.one("days_since_activity", LastAt(ACTIVITY), "days since the last visit or act"),
    *_DOES.fading("activity", "visits and acts, no consents and holds", probe=ACTIVITY, over=("1d", "7d", "90d")),
    *_DOES.fading("page_views", "pages and screens seen", probe=PAGE, over=("30m", "1d", "7d", "30d")),
    *_DOES.one("days_since_page_view", LastAt(PAGE), "days since the last page or screen"),
    *_DOES.fading("product_views", "products viewed", probe=PRODUCT_VIEW, over=("30m", "1d", "7d", "30d")),
    *_DOES.one("days_since_product_view", LastAt(PRODUCT_VIEW), "days since a product was viewed"),
    *_DOES.fading("list_views", "lists of products viewed", probe=LIST_VIEW, over=("7d",)),
    *_DOES.fading("searches", "product searches", probe=SEARCH, over=("1d", "7d")),
    *_DOES.one("days_since_search", LastAt(SEARCH), "days since products were searched"),
    *_DOES.fading("cart_additions", "products put into the cart", probe=CART, over=("1d", "7d")),
    *_DOES.one("days_since_cart_addition", LastAt(CART), "days since a product was put into the cart"),
    *_DOES.fading("wishes", "products put on the wish list", probe=WISH, over=("90d",)),
    *_DOES.one(
        "cart_abandoned",
        Unanswered(CART, ORDER, HALF_LIVES["30m"]),
        "1 where what was put into the cart last was not ordered within 30 minutes, nor since",
    ),
    *_DOES.one(
        "checkout_abandoned",
        Unanswered(CHECKOUT, ORDER, HALF_LIVES["30m"]),
        "1 where the checkout begun last did not become an order within 30 minutes, nor since",
    ),
    *_DOES.one("products_viewed", Distinct(_PRODUCT), "about how many different products (`product_id`) were viewed"),
    *_DOES.one("categories_viewed", Distinct(_CATEGORY), "about how many different categories of products were viewed"),
    *_DOES.one("channels_used", Distinct(_CHANNEL), "how many different channels their events name (`channel`)"),
    *_by_daypart(),
)

VISIT: tuple[Feature, ...] = (
    *_NOW.one("visit_acts", Visit(ACTIVITY), "acts in the current visit"),
    *_NOW.one("visit_pages", Visit(PAGE), "pages and screens in the current visit"),
    *_NOW.one("visit_product_views", Visit(PRODUCT_VIEW), "products viewed in the current visit"),
    *_NOW.one("visit_searches", Visit(SEARCH), "product searches in the current visit"),
    *_NOW.one("visit_cart_items", Visit(_CART_ITEMS, ORDER), "pieces in the cart, put there in the current visit"),
    *_NOW.one("visit_cart_value", Visit(_CART_VALUE, ORDER), "what is in the cart, put there in this visit, in money"),
    *_NOW.one(
        "visit_minutes", Visit(ACTIVITY, measure="minutes"), "minutes from the first act of the visit to the last"
    ),
)
