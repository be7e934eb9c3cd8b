"""`tsugi decide --batch`: weigh everybody, settle prices, write who is offered what, and say how good that is."""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

from decisioning.arbitration_rule import Rule
from decisioning.decide import decision_id_of
from decisioning.errors import InvalidInputError, as_word
from decisioning.outbound.choice import NOBODY, Terms, picked
from decisioning.outbound.request import request_id_of
from decisioning.outbound.sides import Sides
from decisioning.rollout import Rollout
from decisioning.slate import Slate
from features.replace_file import replace_file
from pipelines.champion import champion_scorer
from pipelines.composition import Composition, compose
from pipelines.outbound.customers import gone_since, keep_customers, kept_customers
from pipelines.outbound.folder import check_folder
from pipelines.outbound.learned import learned_scorer
from pipelines.outbound.name import refuse_used_name
from pipelines.outbound.plan import Plan, agreed_plan, keep_plan
from pipelines.outbound.record import Recorder, drawn_actions
from pipelines.outbound.settle import Files, Settled, settle
from pipelines.outbound.weigh import Weigher
from pipelines.outbound.weighed import WeighedBlock, write_table
from pipelines.rollout import usable_rollout

CUSTOMERS_AT_ONCE = 20_000
REPORT = "report.json"


@dataclass(frozen=True, slots=True)
class Order:
    """One batch.

    Parameters: `run`, its name; `out`, the folder of its files; `workers`, blocks weighed at once; `record`, whether
    decisions go into the ledger: nobody is then offered what was not drawn for them.
    """

    run: str
    placement: str
    out: Path
    customers_at_once: int = CUSTOMERS_AT_ONCE
    workers: int | None = None
    record: bool = False


def decide_batch(
    home: Path, workspace: Path, order: Order, *, say: Callable[[str], object] = lambda _: None
) -> dict[str, Any]:
    """Decide for every customer of a home; the report.

    What was weighed before an interruption is not weighed again. A challenger under way decides for its share. Raises
    `InvalidInputError` of a placement that the catalogue does not have, of a folder that holds another batch or other
    files, of a name under which another batch recorded decisions, where this one is to, or where nobody is known.
    """
    with compose(home, workspace) as composition:
        composition.scorer = champion_scorer(composition.home.path)
        return run_batch(composition, order, rollout=usable_rollout(composition.home.path, say), say=say)


def run_batch(
    composition: Composition,
    order: Order,
    *,
    rollout: Rollout | None = None,
    say: Callable[[str], object] = lambda _: None,
) -> dict[str, Any]:
    """As `decide_batch`, of a home that is open. Parameters: `rollout`, a challenger beside its scorer."""
    check_folder(order.out)
    compiled = composition.catalog
    plan = agreed_plan(order.out, _plan(composition, order, rollout))
    if order.record:
        refuse_used_name(composition.decisions, plan)
    sides = Sides(learned_scorer(order.out, composition, now=plan.now), rollout)
    population = composition.population()
    keep_customers(order.out, population, plan.customers_at_once)
    keep_plan(order.out, plan)
    composition.projection.catch_up()
    weigher = Weigher(plan, population, compiled, sides, order.out / "weighed")
    paths = weigher.weigh_all(kept_customers(order.out), order.workers)
    if not paths:
        raise InvalidInputError(f"nobody whom the batch in {order.out} is for is known any more", field="out")
    say(f"weighed {len(paths)} blocks")
    files = _files(composition, plan, paths)
    found = settle(files, gone_since(population, paths), refill=not order.record)
    say(f"settled {len(files.terms.pools)} pools")
    prices = dict(zip([pool.key for pool in files.terms.pools], found.prices.tolist(), strict=True))
    recorder = Recorder(composition, plan, prices, sides) if order.record else None
    report = _written(files, found, plan, order.out, Naming(plan.run, compiled.catalog.holdout.salt, recorder))
    replace_file(order.out / REPORT, orjson.dumps(report, option=orjson.OPT_INDENT_2))
    return report


def _plan(composition: Composition, order: Order, rollout: Rollout | None) -> Plan:
    placements = composition.catalog.catalog.placements
    if order.placement not in placements:
        known = ", ".join(sorted(placements))
        message = f"unknown placement {as_word(order.placement)}; the catalogue has {known}"
        raise InvalidInputError(message, code="unknown_placement", field="placement")
    if not composition.population().ids("", 1):
        raise InvalidInputError(f"nobody is known in {composition.home.path}; send or ingest events first")
    version = composition.catalog.catalog.version
    began = composition.clock()
    used = composition.population().pools.used(began)
    bundle, at_once = composition.scorer.version, order.customers_at_once
    plan = Plan(order.run, order.placement, began.isoformat(), version, bundle, at_once, used)
    if rollout is None or rollout.shadows:
        return plan
    return replace(plan, challenger=rollout.scorer.version, share=rollout.share)


