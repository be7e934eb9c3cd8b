"""The account's yearly rhythm: half-yearly contracts with a notice before they end, and what people allow."""

from dataclasses import dataclass

import numpy as np

from bankworld.chance import stream
from bankworld.people import Flags, Floats, Ints, People
from bankworld.spans import Spans
from bankworld.timeline import DAYS, HISTORY_DAYS

TERM_DAYS = 182.0
NOTICE_DAYS = 50.0


@dataclass(frozen=True, slots=True)
class Contracts:
    """Notice periods sorted by (person, begin), and on which day of the history each was renewed (inf: not)."""

    spans: Spans
    renewed: Floats


def draw_contracts(people: People, seed: int) -> Contracts:
    """Draw every notice period of the year and the renewals of the history."""
    rng = stream(seed, "contracts")
    first_end = np.where(people.opened > 0, people.opened + TERM_DAYS, rng.uniform(0, TERM_DAYS, len(people)))
    person = np.repeat(np.arange(len(people)), 3)
    end = (first_end[:, None] + TERM_DAYS * np.arange(3)).ravel()
    keep = np.isfinite(end) & (end - NOTICE_DAYS < DAYS) & (end > 1)
    spans, _ = Spans.of(person[keep], np.maximum(end[keep] - NOTICE_DAYS, 0.2), end[keep])
    return Contracts(spans, _renewals(rng, people, spans))


def _renewals(rng: np.random.Generator, people: People, spans: Spans) -> Floats:
    wants = rng.random(len(spans)) < np.where(people.mood[spans.owner] > 0, 0.35, 0.12)
    day = spans.begin + rng.random(len(spans)) * (spans.end - spans.begin)
    return np.where(wants & (day < HISTORY_DAYS), day, np.inf)


PURPOSE_CHANNELS = ("", "email", "call_centre")


@dataclass(frozen=True, slots=True)
class Consents:
    """Answers about marketing; `channel` indexes `PURPOSE_CHANNELS` ("" covers all)."""

    person: Ints
    day: Floats
    channel: Ints
    granted: Flags


def draw_consents(people: People, seed: int) -> Consents:
    """Draw first answers at the opening of the account, and later changes of mind."""
    rng = stream(seed, "consents")
    n = len(people)
    everyone, first_day = np.arange(n), np.maximum(people.opened, 0) + 0.02
    mail = rng.random(n) < 0.9
    refuses_calls, refuses_all = rng.random(n) < 0.07, rng.random(n) < 0.02
    changes, change_day = rng.random(n) < 0.08, first_day + rng.uniform(10, DAYS, n)
    groups = [(everyone, 1, mail, first_day), (everyone[changes], 1, ~mail, change_day)]
    groups += [
        (everyone[refuses_calls], 2, mail & False, first_day),
        (everyone[refuses_all], 0, mail & False, first_day),
    ]
    person = np.concatenate([who for who, _, _, _ in groups])
    channel = np.concatenate([np.full(len(who), code) for who, code, _, _ in groups])
    granted = np.concatenate([answer[who] for who, _, answer, _ in groups])
    day = np.concatenate([when[who] for who, _, _, when in groups])
    return Consents(person, day, channel, granted)
