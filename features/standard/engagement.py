"""How a customer answers what is sent to them, channel by channel (standard e-mail and mobile events)."""

from features.feature import Feature
from features.primitives_time import LastAt
from features.standard.probes import SCREEN, track
from features.standard.stating import Shelf

_MEETS = Shelf("engagement", "marketing")
_OPENED, _CLICKED = track("Email Opened"), track("Email Link Clicked")
_UNSUBSCRIBED, _TAPPED = track("Unsubscribed"), track("Push Notification Tapped")
_APP = track("Application Opened")

ENGAGEMENT: tuple[Feature, ...] = (
    *_MEETS.fading("screens", "screens of the app seen", probe=SCREEN, over=("7d", "30d")),
    *_MEETS.one("days_since_screen", LastAt(SCREEN), "days since a screen of the app was seen"),
    *_MEETS.fading("app_opens", "openings of the app", probe=_APP, over=("30d",)),
    *_MEETS.fading("email_opens", "e-mails opened", probe=_OPENED, over=("7d", "30d", "90d")),
    *_MEETS.fading("email_clicks", "clicks in e-mails", probe=_CLICKED, over=("30d", "90d")),
    *_MEETS.one("days_since_email_open", LastAt(_OPENED), "days since an e-mail was opened"),
    *_MEETS.one("days_since_unsubscribe", LastAt(_UNSUBSCRIBED), "days since they unsubscribed"),
    *_MEETS.fading("push_taps", "push notifications tapped", probe=_TAPPED, over=("30d",)),
)
