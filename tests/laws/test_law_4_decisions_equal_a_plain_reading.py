"""Law 4, the other way round: what decides fast decides as a plain, slow reading of the rules does, to the last bit.

The reading below knows nothing of compiled placements, shared cap keys or orders kept between ranks: it goes through
every rule for every action, and through everything left for every rank.
"""

import math
from dataclasses import replace
from datetime import time, timedelta
from random import Random
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_options import CUSTOM, is_sound, priority

from builders import NOON, a_catalog, a_customer, a_request, an_action
from decisioning.action import NO_ACTION, Treatment
from decisioning.arbitration import Factors
from decisioning.catalog import (
    Cap,
    Channel,
    ContactPolicy,
    ContextWeight,
    Exploration,
    Hold,
    HoldoutArms,
    Placement,
    QuietHours,
    Rest,
)
from decisioning.condition import compile_condition
from decisioning.customer import Answer, ConsentState, Contact, ContactHistory
from decisioning.decide import consider, decision_id_of, seed_of
from decisioning.eligibility import UNREADABLE, compile_catalog
from decisioning.exclusive import Exclusive
from decisioning.holdout import arm_of
from decisioning.ports import Scores

NAMES = [f"a{i}" for i in range(9)]
MODES = st.sampled_from(["incremental_value", "propensity_value", "value", "custom"])
GROUPS = ["cards", "loans", "funds"]
DAY = timedelta(days=1)
ages_ago = st.integers(0, 900).map(lambda hours: NOON - timedelta(hours=hours))
conditions = st.sampled_from([""] * 12 + ["age >= 18", "age < 18", "tier = 'gold'", "age IS NULL", "missing > 1"])
treatments = st.lists(
    st.tuples(
        st.sampled_from(["web", "web", "web", "email"]),
        st.sampled_from([0.0, 1.0]),
        st.sampled_from([frozenset(), frozenset(), frozenset({"home"}), frozenset({"cart"})]),
        st.sampled_from([""] * 4 + ["age / 10", "missing"]),
        st.sampled_from([timedelta(0)] * 5 + [timedelta(hours=2)]),
        st.sampled_from([None] * 5 + [19]),
    ),
    min_size=1,
    max_size=3,
).map(lambda several: tuple(Treatment(f"t{place}", *each) for place, each in enumerate(several)))
actions = st.builds(
    an_action,
    group=st.sampled_from(GROUPS),
    issue=st.sampled_from(["grow", "serve"]),
    purpose=st.sampled_from(["marketing", "service"]),
    treatments=treatments,
    value=st.sampled_from([0.0, 10.0, 50.0]),
    lever=st.sampled_from([1.0, 3.0]),
    eligibility=conditions,
    applicability=conditions,
    suitability=conditions,
    valid_from=st.sampled_from([None] * 6 + [NOON, NOON + timedelta(seconds=1)]),
    valid_until=st.sampled_from([None] * 6 + [NOON, NOON + timedelta(seconds=1)]),
    transactional=st.sampled_from([False] * 5 + [True]),
    mandatory=st.sampled_from([False] * 8 + [True]),
    value_formula=st.sampled_from([""] * 6 + ["age * 2", "50 - age", "missing * 2"]),
)
caps = st.one_of(
    st.builds(Cap, st.sampled_from(["action", "group", "channel", "customer"]), st.integers(0, 4), st.just(7 * DAY)),
    st.builds(Cap, st.just("group"), st.integers(0, 3), st.just(30 * DAY), st.sampled_from(GROUPS)),
    st.builds(Cap, st.just("action"), st.integers(0, 2), st.just(30 * DAY), st.sampled_from(NAMES)),
    st.builds(Cap, st.just("customer"), st.integers(0, 4), per=st.sampled_from(["day", "week", "month"])),
)
rests = st.builds(
    Rest,
    st.just("reject"),
    st.integers(1, 2),
    st.just(30 * DAY),
    st.just(20 * DAY),
    st.sampled_from(["action", "group"]),
)
HOLDS = [Hold("busy", "age > 30", ("grow",)), Hold("unknown", "missing = 1", ("serve",)), Hold("old", "age > 70")]
RIVALS = (Exclusive("one", ("a1", "a2", "a3"), 30 * DAY), Exclusive("two", ("a3", "a4", "a0")))
policies = st.builds(
    ContactPolicy,
    caps=st.lists(caps, max_size=4).map(tuple),
    rests=st.lists(rests, max_size=2).map(tuple),
    holds=st.lists(st.sampled_from(HOLDS), max_size=2).map(tuple),
    quiet_hours=st.sampled_from(
        [()] * 4
        + [(QuietHours(time(21), time(8), ("web",)),), (QuietHours(time(1), time(9)),)]
        + [(QuietHours(time(8), time(22), ("web",)), QuietHours(time(21), time(9), ("web",)))]
    ),
    time_zone=st.sampled_from(["UTC", "America/Sao_Paulo"]),
    time_zone_feature=st.sampled_from(["", "zone"]),
    exclusive=st.sampled_from([(), (), (RIVALS[0],), RIVALS]),
)
weights = st.sampled_from(
    [(), (ContextWeight("grow", "context.intent = 'buy'", 2.0), ContextWeight("grow", "age > 3", 0.7))]
)
contacts = st.builds(
    Contact,
    action=st.sampled_from(NAMES),
    group=st.sampled_from(GROUPS),
    channel=st.sampled_from(["web", "email"]),
    at=ages_ago,
    expires_at=st.sampled_from([None, None, NOON, NOON + DAY]),
)
answers = st.builds(Answer, st.sampled_from(NAMES), st.sampled_from(GROUPS), st.just("reject"), ages_ago)
customers = st.builds(
    a_customer,
    features=st.fixed_dictionaries(
        {
            "age": st.sampled_from([None, 10.0, 25.0, 40.0, 80.0]),
            "tier": st.sampled_from([None, "gold", "tin"]),
            "zone": st.sampled_from([None, "Asia/Tokyo", "Mars/Base"]),
        }
    ),
    consent=st.sampled_from([ConsentState()] * 3 + [ConsentState({("marketing", "web"): False})]),
    history=st.builds(ContactHistory, contacts=st.lists(contacts, max_size=6), answers=st.lists(answers, max_size=4)),
    degraded=st.sampled_from([(), (), (), (UNREADABLE,)]),
    customer_id=st.sampled_from([f"c_{i}" for i in range(30)]),
)
scores = st.tuples(
    st.sampled_from([0.1, 0.2, 0.9, math.nan]), st.sampled_from([math.nan, -0.2, 0.05, 0.1, 0.4]), st.floats(-5, 5)
)