def _files(composition: Composition, plan: Plan, paths: Sequence[Path]) -> Files:
    compiled = composition.catalog
    entrants = compiled.slots[plan.placement].entrants
    slate = Slate.of(each for entrant in entrants for each in entrant.candidates)
    terms = Terms.of(slate, tuple(compiled.pools.values()), plan.used)
    catalog = compiled.catalog
    return Files(paths, slate, terms, catalog.placements[plan.placement].must_fill, Rule.of(catalog))


@dataclass(frozen=True, slots=True)
class Naming:
    """What decisions are called, and who records them (None: nobody)."""

    run: str
    salt: str
    recorder: Recorder | None

    def decision_id(self, customer_id: str) -> str:
        """The id of a customer's decision in this batch."""
        return decision_id_of(request_id_of(self.run, customer_id), self.salt)


def _written(files: Files, found: Settled, plan: Plan, out: Path, naming: Naming) -> dict[str, Any]:
    """Write a file of decisions for each block, and leave no other; what they come to."""
    folder = out / "decisions"
    folder.mkdir(exist_ok=True)
    for path in {*folder.glob("block-*.parquet")} - {folder / each.name for each in files.paths}:
        path.unlink()
    stopped, n_recorded = Counter[str](), 0
    for (rows, block), path in zip(files.blocks(), files.paths, strict=True):
        table = _table(files, found, rows, block, naming)
        write_table(folder / path.name, table)
        stopped.update(block.stopped)
        n_recorded += sum(table["recorded"].to_pylist())
    told = {"stopped": dict(sorted(stopped.items())), "recorded": n_recorded}
    return {**_report(files, found, plan), **told}


def _table(files: Files, found: Settled, rows: slice, block: WeighedBlock, naming: Naming) -> pa.Table:
    chosen, moved = found.chosen[rows], found.moved[rows]
    offered, place = chosen != NOBODY, np.where(chosen != NOBODY, chosen, 0)
    net = block.priority - files.terms.charges(found.prices)
    recorded, ids = np.zeros(len(chosen), dtype=np.bool_), block.ids
    if naming.recorder is not None:
        recorded = naming.recorder.record(ids, drawn_actions(files.slate.names, chosen, moved))
    return pa.table(
        {
            "customer_id": ids,
            "decision_id": [naming.decision_id(each) for each in ids],
            "arm": block.arms,
            "bundle": block.bundles,
            "action": _words([each.action.name for each in files.slate.candidates], place, ~offered),
            "treatment": _words([each.treatment.name for each in files.slate.candidates], place, ~offered),
            "send_at": block.sent(chosen),
            "propensity": pa.array(picked(block.propensity, chosen, np.nan), mask=~offered),
            "priority": pa.array(picked(net, chosen, np.nan), mask=~offered),
            "action_probability": pa.array(found.drawn.probability[rows], mask=moved),
            "explored": found.drawn.explored[rows],
            "moved": moved,
            "recorded": recorded,
        }
    )


def _words(names: Sequence[str], place: np.ndarray[Any, Any], missing: np.ndarray[Any, Any]) -> pa.Array:
    codes = pa.array(place.astype(np.int32), mask=missing)
    return pa.DictionaryArray.from_arrays(codes, pa.array(names)).cast(pa.string())


def _report(files: Files, found: Settled, plan: Plan) -> dict[str, Any]:
    terms, taken = files.terms, files.terms.taken(found.chosen)
    explored = terms.taken(found.chosen[found.drawn.explored & ~found.moved])
    named = Counter(files.slate.names[at] for at in found.chosen[found.chosen != NOBODY].tolist())
    return {
        "run": plan.run,
        "placement": plan.placement,
        "as_of": plan.as_of,
        "catalog": plan.catalog,
        "bundle": plan.bundle,
        "customers": len(found.chosen),
        "contacts": int(named.total()),
        "moved": int(found.moved.sum()),
        "actions": dict(sorted(named.items())),
        "pools": {
            pool.key: {
                "left": float(terms.left[nth] / terms.scale[nth]),
                "taken": float(taken[nth] / terms.scale[nth]),
                "explored": float(explored[nth] / terms.scale[nth]),
                "price": float(found.prices[nth]),
            }
            for nth, pool in enumerate(terms.pools)
        },
        "value": found.bound.value,
        "bound": found.bound.bound,
        "optimality_gap": found.bound.gap,
    }


_REMEDY = "a smaller exploration.epsilon, or explore: false on the channel, leaves it to priorities"


def report_in_words(report: Mapping[str, Any]) -> str:
    """A few lines for people."""
    pools = [
        f"{key}: {each['taken']:g} of {each['left']:g}, {each['explored']:g} of it by chance, price {each['price']:.4g}"
        for key, each in report["pools"].items()
    ]
    crowded = [
        key for key, each in report["pools"].items() if each["price"] > 0 and 2 * each["explored"] > each["taken"]
    ]
    lines = [
        f"{report['contacts']} of {report['customers']} customers are offered something, {report['moved']} moved",
        *pools,
        *[f"{key} is so small that exploration takes most of it, whatever that is worth: {_REMEDY}" for key in crowded],
        f"value {report['value']:.2f}, at most {report['bound']:.2f}; gap {100 * report['optimality_gap']:.3f} %",
        json.dumps(report["actions"]),
    ]
    return "\n".join(lines)
