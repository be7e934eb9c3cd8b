"""Decisions that are made at once go through their stages side by side, and each is what it is alone."""

import asyncio
from dataclasses import dataclass, replace

from test_several_placements import SCORER, KeepingLog, a_desk

from builders import a_request

CALLERS = ("ada", "ben", "eve")


@dataclass
class Told:
    """A part of the service that says what it was asked before it asks another for it."""

    part: object
    name: str
    said: list

    def __getattr__(self, name):
        asked = getattr(self.part, name)
        if name != self.name:
            return asked

        def told(*arguments, **more):
            self.said.append(name)
            return asked(*arguments, **more)

        return told


def answers(n, said):
    log = KeepingLog()
    desk, ports = a_desk(log, names=("home",))
    ports = replace(ports, profiles=Told(ports.profiles, "read", said), scorer=Told(SCORER, "score", said))
    ports = replace(ports, log=Told(log, "record", said))
    desk = replace(desk, ports=lambda: ports)

    async def at_once():
        return await asyncio.gather(*[desk.answer(a_request(request_id=each), {}) for each in CALLERS[:n]])

    return asyncio.run(at_once())


def test_each_stage_is_done_for_one_after_the_other():
    said = []
    answers(3, said)
    assert said == ["read"] * 3 + ["score"] * 3 + ["record"] * 3


def test_beside_others_a_decision_is_what_it_is_alone():
    assert answers(3, [])[0] == answers(1, [])[0]
