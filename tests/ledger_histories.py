"""Random histories of a ledger: who did what, what was decided and answered, and who said that two are one."""

import tempfile
from contextlib import contextmanager
from pathlib import Path

from hypothesis import strategies as st
from ledger_builders import NOW, a_catalog, a_decision, a_ranked, a_statement, an_event, an_outcome, at

from decisioning.customer import CustomerReference
from features.decision_book import DecisionBook
from features.identity_merge import MergeBook
from features.identity_rules import IdentityRules
from features.intake import Intake
from features.ledger import Ledger
from features.outcomes import OutcomeBook

RULES = IdentityRules(max_per_identifier=2, max_cluster_size=5)
OWNER = "JOIN identifier i USING (node)"
OTHER = "JOIN identifier o ON o.node = other"
STATE = {
    "identifier": "SELECT kind, value, customer_id, first_us, first_id, dissolved, marks, contacts FROM identifier",
    "word": f"SELECT i.kind, i.value, o.kind, o.value, record_id, merged FROM word w {OWNER} {OTHER}",
    "link": f"SELECT i.kind, i.value, o.kind, o.value FROM link l {OWNER} {OTHER}",
    "proposal": f"SELECT i.kind, i.value, o.kind, o.value, record_id FROM proposal p {OWNER} {OTHER}",
    "membership": f"SELECT i.kind, i.value, group_id, since_us, occurred_us, is_member FROM membership m {OWNER}",
    "group_trait": f"SELECT i.kind, i.value, group_id, name, g.value, occurred_us FROM group_trait g {OWNER}",
    "claim": f"SELECT i.kind, i.value, field, c.value, occurred_us, message_id, source FROM claim c {OWNER}",
    "refusal": f"SELECT i.kind, i.value, o.kind, o.value, reason, said FROM refusal f {OWNER} {OTHER}",
    "consent": f"SELECT i.kind, i.value, purpose, channel, granted, occurred_us, message_id FROM consent {OWNER}",
    "contact": f"SELECT i.kind, i.value, decision_id, action, action_group, expires_us, shown_us FROM contact {OWNER}",
    "answer": f"SELECT i.kind, i.value, outcome_id, action, type FROM answer {OWNER}",
    "record": f"SELECT i.kind, i.value, record_id, occurred_us, body FROM record r {OWNER} WHERE r.kind != 'link'",
    "quarantine": "SELECT outcome_id FROM quarantine",
}
ALIASES = {"alias": f"SELECT a.customer_id, kind, value FROM alias a {OWNER}"}
NAMES = {"user_id": "u-", "anonymous_id": "a-", "phone": "+3460000001"}
MEMORY = Path("/dev/shm")  # noqa: S108 (laws are not about durability, and a synced disk is slow)
IDENTIFIERS = [(kind, f"{lead}{n}") for kind, lead in NAMES.items() for n in range(4)]
ids = st.integers(0, 3)


@st.composite
def events(draw):
    """A few customers who share devices and phones, log in late, change their mind."""
    user, device, phone, born = draw(ids), draw(ids), draw(ids), draw(st.integers(0, 1))
    kind = draw(st.sampled_from(("view", "visit", "login", "traits", "consent", "group")))
    traits = {"age": user + device, "phone": f"+3460000001{phone}", "birthday": f"198{born}-05-17"}
    moment = {"timestamp": at(-draw(st.integers(-2, 5))).isoformat()}
    person = {"userId": f"u-{user}"}
    return {
        "view": moment | person,
        "visit": moment | {"userId": ..., "anonymousId": f"a-{device}"},
        "login": moment | person | {"anonymousId": f"a-{device}"},
        "traits": moment | person | {"type": "identify", "traits": traits},
        "group": moment | person | {"type": "group", "groupId": f"h-{device}", "traits": {"member": born == 0}},
        "consent": moment
        | person
        | {"event": "Consent Updated", "properties": {"purpose": "ads", "granted": user > device}},
    }[kind]


@st.composite
def decisions(draw, name):
    reference = draw(st.sampled_from([CustomerReference("user_id", "u-1"), CustomerReference("anonymous_id", "a-9")]))
    ranked = (a_ranked(), a_ranked(rank=2, action="loan"))[: draw(st.integers(0, 2))]
    return a_decision(name, reference=reference, ranked=ranked, decided_at=at(draw(st.integers(-9, 0))))


@st.composite
def outcomes(draw, name):
    decision_id, action = draw(st.sampled_from(("d-0", "d-1", "d-9"))), draw(st.sampled_from(("card", "loan")))
    kind = draw(st.sampled_from(("impression", "click", "accept", "reject")))
    return an_outcome(name, decision_id=decision_id, action=action, type=kind, occurred_at=at(draw(st.integers(1, 90))))


@st.composite
def statements(draw, name):
    """Words on two of the identifiers, said at one of few moments so that some are said at the same one."""
    pair = draw(st.lists(st.sampled_from(IDENTIFIERS), min_size=2, max_size=2, unique=True))
    told = {"occurred_at": at(draw(st.integers(0, 2))), "certain": draw(st.booleans())}
    return a_statement(name, draw(st.sampled_from(("merge", "merge", "unmerge"))), pair, **told)


@st.composite
def histories(draw):
    """Things to take in: events, decisions, outcomes and words on identifiers, in some order."""
    drawn = draw(st.lists(events(), max_size=14))
    told = [("event", an_event(f"m-{n}", **changes)) for n, changes in enumerate(drawn)]
    told += [("decision", draw(decisions(str(n)))) for n in range(draw(st.integers(0, 2)))]
    told += [("outcome", draw(outcomes(str(n)))) for n in range(draw(st.integers(0, 5)))]
    told += [("statement", draw(statements(str(n)))) for n in range(draw(st.integers(0, 4)))]
    return draw(st.permutations(told))


@contextmanager
def a_ledger():
    with (
        tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder,
        Ledger(Path(folder) / "ledger.db") as ledger,
    ):
        yield ledger


def take(ledger, history):
    takers = {
        "event": lambda raw: Intake(ledger, rules=RULES).accept([raw], received_at=NOW),
        "decision": lambda decision: DecisionBook(ledger, a_catalog(), RULES).record_many([decision]),
        "statement": lambda said: MergeBook(ledger, RULES).state([said], received_at=at(60)),
        "outcome": lambda outcome: OutcomeBook(ledger).accept([outcome], received_at=at(60)),
    }
    for kind, thing in history:
        takers[kind](thing)


def state(ledger, **more):
    with ledger.read() as connection:
        return {name: sorted(map(repr, connection.execute(query))) for name, query in {**STATE, **more}.items()}