class Says:
    """Scores as the case says, by treatment and action; ranks by itself where `rules` is true."""

    version = "says"

    def __init__(self, says, *, rules):
        self.says, self.rules = says, rules

    def score(self, features, candidates):
        said = np.array([self.says[each.action.name] for each in candidates])
        return Scores(said[:, 0], said[:, 1], said[:, 2] if self.rules else None)

    def explain(self, features, candidate):
        return ()


@st.composite
def cases(draw):
    home = Placement(
        "home",
        "web",
        must_fill=draw(st.booleans()),
        explore=draw(st.booleans()),
        limit=draw(st.integers(1, 9)),
        fallback=draw(st.sampled_from(["", "", *NAMES])),
        most_per_group=draw(st.sampled_from([None, None, 1, 2])),
        least_groups=draw(st.sampled_from([0, 0, 2, 3])),
    )
    catalog = a_catalog(
        *(replace(draw(actions), name=name) for name in draw(st.permutations(NAMES))[: draw(st.integers(1, 9))]),
        channels={
            "web": Channel("web", explore=draw(st.sampled_from([True, True, True, False]))),
            "email": Channel("email", outbound=True, consent="opt_in"),
        },
        placements={"home": home, "cart": Placement("cart", "web")},
        contact_policy=draw(policies),
        arbitration=draw(MODES),
        priority_formula=CUSTOM,
        arbitration_by_issue=draw(st.sampled_from([{}, {}, {"grow": "custom"}, {"serve": "value"}])),
        tie_break=draw(st.sampled_from([(), ("value",), ("cost", "propensity"), ("uplift", "value")])),
        exploration=Exploration(epsilon=draw(st.sampled_from([0.0, 0.05, 0.5, 1.0]))),
        holdout=HoldoutArms("s", {"hold_out": 0.05, "random_eligible": 0.2, "no_levers": 0.2, "eligibility_only": 0.2}),
        context_weights=draw(weights),
    )
    scorer = Says({name: draw(scores) for name in NAMES}, rules=draw(st.booleans()))
    request = a_request(
        request_id=f"r-{draw(st.integers(0, 10**6))}", context={"intent": draw(st.sampled_from(["buy", "look"]))}
    )
    return catalog, scorer, draw(customers), request


