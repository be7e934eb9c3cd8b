"""What a customer buys: how lately, how often, for how much."""

from features.feature import Feature
from features.primitives_count import Count
from features.primitives_mean import Mean, Share, Trend
from features.primitives_pace import Gap
from features.primitives_time import FirstAt, LastAt
from features.primitives_value import LastValue
from features.standard.probes import CHECKOUT, MARGIN, ORDER, REVENUE, track
from features.standard.stating import HALF_LIVES, Shelf

_BUYS = Shelf("commerce", "commerce")
_COUPON = track("Order Completed", reads="coupon", via="present")
_REFUND, _CANCELLED = track("Order Refunded"), track("Order Cancelled")

COMMERCE: tuple[Feature, ...] = (
    *_BUYS.one("orders", Count(ORDER), "orders ever completed"),
    *_BUYS.fading("orders", "orders completed", probe=ORDER, over=("7d", "30d", "90d", "365d")),
    *_BUYS.fading("revenue", "revenue of orders", probe=REVENUE, over=("7d", "30d", "90d", "365d")),
    *_BUYS.fading("margin", "margin of orders", probe=MARGIN, over=("365d",)),
    *_BUYS.one("days_since_order", LastAt(ORDER), "days since the last order"),
    *_BUYS.one("days_since_first_order", FirstAt(ORDER), "days since the first order"),
    *_BUYS.one("order_gap_days", Gap(ORDER), "mean days from one order to the next"),
    *_BUYS.one("last_order_revenue", LastValue(REVENUE), "revenue of the last order"),
    *_BUYS.one("order_revenue_mean", Mean(REVENUE), "mean revenue of an order"),
    *_BUYS.one("order_revenue_trend", Trend(REVENUE), "revenue of the last order less the mean of all others"),
    *_BUYS.one(
        "coupon_share",
        Share(_COUPON, 1.0, HALF_LIVES["365d"]),
        "share of orders with a coupon, of those that say; each counts half after a year",
    ),
    *_BUYS.one("days_since_checkout", LastAt(CHECKOUT), "days since a checkout was begun"),
    *_BUYS.fading("refunds", "orders refunded", probe=_REFUND, over=("365d",)),
    *_BUYS.fading("cancellations", "orders cancelled", probe=_CANCELLED, over=("365d",)),
)
