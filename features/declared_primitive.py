"""How each primitive is declared in `features.yaml`: its own options, and what they build."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from features.declaration import Declaration
from features.primitives import DAY_US, SECOND_US, Primitive
from features.primitives_age import Age
from features.primitives_count import Count, OpenCount
from features.primitives_decay import DecayedSum
from features.primitives_distinct import Distinct
from features.primitives_mean import Mean, Share, Trend
from features.primitives_pace import Gap, OpenTime
from features.primitives_response import Unanswered
from features.primitives_time import FirstAt, LastAt
from features.primitives_value import LastValue
from features.primitives_visit import ACTIVITY, NEVER, Visit
from features.readings import VALUE_READINGS
from features.segment import STANDING
from features.selector import MONEY, Probe, Selector
from features.standard.probes import ANSWER, IMPRESSION

VISIT_VIEW = "visit"
"""The view of everything that is told of the current visit."""


def _on(entry: Declaration) -> Probe:
    return Probe(entry.selector())


def _property(entry: Declaration) -> Probe:
    return _reading(entry, entry.selector(), entry.text("property"))


def _reading(entry: Declaration, selector: Selector, reads: str) -> Probe:
    """A property as it is, or as a reading makes a number of it."""
    via = entry.choice("reading", VALUE_READINGS, "") if "reading" in entry.options else ""
    one_of = entry.words("one_of")
    if via and one_of:
        entry.fail("a category is read as it is; leave out `reading`", entry.options["reading"])
    return Probe(selector, reads=reads, one_of=one_of, via=via)


def _number(entry: Declaration) -> Probe:
    probe = _property(entry)
    return Probe(probe.selector, reads=probe.reads, required=True, via=probe.via)


def _half_life_us(entry: Declaration) -> float:
    if "half_life_minutes" in entry.options:
        return entry.positive("half_life_minutes") * 60 * SECOND_US
    return entry.positive("half_life_days") * DAY_US


def _amount(entry: Declaration) -> Probe:
    amount = entry.text("amount", "")
    return Probe(entry.selector(), reads=amount, required=bool(amount), currency=MONEY if amount else "")


def _decayed_sum(entry: Declaration) -> Primitive:
    return DecayedSum(_amount(entry), _half_life_us(entry))


def _share(entry: Declaration) -> Primitive:
    meant = entry.need("of")
    if not isinstance(meant.value, str | bool):
        entry.fail(f"of must be a word or a truth value, given {meant.plain()!r}", meant)
    word = str(meant.value).lower() if isinstance(meant.value, bool) else meant.value
    return Share(Probe(entry.selector(), reads=entry.text("property"), one_of=(word,)), 0.0, _half_life_us(entry))


def _opened_and_closed(entry: Declaration) -> tuple[Probe, Probe]:
    return Probe(entry.selector("opened")), Probe(entry.selector("closed"))


def _unanswered(entry: Declaration) -> Primitive:
    if "opened" in entry.options or "closed" in entry.options:
        shown, answered = _opened_and_closed(entry)
    else:
        shown, answered = (
            Probe(Selector(probe.selector.types, probe.selector.names, entry.where())) for probe in (IMPRESSION, ANSWER)
        )
    return Unanswered(shown, answered, entry.positive("window_days") * DAY_US)


def _visit(entry: Declaration) -> Primitive:
    if entry.word("view") != VISIT_VIEW:
        entry.fail(f"what is told of the current visit is of the view {VISIT_VIEW!r}", entry.options["view"])
    probe = _amount(entry)
    if strangers := set(probe.selector.types) - set(ACTIVITY.selector.types):
        allowed = ", ".join(ACTIVITY.selector.types)
        entry.fail(f"a visit is made of {allowed}; given {', '.join(sorted(strangers))}", entry.options["on"])
    if standing := [name for name in probe.selector.names if name in STANDING]:
        entry.fail(f"a visit is made of what a customer does; {standing[0]!r} is none of it", entry.options["on"])
    probe = replace(probe, selector=replace(probe.selector, besides=STANDING))
    return Visit(probe, Probe(entry.selector("reset")) if "reset" in entry.options else NEVER)


def _distinct(entry: Declaration) -> Primitive:
    return Distinct(Probe(entry.selector(), reads=entry.text("property"), required=True, via="bucket"))


def _trait(entry: Declaration) -> Primitive:
    probe = _reading(entry, Selector(("identify",)), entry.text("trait"))
    return LastValue(probe)


def _age(entry: Declaration) -> Primitive:
    return Age(Probe(Selector(("identify",)), reads=entry.text("trait"), via="day"))


_FACTS, _HALF_LIFE = ("on", "where"), ("half_life_days", "half_life_minutes")
PRIMITIVES: Mapping[str, tuple[tuple[str, ...], Callable[[Declaration], Primitive]]] = {
    "count": (_FACTS, lambda entry: Count(_on(entry))),
    "decayed_sum": ((*_FACTS, "amount", *_HALF_LIFE), _decayed_sum),
    "last_at": (_FACTS, lambda entry: LastAt(_on(entry))),
    "last_moment": (_FACTS, lambda entry: LastValue(Probe(entry.selector(), via="occurred"))),
    "first_at": (_FACTS, lambda entry: FirstAt(_on(entry))),
    "last_value": ((*_FACTS, "property", "reading"), lambda entry: LastValue(_property(entry))),
    "mean": ((*_FACTS, "property", "reading"), lambda entry: Mean(_number(entry))),
    "trend": ((*_FACTS, "property", "reading"), lambda entry: Trend(_number(entry))),
    "share": ((*_FACTS, "property", "of", *_HALF_LIFE), _share),
    "distinct": ((*_FACTS, "property"), _distinct),
    "gap": (_FACTS, lambda entry: Gap(_on(entry))),
    "trait": (("trait", "reading"), _trait),
    "age": (("trait",), _age),
    "open_count": (("opened", "closed", "where"), lambda entry: OpenCount(*_opened_and_closed(entry))),
    "open_time": (("opened", "closed", "where"), lambda entry: OpenTime(*_opened_and_closed(entry))),
    "unanswered": (("opened", "closed", "where", "window_days"), _unanswered),
    "visit": ((*_FACTS, "amount", "reset"), _visit),
}
"""Each primitive's own options, and how it is built from an entry."""