class Reading:
    """One case, read rule by rule."""

    def __init__(self, catalog, scorer, customer, request):
        self.catalog, self.scorer, self.customer = catalog, scorer, customer
        self.placement, self.policy = catalog.placements["home"], catalog.contact_policy
        self.values = {**customer.features, "context.intent": request.context["intent"]}
        self.arm = arm_of(customer.customer_id, catalog.holdout)
        self.contacts = list(customer.history.contacts)
        self.random = Random(seed_of(decision_id_of(request.request_id, "s")))  # noqa: S311 (the decision's own draws)

    def truth(self, text):
        return compile_condition(text).truth(self.values)

    def fitting(self, action):
        """Its treatments for the placement; while that is quiet those that go out later, where there are any.

        What ends at all does so within a second, and whatever waits goes out after that.
        """
        fitting = [each for each in action.treatments if each.fits(channel="web", placement="home")]
        later = [each for each in fitting if self.goes_out_later(each)] if self.is_quiet() else []
        left = later if later and not action.transactional else fitting
        return [each for each in left if not action.valid_until or not each.is_put_off]

    def goes_out_later(self, treatment):
        """Whether it waits, and some hour of a day is not quiet."""
        loud = set(range(24)).difference(*(self.hours(each) for each in self.policy.quiet_hours))
        return bool(loud) and (treatment.wait > timedelta(0) or treatment.send_hour is not None)

    def stop(self, action):
        spared = action.transactional
        stages = ["eligibility"] if self.arm == "eligibility_only" else ["eligibility", "applicability", "suitability"]
        said = [self.customer.consent.answers.get((action.purpose, channel)) for channel in ("web", "")]
        found = [
            self.arm == "hold_out" and not action.mandatory and ("holdout", "hold_out"),
            all(not each.fits(channel="web", placement="home") for each in action.treatments)
            and ("placement", "no treatment for home"),
            action.valid_from
            and action.valid_from > NOON
            and ("validity", f"valid from {action.valid_from.isoformat()}"),
            action.valid_until and (action.valid_until <= NOON or not self.fitting(action)) and self.is_over(action),
            *(self.truth(getattr(action, stage)) is not True and (stage, getattr(action, stage)) for stage in stages),
            self.value(action) is None and ("value", f"not known, or below 0: {action.value_formula}"),
            self.unaffordable(action),
            UNREADABLE in self.customer.degraded and ("unreadable", "consent or contacts could not be read"),
            False in said and ("consent", f"{action.purpose} on web (opt_out)"),
            *(self.holds(hold, action) and ("hold", hold.name) for hold in self.policy.holds if not spared),
            not spared and not any(map(self.goes_out_later, self.fitting(action))) and self.is_quiet(),
            not spared and self.rests(action),
            self.capped(action),
            *(self.excluded_by(each, action) for each in self.policy.exclusive if not spared),
        ]
        return next((each for each in found if each), None)

    def amount(self, formula, usual):
        """What the few formulas of these cases come to, None where that is nothing; worked out without the language."""
        age = self.customer.features["age"]
        if formula == "" or age is None or "missing" in formula:
            return None if formula else usual
        number = {"age * 2": age * 2, "50 - age": 50 - age, "age / 10": age / 10}[formula]
        return number if number >= 0 else None

    def value(self, action):
        return self.amount(action.value_formula, action.value)

    def unaffordable(self, action):
        fitting = self.fitting(action)
        costs = [self.amount(each.cost_formula, each.cost) for each in fitting]
        return all(cost is None for cost in costs) and (
            "value",
            f"cost not known, or below 0: {fitting[0].cost_formula}" if fitting else "",
        )

    def excluded_by(self, rivals, action):
        """Whether a contact with another of the set is too recent; the first such action by name is told."""
        within = [
            each.action
            for each in self.customer.history.contacts
            if (each.expires_at is None or each.expires_at > NOON) and NOON - each.at < rivals.within
        ]
        others = sorted({name for name in within if name in rivals.actions and name != action.name})
        said = others and action.name in rivals.actions
        return said and ("exclusive", f"{rivals.name}: {others[0]} within {rivals.within.days} days")

    def shares_a_set(self, name, drawn):
        sets = [each.actions for each in self.policy.exclusive]
        return any(name in each and drawn in each for each in sets) and not self.catalog.actions[name].transactional

    def too_alike(self, name, shown, left):
        """Whether the list has enough of the action's group, or needs its last ranks for other groups."""
        group = {each: self.catalog.actions[each].group for each in left}
        above = [self.catalog.actions[each].group for each in shown]
        most, least = self.placement.most_per_group, self.placement.least_groups
        if most is not None and above.count(group[name]) >= most:
            return True
        wanting = least - len(set(above)) >= self.placement.limit - len(shown)
        return wanting and group[name] in above and any(each not in above for each in group.values())

    def is_over(self, action):
        return ("validity", f"valid until {action.valid_until.isoformat()}")

    def local(self):
        zone = self.customer.features["zone"] if self.policy.time_zone_feature else None
        return NOON.astimezone(ZoneInfo(zone if zone == "Asia/Tokyo" else self.policy.time_zone))

    def hours(self, quiet):
        hour, covered = quiet.starts.hour, set()
        while hour != quiet.ends.hour and "web" in quiet.channels:
            covered.add(hour)
            hour = (hour + 1) % 24
        return covered

    def is_quiet(self):
        now = (each for each in self.policy.quiet_hours if self.local().hour in self.hours(each))
        return next((("quiet", f"quiet hours from {each.starts:%H:%M} to {each.ends:%H:%M}") for each in now), None)

    def counts(self, cap, contact):
        if cap.per is None:
            return NOON - contact.at < cap.within
        same = {"day": "%Y-%m-%d", "week": "%G-%V", "month": "%Y-%m"}[cap.per]
        return f"{contact.at.astimezone(self.local().tzinfo):{same}}" == f"{self.local():{same}}"

    def holds(self, hold, action):
        return self.truth(hold.condition) is not False and (not hold.issues or action.issue in hold.issues)

    def rests(self, action):
        for scope in ("action", "group"):
            resting = [each for each in self.catalog.contact_policy.rests if each.scope == scope]
            for rest in reversed(resting):
                mine = action.name if scope == "action" else action.group
                times = sorted(each.at for each in self.customer.history.answers if getattr(each, scope) == mine)
                runs = [times[place : place + rest.times] for place in range(len(times) - rest.times + 1)]
                if any(run[-1] - run[0] < rest.within and NOON - run[-1] < rest.rest for run in runs):
                    return ("rest", f"{rest.rest.days} days of rest after {rest.times} × {rest.after}")
        return None

    def capped(self, action):
        if action.transactional:
            return None
        mine = {"action": action.name, "group": action.group, "channel": "web", "customer": ""}
        for cap in self.catalog.contact_policy.caps:
            alike = [
                each
                for each in self.contacts
                if cap.scope == "customer" or getattr(each, cap.scope) == mine[cap.scope]
                if self.counts(cap, each) and (each.expires_at is None or each.expires_at > NOON)
            ]
            if cap.only in ("", mine[cap.scope]) and len(alike) >= cap.at_most:
                said = f"per {cap.per}" if cap.per else f"within {cap.within.days} days"
                return ("cap", f"{cap.scope} cap of {cap.at_most} {said}")
        return None

    def option(self, action):
        """(minus priority, treatment, factors) of the best treatment that has a usable score."""
        propensity, uplift, own = self.scorer.says[action.name]
        weight = 1.0
        for each in self.catalog.context_weights:
            weight *= each.weight if each.issue == action.issue and self.truth(each.condition) is True else 1.0
        lever = 1.0 if self.arm == "no_levers" else action.lever
        mode = self.catalog.arbitration_by_issue.get(action.issue, self.catalog.arbitration)
        found = []
        for each in self.fitting(action):
            cost = self.amount(each.cost_formula, each.cost)
            if cost is None:
                continue
            factors = Factors(propensity, uplift, self.value(action), cost, weight, lever)
            given = own if self.scorer.rules else priority(factors, mode, self.customer.features["age"])
            found += [(-given, each.name, factors)] if is_sound(factors) and not math.isnan(given) else []
        return min(found, default=None)

    def epsilon(self):
        if not self.catalog.channels["web"].explore:
            return 0.0
        if self.arm == "random_eligible":
            return 1.0
        return self.catalog.exploration.epsilon if self.placement.explore else 0.0

    def preference(self, name):
        """The factors that decide between equal priorities, the preferred first."""
        if name == NO_ACTION:
            return ()
        factors = self.options[name][2]
        uplift = -1.0 if math.isnan(factors.uplift) else factors.uplift
        told = {"value": -factors.value, "propensity": -factors.propensity, "uplift": -uplift, "cost": factors.cost}
        return tuple(told[each] for each in self.catalog.tie_break)

    def draw(self, pool):
        """(the action drawn, the probability of each) of a pool of priorities."""
        sure = sorted(
            (name for name in pool if name != NO_ACTION and self.catalog.actions[name].mandatory),
            key=lambda name: (-pool[name], *self.preference(name), name),
        )
        if sure:
            return sure[0], {name: float(name == sure[0]) for name in sorted(pool)}
        best = sorted(pool, key=lambda name: (-pool[name], name != NO_ACTION, *self.preference(name), name))[0]
        share, sure = self.epsilon() / len(pool), 1.0 - self.epsilon()
        probabilities = {name: share + sure if name == best else share for name in sorted(pool)}
        uniform, cumulated = self.random.random(), 0.0
        for name, probability in probabilities.items():
            cumulated += probability
            if uniform < cumulated:
                return name, probabilities
        return max(probabilities, key=probabilities.get), probabilities

    def read(self):
        """(exclusions, P(rank 1) of every choice, the list as (action, treatment, its probability at its rank))."""
        stops = {name: self.stop(action) for name, action in self.catalog.actions.items()}
        left = [name for name, stop in stops.items() if stop is None]
        weighed = {name for name in left if self.option(self.catalog.actions[name]) is not None}
        if self.placement.fallback in left and weighed - {self.placement.fallback}:
            stops[self.placement.fallback] = ("fallback", "something else may be offered")
        options = {name: self.option(self.catalog.actions[name]) for name, stop in stops.items() if stop is None}
        self.options = options
        stops |= {name: ("score", "no usable score") for name, option in options.items() if option is None}
        pool = {name: -option[0] for name, option in options.items() if option}
        if not (pool and self.placement.must_fill):
            pool[NO_ACTION] = 0.0
        listed, first, drawn = [], None, ""
        while pool and len(listed) < self.placement.limit and drawn != NO_ACTION:
            drawn, probabilities = self.draw(pool)
            first = first or probabilities
            if drawn != NO_ACTION:
                listed.append((drawn, options[drawn][1], -options[drawn][0], first[drawn], probabilities[drawn]))
                self.contacts.append(Contact(drawn, self.catalog.actions[drawn].group, "web", NOON))
            del pool[drawn]
            pool = {
                name: pool[name] for name in pool if name == NO_ACTION or not self.capped(self.catalog.actions[name])
            }
            pool = {name: pool[name] for name in pool if not self.shares_a_set(name, drawn)}
            left, shown = [name for name in pool if name != NO_ACTION], [each[0] for each in listed]
            alike = {name for name in left if self.too_alike(name, shown, left)}
            pool = {name: pool[name] for name in pool if name not in alike}
        return {name: stop for name, stop in stops.items() if stop}, first, listed


@settings(max_examples=300)
@given(cases())
def test_a_decision_is_what_a_plain_reading_of_the_rules_gives(case):
    catalog, scorer, customer, request = case
    exclusions, first, listed = Reading(*case).read()
    decision = consider(request, customer, catalog=compile_catalog(catalog), scorer=scorer)
    assert {each.action: (each.stage, each.reason) for each in decision.exclusions} == exclusions
    assert dict(decision.eligible) == first
    assert [
        (each.action, each.treatment, each.priority, each.action_probability, each.rank_probability)
        for each in decision.ranked
    ] == listed
