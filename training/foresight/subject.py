"""What is foreseen: an event within a horizon, how it will turn out when it comes, or what it brings."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from features.training_section import Training
from training.labels import DAY_US

CHURN, SERVICE_NEED, SATISFACTION, VALUE = "churn", "service_need", "satisfaction", "value"


@dataclass(frozen=True, slots=True)
class Subject:
    """One thing that is foreseen of every customer.

    Parameters: `event`, a track event; `gone`, the event after whose first one nobody is asked any more; `answer`, the
    event's number that is foreseen instead of its coming: then it is asked of those alone to whom the event comes, and
    true where the number is at most `at_most`; `amount`, the event's number that is foreseen added up over the horizon,
    instead of a chance; `declared`, whether the workspace names it: what it does not is foreseen
    only where the log has such events; `currency` of the amount: an event that states another one brings nothing ("":
    any is added).
    """

    name: str
    event: str
    horizon_days: float
    gone: str = ""
    answer: str = ""
    at_most: float = 0.0
    amount: str = ""
    declared: bool = True
    currency: str = ""

    @property
    def horizon_us(self) -> int:
        """How far ahead it is foreseen."""
        return int(self.horizon_days * DAY_US)

    @property
    def number(self) -> str:
        """The number of the event that is asked for; "" where its coming alone is."""
        return self.answer or self.amount

    @property
    def words(self) -> str:
        """What is foreseen, in words."""
        if self.amount:
            return f"{self.amount} of {self.event!r} within {self.horizon_days:g} days, added up"
        asked = f"{self.answer} of at most {self.at_most:g} in the next " if self.answer else ""
        return f"{asked}{self.event!r} within {self.horizon_days:g} days"


def subjects_of(training: Training, *, currency: str) -> tuple[Subject, ...]:
    """What a workspace wants to foresee, whether or not its log has such events; `currency`, of what is spent."""
    asked = _subjects(training, currency)
    return tuple(replace(each, declared=each.name in training.model_fields_set) for each in asked)


def _subjects(training: Training, currency: str) -> Iterator[Subject]:
    churn, need, satisfaction, value = training.churn, training.service_need, training.satisfaction, training.value
    gone = churn.event if churn else ""
    if churn:
        yield Subject(CHURN, churn.event, churn.horizon_days, gone)
    if need.event:
        yield Subject(SERVICE_NEED, need.event, need.horizon_days, gone)
    if satisfaction.event:
        asked, bound = satisfaction.answer, satisfaction.at_most
        yield Subject(SATISFACTION, satisfaction.event, satisfaction.horizon_days, gone, asked, bound)
    if value.event:
        yield Subject(VALUE, value.event, value.horizon_days, gone, amount=value.amount, currency=currency)
