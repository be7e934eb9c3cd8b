"""A process that takes events and outcomes into a ledger, and says aloud what is acknowledged, until it is killed.

Run as `python acknowledging.py LEDGER NAME THREADS REQUESTS`: it prints the id of each thing taken in after its
acknowledgement, one a line. Ids begin with NAME; each thread makes at most REQUESTS of them, events and outcomes in
turn.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

from ledger_builders import NOW, a_catalog, a_decision, an_event, an_outcome, at

from decisioning.customer import CustomerReference
from decisioning.outcome import Outcome
from features.decision_book import DecisionBook
from features.intake import Intake
from features.ledger import Ledger
from features.outcomes import OutcomeBook


def ids(name: str, n_threads: int, n_requests: int) -> Iterator[str]:
    """Every id that a process of this name may acknowledge."""
    yield f"{name}.d"
    for thread in range(n_threads):
        yield from (f"{name}.{thread}.{n}" for n in range(n_requests))


def outcome(name: str, decision: str) -> Outcome:
    return an_outcome(outcome_id=name, decision_id=decision, type="accept", occurred_at=at(30))


def event(name: str, user: str) -> dict[str, object]:
    return an_event(name, userId=user)


def main(path: str, name: str, n_threads: str, n_requests: str) -> None:
    with Ledger(Path(path)) as ledger:
        reference = CustomerReference("user_id", f"u-{name}")
        decision = a_decision(reference=reference, decision_id=f"{name}.d", request_id=f"{name}.r", decided_at=NOW)
        DecisionBook(ledger, a_catalog()).record(decision).result()
        acknowledge(f"{name}.d")
        threads = [Thread(target=take, args=(ledger, name, n, int(n_requests))) for n in range(int(n_threads))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def take(ledger: Ledger, name: str, thread: int, n_requests: int) -> None:
    intake, outcomes = Intake(ledger), OutcomeBook(ledger)
    for n in range(n_requests):
        this = f"{name}.{thread}.{n}"
        if n % 2:
            receipt = outcomes.accept([outcome(this, f"{name}.d")], received_at=at(60))
        else:
            receipt = intake.accept([event(this, f"u-{name}")], received_at=NOW)
        assert receipt.accepted == 1
        acknowledge(this)
    intake.close()


def acknowledge(name: str) -> None:
    os.write(1, f"{name}\n".encode())


if __name__ == "__main__":
    main(*sys.argv[1:])
