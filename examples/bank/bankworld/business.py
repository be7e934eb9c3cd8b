"""What the bank can do: its products, actions and channels, with their money."""

from dataclasses import dataclass

import numpy as np

CURRENCY = "EUR"
ORDER = "Order Completed"


@dataclass(frozen=True, slots=True)
class Deed:
    """One action: its name, the event of its own outcome, and what that outcome earns on average, in euros.

    Parameters: `revenue_ratio`, an order's revenue over its margin; `lasting`, whether it can be had once only.
    """

    name: str
    event: str
    margin: float
    revenue_ratio: float = 0.0
    lasting: bool = True


DEEDS: tuple[Deed, ...] = (
    Deed("savings_plan", ORDER, 20.0, 3.0),
    Deed("credit_card", ORDER, 26.0, 1.5),
    Deed("personal_loan", ORDER, 32.0, 2.5),
    Deed("mortgage_talk", ORDER, 45.0, 2.0),
    Deed("travel_insurance", ORDER, 18.0, 2.0),
    Deed("home_insurance", ORDER, 22.0, 2.5),
    Deed("investment_fund", ORDER, 40.0, 2.0),
    Deed("overdraft_raise", ORDER, 16.0, 1.2),
    Deed("app_activation", "App Activated", 12.0),
    Deed("ticket_callback", "Ticket Solved", 16.0, lasting=False),
    Deed("paperless", "Statement Digitized", 9.0),
    Deed("fee_waiver", "Salary Routed", 20.0),
    Deed("loyalty_bonus", "Contract Renewed", 24.0, lasting=False),
)
ACTIONS: tuple[str, ...] = tuple(deed.name for deed in DEEDS)
INDEX: dict[str, int] = {name: index for index, name in enumerate(ACTIONS)}
PRODUCTS: tuple[str, ...] = tuple(deed.name for deed in DEEDS if deed.event == ORDER)
OFFERS = np.array([deed.event == ORDER for deed in DEEDS])
MARGINS = np.array([deed.margin for deed in DEEDS])


@dataclass(frozen=True, slots=True)
class Way:
    """One channel: its placement, the treatment it shows, what one contact costs, and how often it is really shown.

    Parameters: `reported`, whether it reports its impressions.
    """

    channel: str
    placement: str
    treatment: str
    cost: float
    reach: float
    reported: bool = True


WAYS: tuple[Way, ...] = (
    Way("web", "web_home", "banner", 0.0, 0.95),
    Way("app", "app_home", "card", 0.0, 0.95),
    Way("email", "email_slot", "mail", 0.02, 1.0, reported=False),
    Way("call_centre", "call_desk", "call", 4.0, 0.8),
)
CHANNELS: tuple[str, ...] = tuple(way.channel for way in WAYS)
WEB, APP, EMAIL, CALL = range(4)


def offered(action: str, channel: str) -> bool:
    """Whether the channel has a treatment of the action: nobody is asked inside the app to activate the app.

    >>> offered("app_activation", "app"), offered("credit_card", "app")
    (False, True)
    """
    return action in INDEX and channel in CHANNELS and (action, channel) != ("app_activation", "app")
