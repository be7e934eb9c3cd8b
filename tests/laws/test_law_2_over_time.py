"""Law 2 over time: after whatever happened, the service offers what a plain reading of all of it allows, and no more.

A few customers live for some weeks: they browse, agree, refuse, are shown things and answer late, are held back,
become one with others and are erased; the service stops and starts, its projections are made anew, its home is put
back from a backup. Every decision's exclusions are compared, name by name and stage by stage, with `plain_shop`.
"""

import asyncio
import random
import shutil
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from in_process import WORKSPACE, Clock, serving
from plain_shop import PLACEMENTS, Shop

from features.identity_merge import MergeBook
from features.identity_statement import Statement
from pipelines.backup import back_up
from pipelines.composition import compose
from pipelines.materialize import materialize_features
from pipelines.resolve import resolve_all
from pipelines.restore import restore

CATALOG = Path(__file__).parents[1] / "shop_over_time.yaml"
WALKS = [
    (2, 200),
    pytest.param((40, 400), marks=pytest.mark.reliability),
]
"""How many walks, and of how many steps."""
USERS, DEVICES = [("user_id", f"u-{n}") for n in range(3)], [("anonymous_id", f"a-{n}") for n in range(4)]
NAMES = {"user_id": "userId", "anonymous_id": "anonymousId"}
STEPS = [(1e-6, 1), (1, 90), (60, 3_000), (1_800, 1_800), (3_600, 144_000), (86_400, 86_400)]
"""Seconds that pass between two steps, at least and at most; from 26 March 2026, three nights before clocks change."""


