"""Customers whose every field holds a 64-bit canary of their own, and the search for its bytes."""

import copy
import random
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq

from decisioning.customer import CustomerReference
from decisioning.decide import decide
from decisioning.decision import DecisionRequest
from decisioning.outcome import Outcome

WORKSPACE = Path(__file__).parents[1] / "serving" / "workspace"
START = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Subject:
    """One customer. Parameters: `canary`, 16 hexadecimal digits that nothing else holds."""

    canary: str

    @classmethod
    def many(cls, n, *, seed):
        chance = random.Random(seed)  # noqa: S311 - seeded, nothing secret
        return [cls(f"{chance.getrandbits(64):016x}") for _ in range(n)]

    def word(self, name):
        return f"{name}-x{self.canary}x"

    @property
    def reference(self):
        return CustomerReference("user_id", self.word("u"))

    @property
    def forms(self):
        """The canary as text, as a number and as bytes of either order."""
        number = int(self.canary, 16)
        return [self.canary.encode(), str(number).encode(), number.to_bytes(8, "big"), number.to_bytes(8, "little")]

    def traits(self):
        return {
            "name": self.word("name"),
            "email": f"{self.word('Mail')}@example.org",
            "email_verified": True,
            "loyalty_id": self.word("loyalty"),
            "address": {"street": self.word("street")},
            "age": 40,
        }

    def events(self):
        """One event of every kind, with the canary in every field that a sender fills."""
        word, number = self.word, int(self.canary, 16)
        noise = {word("key"): word("value"), "number": number, "list": [word("item")], "deep": {"er": word("leaf")}}
        person = {"userId": word("u"), "anonymousId": word("a")}
        told = [
            {"type": "page", "name": word("page"), "properties": noise, "anonymousId": word("a")},
            {"type": "identify", "traits": {**noise, **self.traits()}, **person},
            {"type": "track", "event": "Product Viewed", "properties": {**noise, "product": "tea"}, **person},
            {"type": "track", "event": word("event"), "properties": noise, **person},
            {"type": "track", "event": "Consent Updated", **person,
             "properties": {"purpose": "marketing", "granted": True, "text": word("text")}},
            {"type": "screen", "name": word("screen"), "properties": noise, **person},
            {"type": "group", "groupId": word("group"), "traits": noise, **person},
            {"type": "alias", "userId": word("u"), "previousId": word("old")},
        ]  # fmt: skip
        at = {"timestamp": (START - timedelta(hours=1)).isoformat(), "context": {"ip": word("ip"), "page": noise}}
        return [{**at, **event, "messageId": word(f"m{n}")} for n, event in enumerate(told)]

    def refused(self):
        """Events that are refused, each for another reason."""
        track = {
            "type": "track",
            "event": "Product Viewed",
            "userId": self.word("u"),
            "properties": {"p": self.word("p")},
        }
        return [
            {**track, "messageId": self.word("r0"), "timestamp": self.word("never")},
            {**track, "messageId": self.word("r1"), "event": None},
            {**track, "messageId": self.word("r2"), "type": self.word("type")},
        ]  # fmt: skip

    def decide(self, composition):
        """A decision with a context, and its outcomes, one of them refused."""
        request = DecisionRequest(
            self.word("q"), self.reference, "web_home", "", context={"word": self.word("context")}
        )
        decision = decide(
            request,
            ports=composition.ports(),
            now=composition.clock(),
            render=lambda _: self.word("answer").encode(),
        )
        first = decision.ranked[0]
        said = {"decision_id": decision.decision_id, "action": first.action, "treatment": first.treatment}
        at = composition.clock()
        kinds = ("impression", "click", "accept" if int(self.canary, 16) % 3 else "reject")
        outcomes = [Outcome(outcome_id=self.word(f"o-{kind}"), type=kind, occurred_at=at, **said) for kind in kinds]
        outcomes.append(
            Outcome(**{**said, "action": "unheard of"}, outcome_id=self.word("o-bad"), type="click", occurred_at=at)
        )
        return decision, outcomes


def a_workspace(folder):
    workspace = Path(shutil.copytree(WORKSPACE, folder / "workspace"))
    with (workspace / "tsugi.toml").open("a") as settings:
        settings.write("\n[training]\ntrials = 2\n")
    return workspace


def lived(composition, subjects):
    """Let every subject live: events, refused ones, a decision, outcomes; what was sent, and the decisions' ids."""
    sent, outcomes, ids = [], [], []
    for subject in subjects:
        sent += [*subject.events(), *subject.refused()]
    composition.intake.accept(copy.deepcopy(sent), received_at=composition.clock())
    for subject in subjects:
        composition.clock.move(composition.clock() + timedelta(minutes=1))
        decision, told = subject.decide(composition)
        outcomes += told
        ids += [decision.decision_id, decision.customer_id]
    composition.outcomes.accept(outcomes, received_at=composition.clock())
    return sent, outcomes, ids


def hits(folder, subjects, ids=()):
    """By file, how many forms of canaries (and which other names) its bytes hold; Parquet files decoded too."""
    needles = [form for subject in subjects for form in subject.forms] + [name.encode() for name in ids]
    found = {}
    for path in sorted(path for path in Path(folder).rglob("*") if path.is_file()):
        content = path.read_bytes()
        if path.suffix == ".parquet":
            content += repr(pq.read_table(path, partitioning=None).to_pydict()).encode()
        content += content.lower()
        n = sum(1 for needle in needles if needle in content)
        if n:
            found[str(path.relative_to(folder))] = n
    return found


def rows_of_others(composition, subjects):
    """Every row of ledger, online features and history that is not of the subjects, as text."""
    marks = [subject.canary for subject in subjects]
    with composition.ledger.read() as connection:
        ours = {
            row[0] for row in connection.execute("SELECT customer_id, value FROM identifier") if is_of(row[1], marks)
        }
        nodes = {row[0] for row in connection.execute("SELECT node, value FROM identifier") if is_of(row[1], marks)}
        tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        held = {table: connection.execute(f"SELECT * FROM {table}").fetchall() for table in sorted(tables)}
        columns = {table: [row[1] for row in connection.execute(f"PRAGMA table_info({table})")] for table in tables}
    held = {
        table: [row for row in rows if not {value for name, value in zip(columns[table], row, strict=True)
                                            if name in ("node", "other")} & nodes and not is_of(repr(row), marks)]
        for table, rows in held.items() if table not in LEFT_BY_ERASURE
    }  # fmt: skip
    held["record"] = [row for row in held["record"] if row[1] != "erasure"]
    for path in sorted(composition.home.history.rglob("*.parquet")):
        rows = pq.read_table(path, partitioning=None).to_pylist()
        held[path.name + path.parent.name] = [row for row in rows if row["customer_id"] not in ours]
    return held


LEFT_BY_ERASURE = ("erasure", "erasure_key", "tombstone", "sqlite_sequence")


def is_of(text, marks):
    return any(mark in text for mark in marks)
