"""What each kind of row says: the name and the properties (or traits) of its Segment event."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bankworld.business import ACTIONS, CHANNELS, CURRENCY, DEEDS, INDEX, ORDER, PRODUCTS
from bankworld.contract import NOTICE_DAYS, PURPOSE_CHANNELS
from bankworld.identifier import email, first_name, last_name, misspelt, phone
from bankworld.people import CITIES, EMPLOYMENTS, HOUSING, SEGMENTS, People
from bankworld.row import Kind
from bankworld.service import SEVERITIES, TOPICS, Tickets
from bankworld.visit import PAGES

Body = dict[str, Any]
Said = tuple[str, str, Body]
"""Segment type, name ("" where the type has none), properties or traits."""


@dataclass(frozen=True, slots=True)
class Wording:
    """Turns (person, a, b) of a row into what its event says."""

    people: People
    tickets: Tickets

    def sayings(self) -> dict[int, Callable[[int, int, int], Said]]:
        """How each kind is said."""
        return {
            Kind.IMPORTED_PROFILE: lambda person, _a, _b: ("identify", "", self.profile(person, 0)),
            Kind.PROFILE: lambda person, a, _b: ("identify", "", self.profile(person, a)),
            Kind.LOGIN: lambda person, a, _b: ("identify", "", login(person, a)),
            Kind.ALIAS: lambda _person, _a, _b: ("alias", "", {}),
            Kind.SECOND_ID: lambda person, a, _b: ("identify", "", second(person, a)),
            Kind.IMPORTED_HOLDING: lambda person, a, _b: achieved(a, f"i-{person}-{a}", 0.0, imported=True),
            Kind.BOUGHT: lambda person, a, b: achieved(a, f"h-{person}-{a}", DEEDS[a].margin * (0.7 + 0.6 * b / 2**31)),
            Kind.ACCOUNT_OPENED: lambda _person, _a, _b: ("track", "Account Opened", {"product": "current_account"}),
            Kind.ACCOUNT_CLOSED: lambda _person, _a, _b: ("track", "Account Closed", {"product": "current_account"}),
            Kind.PAGE: lambda _person, a, _b: ("page", PAGES[a], {}),
            Kind.SCREEN: lambda _person, a, _b: ("screen", PAGES[a], {}),
            Kind.PRODUCT_VIEWED: lambda _person, a, _b: ("track", "Product Viewed", {"product": PRODUCTS[a]}),
            Kind.PRODUCT_ADDED: lambda _person, a, _b: ("track", "Product Added", {"product": PRODUCTS[a]}),
            Kind.PRODUCTS_SEARCHED: lambda _person, a, _b: ("track", "Products Searched", {"query": searched(a)}),
            Kind.TICKET_OPENED: lambda _person, a, _b: ("track", "Ticket Opened", self.ticket(a)),
            Kind.TICKET_SOLVED: lambda _person, a, _b: ("track", "Ticket Solved", self.solved(a, "back_office", 0.0)),
            Kind.SURVEY: lambda _person, a, _b: ("track", "Survey Answered", {"nps": a}),
            Kind.SALES_STARTED: lambda _person, a, _b: ("track", "Sales Contact Started", {"contact_id": f"s-{a}"}),
            Kind.SALES_ENDED: lambda _person, a, _b: ("track", "Sales Contact Ended", {"contact_id": f"s-{a}"}),
            Kind.CONSENT: lambda _person, a, b: ("track", "Consent Updated", consent(a, b)),
            Kind.CONTRACT_EXPIRING: lambda _person, a, _b: ("track", "Contract Expiring", expiring(a)),
            Kind.CONTRACT_RENEWED: lambda _person, a, _b: (
                "track",
                "Contract Renewed",
                renewed(a, DEEDS[INDEX["loyalty_bonus"]].margin),
            ),
        }

    def profile(self, person: int, style: int) -> Body:
        """What the bank's own systems know; `style` 0 is the clean import, others write the phone as they like."""
        people = self.people
        age, income = int(people.age[person]), float(people.income[person])
        traits: Body = {
            "firstName": first_name(person),
            "lastName": last_name(person),
            "email": email(person),
            "email_verified": True,
            "phone": phone(person, style),
            "age": age,
            "segment": SEGMENTS[people.segment[person]],
            "employment": EMPLOYMENTS[people.employment[person]],
            "housing": HOUSING[int(people.owner[person])],
            "city": CITIES[people.city[person]],
            "children": int(people.children[person]),
            "trips_per_year": int(people.trips[person]),
            "balance": float(people.balance[person]),
        }
        if person % 13:
            traits["income"] = income
        if people.preferred[person] >= 0:
            traits["preferred_channel"] = CHANNELS[people.preferred[person]]
        return traits

    def ticket(self, number: int) -> Body:
        """The ticket's own properties; those who count it need them at its opening and its solution."""
        severity = SEVERITIES[int(self.tickets.serious[number])]
        return {"ticket_id": f"t-{number}", "severity": severity, "topic": TOPICS[self.tickets.topic[number]]}

    def solved(self, number: int, by: str, margin: float) -> Body:
        """The solution: by the care team it keeps money, by the back office it comes too late to."""
        return {**self.ticket(number), "by": by, "margin": round(margin, 2), "currency": CURRENCY}


def achieved(action: int, order_id: str, margin: float, *, imported: bool = False) -> Said:
    """The event of an action's own outcome: an order, or what the action aims at."""
    deed = DEEDS[action]
    body: Body = {"margin": round(margin, 2), "currency": CURRENCY}
    if deed.event == ORDER:
        revenue = (margin or deed.margin) * deed.revenue_ratio
        body = {"order_id": order_id, "product": ACTIONS[action], "revenue": round(revenue, 2)} | body
    return "track", deed.event, body | {"imported": True} if imported else body


def login(person: int, style: int) -> Body:
    """What people type when they sign in on a device: sometimes nothing more, sometimes with mistakes."""
    if style % 5 < 2:
        return {}
    mail = email(person)
    typed = misspelt(mail, style % 11) if style % 16 == 0 else mail
    traits: Body = {"email": typed, "email_verified": False, "firstName": first_name(person)}
    if style % 7 == 0:
        traits |= {"phone": phone(person, style), "lastName": misspelt(last_name(person), style)}
    return traits


def second(person: int, by_phone: int) -> Body:
    """The profile of a second account: the same verified e-mail, or a misspelt one and the same phone."""
    if by_phone:
        return {"firstName": first_name(person), "email": misspelt(email(person), 3), "phone": phone(person, 2)}
    return {"lastName": last_name(person), "email": email(person).upper(), "email_verified": True}


def searched(product: int) -> str:
    """What is typed to find a product."""
    return PRODUCTS[product].replace("_", " ")


def consent(channel: int, granted: int) -> Body:
    """An answer about marketing in a channel."""
    return {"purpose": "marketing", "channel": PURPOSE_CHANNELS[channel], "granted": bool(granted)}


def expiring(contract: int) -> Body:
    """The notice before a contract ends."""
    return {"contract_id": f"k-{contract}", "days_left": int(NOTICE_DAYS)}


def renewed(contract: int, margin: float) -> Body:
    """The renewal of a contract."""
    return {"contract_id": f"k-{contract}", "margin": round(margin, 2), "currency": CURRENCY}
