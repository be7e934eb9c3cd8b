"""A ledger to which a test adds decisions, orders and outcomes one by one, and what learning reads of it."""

from dataclasses import replace
from datetime import timedelta

from ledger_builders import NOW, a_catalog, a_decision, an_event, an_outcome, at

from decisioning.action import Conversion
from decisioning.customer import CustomerReference
from features.decision_book import DecisionBook
from features.intake import Intake
from features.ledger import Ledger
from features.outcomes import OutcomeBook
from features.workspace import Goal, Reward
from training.decision_log import read_decision_log

DAY = 86_400
GOAL = Goal(window_days=10.0, reward_cap=100.0, rewards=(Reward(event="Order Completed", amount="margin"),))
LATER = NOW + timedelta(days=40)


def the_catalog():
    plain = a_catalog()
    sold = {name: Conversion("Order Completed", {"product": name}) for name in plain.actions}
    actions = {
        name: replace(action, conversion=sold[name], window=timedelta(days=5), treatments=priced(action))
        for name, action in plain.actions.items()
    }
    return replace(plain, actions=actions)


def priced(action):
    return tuple(replace(treatment, cost=0.5) for treatment in action.treatments)


CATALOG = the_catalog()


class Log:
    """A ledger to which decisions, orders and outcomes are added one by one."""

    def __init__(self, path):
        self.ledger = Ledger(path)
        self.book, self.intake, self.outcomes = (
            DecisionBook(self.ledger, CATALOG),
            Intake(self.ledger),
            OutcomeBook(self.ledger),
        )

    def close(self):
        self.intake.close()
        self.ledger.close()

    def decide(self, name="1", *, seconds=0, user="u-1", **changes):
        reference = CustomerReference("user_id", user)
        self.book.record_many([a_decision(name, reference=reference, decided_at=at(seconds), **changes)])

    def order(self, name, *, seconds, product="card", margin=30.0, user="u-1"):
        properties = {"product": product, "margin": margin}
        event = an_event(name, "Order Completed", timestamp=at(seconds).isoformat(), userId=user, properties=properties)
        assert self.intake.accept([event], received_at=LATER).accepted == 1

    def hear(self, name="1", *, seconds=10, **changes):
        outcome = an_outcome(name, occurred_at=at(seconds), **changes)
        assert self.outcomes.accept([outcome], received_at=LATER).accepted == 1

    def frame(self, as_of=LATER, goal=GOAL, names=("age", "segment", "income"), **bounds):
        return read_decision_log(self.ledger, CATALOG, goal, as_of=as_of, feature_names=names, **bounds)
