"""200,000 decisions for the generated bank's customers: ours, and published learners, on the same stream.

The truth of every action is known (`benchmarks.stream_world`), so regret and the value of what was learned are exact.
Peers play where they are installed (`benchmarks/requirements-peers.txt`); they are no part of this project's locks.
"""

import sys
from collections.abc import Callable, Mapping
from functools import partial
from importlib.util import find_spec
from time import process_time

from benchmarks.report import Cell, Report
from benchmarks.stream_learners import OurStream
from benchmarks.stream_peers import LinTS, SquareCB
from benchmarks.stream_world import Customers, Player, Shop, best_by_what_is_seen
from decisioning.catalog import Exploration

N_DECISIONS, N_JUDGING, SEED = 200_000, 20_000, 11
OURS = "this repository: bundles and fast layer"


def run(*, quick: bool) -> Report:
    """Play the stream with everybody who is installed."""
    shop = Shop.load()
    n = 1_500 if quick else N_DECISIONS
    customers, later = Customers.draw(shop, n, seed=SEED), Customers.draw(shop, N_JUDGING, seed=SEED + 1)
    rows = [_row(name, make(), customers, later) for name, make in _players(shop).items()]
    gain, bound = later.gain, later.share_of_oracle(best_by_what_is_seen(later))
    return Report(
        f"{n:,} decisions at the bank's web page, {len(shop.actions)} choices, twenty features. Regret: what was lost "
        "against choosing best for every customer, as % of a uniform policy's. Value: what the policy, as it is at the "
        "end and without exploring, gains on other customers over the best constant action, as % of what the oracle "
        f"gains over it (euros a decision: constant {gain.mean(axis=0).max():.2f}, oracle {gain.max(axis=1).mean():.2f}"
        f"). 15 % of the features are hidden from every player: who knows the law reaches {100 * bound:.1f} %. Wanted: "
        "less regret than either peer, 75 % of the oracle's gain.",
        rows,
    )


def _players(shop: Shop) -> Mapping[str, Callable[[], Player]]:
    usual, declared = Exploration(), shop.catalog.exploration
    players: dict[str, Callable[[], Player]] = {f"{OURS}, ε = {usual.epsilon:g}": partial(OurStream, shop, usual)}
    for own, of in ((False, "decision"), (True, "action")):
        if find_spec("vowpalwabbit"):
            players[f"Vowpal Wabbit squarecb, told the {of}'s money"] = partial(SquareCB, shop, own=own)
        if find_spec("mabwiser"):
            players[f"MABWiser LinTS, told the {of}'s money"] = partial(LinTS, shop, own=own)
    bank = f"{OURS}, ε = {declared.epsilon:g} (the bank's catalogue)"
    return {**players, bank: partial(OurStream, shop, declared)}


def _row(name: str, player: Player, customers: Customers, later: Customers) -> dict[str, Cell]:
    began = process_time()
    regret = customers.regret(player.play(customers))
    spent = process_time() - began
    uniform = customers.uniform_regret()
    latest = regret[-len(regret) // 4 :].mean() / uniform.mean()
    share = later.share_of_oracle(player.best(later))
    row: dict[str, Cell] = {
        "policy": name,
        "regret, %": f"{100 * regret.sum() / uniform.sum():.1f}",
        "of the last quarter, %": f"{100 * latest:.1f}",
        "value, % of the oracle's gain": f"{100 * share:.0f}",
        "CPU s": round(spent),
    }
    sys.stderr.write(f"{row}\n")
    return row
