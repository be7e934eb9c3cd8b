"""Visits: out of interest in a product, or just because; on some device, logged in or not."""

import numpy as np

from bankworld.business import PRODUCTS
from bankworld.chance import stream
from bankworld.identifier import Devices
from bankworld.interest import Interest
from bankworld.people import Flags, Floats, Ints, People
from bankworld.row import Kind, Rows, rows
from bankworld.timeline import DAYS

PAGES = ("Home", "Products", "Rates", "Help", "Branches", "Account", "Close Account")
CLOSE_ACCOUNT = PAGES.index("Close Account")
VIEWS_AFTER_FIRST = 3.3
IDLE_VISITS_PER_YEAR = 7.0
_SECOND = 1 / 86_400
Looks = tuple[Ints, Floats, Ints, Flags]
"""Of each visit: the person, the day, the product looked at (-1: none), whether out of interest."""


def draw_visits(people: People, interest: Interest, devices: Devices, first_app: Ints, seed: int) -> list[Rows]:
    """Every visit of the year as rows of pages, screens, views, searches and carts.

    Parameters: `first_app` (n_customers,), whether the person had the app on the first day (screens instead of pages).
    """
    rng = stream(seed, "visits")
    person, day, product = _interested(rng, interest)
    idle_person, idle_day = _idle(rng, people)
    idle_product = np.where(rng.random(len(idle_person)) < 0.45, rng.integers(0, len(PRODUCTS), len(idle_person)), -1)
    person, day = np.concatenate([person, idle_person]), np.concatenate([day, idle_day])
    wanted = np.concatenate([np.ones(len(product), dtype=bool), np.zeros(len(idle_person), dtype=bool)])
    product = np.concatenate([product, idle_product])
    keep = (day < DAYS) & ~_faded(rng, people, person, day)
    person, day, product, wanted = person[keep], day[keep], product[keep], wanted[keep]
    device, user = _sign_in(rng, devices, person, day)
    app = (first_app[person] == 1) & (rng.random(len(person)) < 0.45) & (user >= 0)
    return [*_visit_rows(rng, (person, day, product, wanted), (device, user), app), *_farewells(rng, people, devices)]


def _interested(rng: np.random.Generator, interest: Interest) -> tuple[Ints, Floats, Ints]:
    spans = interest.spans
    episode = np.repeat(np.arange(len(spans)), 1 + rng.poisson(VIEWS_AFTER_FIRST, len(spans)))
    is_first = np.diff(episode, prepend=-1) > 0
    into = np.where(is_first, 0.0, rng.random(len(episode)) ** 1.3 * 0.9)
    day = spans.begin[episode] + into * (spans.end - spans.begin)[episode]
    return interest.person[episode], day, interest.product[episode]


def _idle(rng: np.random.Generator, people: People) -> tuple[Ints, Floats]:
    seen = np.maximum(DAYS - people.seen_from, 0)
    person = np.repeat(np.arange(len(people)), rng.poisson(IDLE_VISITS_PER_YEAR * people.activity * seen / DAYS))
    return person, people.seen_from[person] + rng.random(len(person)) * seen[person]


def _faded(rng: np.random.Generator, people: People, person: Ints, day: Floats) -> Flags:
    leaving = day > people.closed[person] - 40
    faded: Flags = leaving & (rng.random(len(person)) < 0.6)
    return faded


def _sign_in(rng: np.random.Generator, devices: Devices, person: Ints, day: Floats) -> tuple[Ints, Ints]:
    ordinal = np.floor(rng.random(len(person)) ** 1.8 * devices.count()[person]).astype(np.int64)
    device = devices.first[person] + ordinal
    device = np.where(devices.since[device] <= day, device, devices.first[person])
    logged_in = (devices.linked[device] <= day) & (rng.random(len(person)) < 0.6)
    return device, np.where(logged_in, 0, -1)


def _visit_rows(rng: np.random.Generator, what: Looks, who: tuple[Ints, Ints], app: Flags) -> list[Rows]:
    person, day, product, wanted = what
    n, looks = len(person), product >= 0
    arrives = ~looks | (rng.random(n) < 0.4)
    page = rows(np.where(app, Kind.SCREEN, Kind.PAGE), day, person, user=who[1], device=who[0], a=rng.integers(0, 6, n))
    every = rows(Kind.PRODUCT_VIEWED, day + 30 * _SECOND, person, user=who[1], device=who[0], a=product)
    search = rows(Kind.PRODUCTS_SEARCHED, day + 10 * _SECOND, person, user=who[1], device=who[0], a=product)
    cart = rows(Kind.PRODUCT_ADDED, day + 90 * _SECOND, person, user=who[1], device=who[0], a=product)
    searches, adds = looks & (rng.random(n) < 0.12), wanted & (rng.random(n) < 0.07)
    return [page.where(arrives), search.where(searches), every.where(looks), cart.where(adds)]


def _farewells(rng: np.random.Generator, people: People, devices: Devices) -> list[Rows]:
    n = len(people)
    leaving = np.isfinite(people.closed) & (rng.random(n) < 0.6)
    day = np.where(leaving, people.closed - rng.uniform(2, 25, n), rng.uniform(0, DAYS, n))
    person = np.flatnonzero(leaving | (rng.random(n) < 0.02))
    device, user = _sign_in(rng, devices, person, day[person])
    return [rows(Kind.PAGE, day[person], person, user=user, device=device, a=CLOSE_ACCOUNT)]
