"""Calls for several placements at the same moment: whatever they take from one another, caps hold to the contact."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier

import orjson
import pytest
from uncounted import Uncounted

from pipelines.composition import compose
from serving.decision_log import DecisionDesk
from serving.reading import read
from serving.schemas import DecisionBody

PLACEMENTS = ("top", "side", "foot")
CALLS = 3
"""At the same moment, for one customer."""
CATALOG = """
currency: EUR
exploration: {epsilon: 0.3, epsilon_without_bundle: 0.3}
channels: {web: {}}
placements:
  top: {channel: web, limit: 2, must_fill: true}
  side: {channel: web, limit: 2, must_fill: true}
  foot: {channel: web, limit: 2, must_fill: true}
contact_policy:
  caps:
    - {scope: customer, at_most: MOST, within_days: 7}
    - {scope: group, at_most: 1, within_days: 7}
inventories:
  vouchers: {count: 10, actions: [voucher]}
actions:
  tea: {issue: grow, group: tea, value: 8, treatments: {banner: {channel: web}}}
  cup: {issue: grow, group: tea, value: 7, treatments: {banner: {channel: web}}}
  pot: {issue: grow, group: pots, value: 6, treatments: {banner: {channel: web}}}
  voucher: {issue: grow, group: vouchers, value: 9, treatments: {banner: {channel: web}}}
"""


@pytest.fixture(params=[1, 2])
def shop(tmp_path, request):
    (tmp_path / "tsugi.toml").write_text('[workspace]\nname = "shop"\n')
    (tmp_path / "catalog.yaml").write_text(CATALOG.replace("MOST", str(request.param)))
    with compose(tmp_path / "home", tmp_path) as composition:
        yield composition, request.param


def called(composition, user, barrier, nth):
    """The actions that one call was answered with, over all its placements."""
    ports = composition.ports()
    desk = DecisionDesk(lambda: ports, composition.decisions, lambda: datetime.now(UTC), Uncounted())
    body = {"request_id": f"{user}-{nth}", "customer": {"user_id": user}, "placements": list(PLACEMENTS)}
    requests = read(DecisionBody, body).requests()
    barrier.wait()
    first = orjson.loads(asyncio.run(desk.answer_all(requests, body)))
    return [item["action"] for each in (first, *first["further"]) for item in each["ranked"]]


def test_of_calls_at_once_none_takes_a_contact_or_a_voucher_that_another_took(shop):
    composition, most = shop
    shown = {}
    with ThreadPoolExecutor(CALLS) as pool:
        for user in (f"u-{place}" for place in range(25)):
            barrier = Barrier(CALLS)
            calls = [pool.submit(called, composition, user, barrier, nth) for nth in range(CALLS)]
            shown[user] = [action for call in calls for action in call.result()]
    group = {"tea": "tea", "cup": "tea", "pot": "pots", "voucher": "vouchers"}
    assert {len(actions) for actions in shown.values()} == {most}
    assert all(len({group[action] for action in actions}) == most for actions in shown.values())
    assert sum(actions.count("voucher") for actions in shown.values()) <= 10
    with composition.ledger.read() as connection:
        kept = connection.execute("SELECT node, count(*) FROM contact GROUP BY node").fetchall()
    assert {n for _, n in kept} == {most}
    assert len(kept) == len(shown)