class Walk:
    """One walk. Parameters: `folder`, where its workspace and home are; `seed`."""

    def __init__(self, folder, seed):
        self.rng, self.clock, self.shop = random.Random(seed), Clock(), Shop()  # noqa: S311  # seeded, nothing secret
        self.clock.now = datetime(2026, 3, 26, 15, 0, 7, 123456, tzinfo=UTC)
        self.folder, self.home, self.workspace = folder, folder / "home", folder / "workspace"
        shutil.copytree(WORKSPACE, self.workspace)
        shutil.copy(CATALOG, self.workspace / "catalog.yaml")
        self.n, self.seen = 0, Counter()
        self.shown, self.asked, self.owner = [], {}, {}

    def go(self, n_steps):
        """Take so many steps, with a pause of the service now and then; what was seen of which stage, how often."""
        while self.n < n_steps:
            asyncio.run(self._serve(min(n_steps - self.n, self.rng.randrange(40, 120))))
            self.rng.choice([self._resolve, self._materialize, self._put_back, self._join, lambda: None])()
        return self.seen

    # --- while the service runs ------------------------------------------------------------------------------------

    async def _serve(self, n_steps):
        steps = {
            self._decide: 50, self._decide_for_several: 3, self._ask_again: 3, self._report: 25, self._browse: 10,
            self._consent: 7, self._hold: 6, self._identify: 4, self._erase: 1,
        }  # fmt: skip
        async with serving(self.folder, clock=self.clock) as self.http:
            for _ in range(n_steps):
                self.n += 1
                self.clock.now += timedelta(seconds=self.rng.uniform(*self.rng.choice(STEPS)))
                (step,) = self.rng.choices(list(steps), steps.values())
                await step()

    async def _post(self, route, body):
        answer = await self.http.post(f"/v1/{route}", json=body)
        assert answer.status_code == 200, (route, answer.status_code, answer.text)
        return answer

    def _anybody(self):
        kind, value = self.rng.choice(USERS * 2 + DEVICES)
        return (kind, value), {kind: value}, {NAMES[kind]: value}

    async def _decide(self):
        who, customer, _ = self._anybody()
        placement, limit = self.rng.choice(list(PLACEMENTS)), self.rng.choice([None, None, 1, 2, 5])
        asked = {"request_id": f"r-{self.n}", "customer": customer, "placement": placement}
        answer = await self._post("decisions", asked if limit is None else {**asked, "limit": limit})
        self.asked[f"r-{self.n}"] = who, asked if limit is None else {**asked, "limit": limit}, answer.content
        await self._check(who, answer.json(), placement, limit or PLACEMENTS[placement][2])

    async def _decide_for_several(self):
        who, customer, _ = self._anybody()
        placements = self.rng.sample(list(PLACEMENTS), self.rng.randrange(2, 5))
        answer = await self._post(
            "decisions", {"request_id": f"r-{self.n}", "customer": customer, "placements": placements}
        )
        first, taken = answer.json(), []
        for placement, each in zip(placements, [first, *first["further"]], strict=True):
            taken += await self._check(who, each, placement, PLACEMENTS[placement][2], taken)

    async def _check(self, who, answer, placement, limit, taken=()):
        """Compare a decision with the plain reading, and keep what it shows."""
        person, now, shown = self.shop.who(who), self.clock.now, [each["action"] for each in answer["ranked"]]
        wanted = self.shop.stages(person, placement, now, taken)
        explained = (await self._post("explanations", {"decision_id": answer["decision_id"]})).json()
        assert explained["replay"]["exact"], explained["replay"]
        found = {each["action"]: each["stage"] for each in explained["actions"] if each["action"] != "no_action"}
        assert found == wanted, f"step {self.n}, {placement}, {now}"
        assert len(shown) <= limit
        for each in answer["ranked"]:  # what is shown before it in the list counts already
            assert self.shop.stages(person, placement, now, taken)[each["action"]] is None, (shown, each["action"])
            self.shop.show(person, each, placement, answer["decision_id"], now)
            self.shown.append((answer["decision_id"], each["action"], now))
        self.seen.update(wanted.values())
        return shown

    async def _ask_again(self):
        if self.asked:
            _, body, content = self.rng.choice(list(self.asked.values()))
            assert (await self._post("decisions", body)).content == content

    async def _report(self):
        if not self.shown:
            return
        decision_id, action, decided_at = self.rng.choice(self.shown[-5:])
        kind = self.rng.choice(["impression", "reject", "dismiss"] * 2 + ["accept"])
        at = decided_at + (self.clock.now - decided_at) * self.rng.choice([0, 1, self.rng.random()])
        told = {"outcome_id": f"o-{self.n}", "decision_id": decision_id, "action": action, "type": kind}
        await self._post("outcomes", {"outcomes": [{**told, "occurred_at": at.isoformat()}]})
        self.shop.tell(decision_id, action, kind, at)

    async def _browse(self):
        who, _, named = self._anybody()
        what = {"type": "track", "event": "Product Viewed", "properties": {"product": "tea"}}
        await self._post("track", {**what, **named, "messageId": f"v-{self.n}"})
        self.shop.who(who).views.append(self.clock.now)

    async def _consent(self):
        who, customer, _ = self._anybody()
        purpose, channel = self.rng.choice(["marketing"] * 4 + ["service"]), self.rng.choice(["", "web", "email"])
        granted = self.rng.random() < 0.7
        said = {"consent_id": f"k-{self.n}", "purpose": purpose, "granted": granted, "method": "a form"}
        on = {"channel": channel} if channel else {}
        await self._post("consents", {**said, **on, "customer": customer, "text": {"version": "1"}})
        self.shop.who(who).consents[purpose, channel] = granted

    async def _hold(self):
        who, customer, _ = self._anybody()
        name, released = self.rng.choice(["sales", "ticket"]), self.rng.random() < 0.5
        issues = [] if released else self.rng.choice([[], ["grow"], ["keep", "care"]])
        until = None if released else self.rng.choice([None, self.clock.now + timedelta(hours=30)])
        said = {"hold_id": f"h-{self.n}", "customer": customer, "hold": name, "issues": issues, "released": released}
        await self._post("holds", {**said, "until": until.isoformat()} if until else said)
        self.shop.who(who).holds[name] = self.clock.now, not released, issues, until

    async def _identify(self):
        device = self.rng.choice(DEVICES)
        user = self.owner.setdefault(device, self.rng.choice(USERS))
        await self._post("identify", {"messageId": f"i-{self.n}", "userId": user[1], "anonymousId": device[1]})
        self.shop.merge(user, device)

    async def _erase(self):
        who, customer, _ = self._anybody()
        if who not in self.shop.people or self.rng.random() < 0.5:
            return
        await self._post("erasures", {"customer": customer})
        self.shop.erase(who, self.clock.now)
        self.shown = [each for each in self.shown if self.shop.is_known(*each[:2])]
        self.asked = {name: each for name, each in self.asked.items() if each[0] in self.shop.people}
        self.owner = {device: user for device, user in self.owner.items() if device in self.shop.people}

    # --- while it does not -----------------------------------------------------------------------------------------

    def _resolve(self):
        resolve_all(self.home, self.workspace)

    def _materialize(self):
        materialize_features(self.home, self.workspace)

    def _put_back(self):
        backup = self.folder / "backup.tar.gz"
        back_up(self.home, backup)
        shutil.rmtree(self.home)
        restore(self.home, self.workspace, backup, nothing_erased=True)
        backup.unlink()

    def _join(self):
        """Somebody says of two identifiers that they are one customer's."""
        self.clock.now += timedelta(seconds=1)
        one, other = self.rng.sample(sorted(self.shop.people), 2)
        statement = Statement("merge", one, other, occurred_at=self.clock.now, reason="a call", said_by="clerk")
        with compose(self.home, self.workspace, clock=self.clock) as composition:
            book = MergeBook(composition.ledger, composition.workspace.identity)
            book.state([statement], received_at=self.clock.now)
            composition.projection.catch_up()
        self.shop.merge(one, other)


@pytest.mark.parametrize("walks", WALKS)
def test_whatever_happened_what_is_offered_is_what_a_plain_reading_of_it_allows(walks, tmp_path):
    seen = Counter()
    for seed in range(walks[0]):
        seen += Walk(tmp_path / str(seed), seed).go(walks[1])
    stopped = {"consent", "hold", "quiet", "rest", "cap", "exclusive", "inventory", "elsewhere", "eligibility"}
    assert stopped <= set(seen), seen
