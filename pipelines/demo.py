"""The whole loop on a generated business: events in, decisions, outcomes back, a better policy, served over HTTP."""

import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import uuid4

from decisioning.errors import InvalidInputError
from features.history import History
from features.home import Home
from features.workspace import Workspace
from pipelines.candidate import Candidate
from pipelines.champion import champion_scorer
from pipelines.clock import SimulatedClock, system_clock
from pipelines.composition import Composition, compose
from pipelines.demo_summary import gap_in_words, show_customers, show_next, value_table
from pipelines.demo_values import demo_values
from pipelines.exit_code import ExitCode
from pipelines.ingest import load
from pipelines.live import LiveTime
from pipelines.retrain import FEWEST_DECISIONS, retrain
from pipelines.retrained import Retrained
from pipelines.running_service import RunningService, running_service
from pipelines.simulate import a_year_ago, world_of, write_history
from pipelines.stages import Stages
from pipelines.truth import TruthBook
from pipelines.world import Moment, World

FIRST_SHARE = 0.5
"""The share of the live time that passes before the first retraining."""
ASKED = 12
"""Customers asked for at the end, of whom three with different answers are shown."""
SHOWN = 3
MARKER = ".tsugi-demo"
"""Marks a folder as a demo's, which the next demo may replace."""


@dataclass
class Demo:
    """One run of the demo.

    Parameters: `home`, emptied first; `world`; `stages`, which show how far it is.
    """

    home: Path
    workspace: Path
    world: World
    stages: Stages
    book: TruthBook = field(default_factory=TruthBook)

    def run(self) -> None:
        """Run every stage and show the summary."""
        clock = SimulatedClock(self.world.opens_at)
        history = self._simulate()
        with compose(self.home, self.workspace, clock=clock) as composition:
            self._ingest(composition, history)
            live = LiveTime(self.world, composition, clock, self.book.keep)
            opens, closes = self.world.opens_at, self.world.closes_at
            self._live(live, opens + FIRST_SHARE * (closes - opens), "Decide with even exploration, before any model")
            self._retrain(composition, "Learn a first policy from the log, and let the gate judge it")
            self._live(live, closes, "Decide with what the gate let serve; outcomes come back")
            done, candidate = self._retrain(composition, "Learn again from the service's own log")
            currency = composition.catalog.catalog.currency
        self._serve(currency, done, candidate)

    def _simulate(self) -> Path:
        with self.stages.stage("Generate a business and its customers' history") as stage:
            path, n_events = write_history(self.world, self.home / "incoming")
            stage.result = f"{n_events:,} events in {path}"
        return path

    def _ingest(self, composition: Composition, history: Path) -> None:
        with self.stages.stage("Ingest: ledger, identities, golden record") as stage:
            stage.expect(history.stat().st_size, "bytes")
            arrives = composition.clock()
            receipt = load(
                composition, history, received_at=arrives, source="history", progress=stage.at, catch_up=False
            )
            stage.stop()
            stage.result = f"{receipt.accepted:,} events, {receipt.duplicates:,} duplicates, {_customers(composition)}"
        with self.stages.stage("Features: history as it was known then, and the online store") as stage:
            History(composition.home.history, composition.features).catch_up(composition.ledger)
            composition.projection.catch_up()
            stage.result = f"{len(composition.features.names)} features in {len(composition.features.views)} views"

    def _live(self, live: LiveTime, until: Any, title: str) -> None:
        with self.stages.stage(title) as stage:
            began = live.clock.now
            stage.expect((until - began) / timedelta(days=1), "days")
            n_decisions = 0
            for made in live.run(until):
                n_decisions += made
                stage.at((live.clock.now - began) / timedelta(days=1))
            stage.stop()
            stage.result = (
                f"{n_decisions:,} decisions in {(until - began).days} days, each durable with its probability"
            )

    def _retrain(self, composition: Composition, title: str) -> tuple[Retrained, Candidate]:
        with self.stages.stage(title) as stage:
            done, candidate = retrain(composition, as_of=composition.clock(), say=_quiet)
            if candidate is None:
                raise InvalidInputError("nothing was learned; give the demo more --decisions")
            composition.scorer = champion_scorer(composition.home.path)
            stage.result = "\n      ".join(_verdict(done))
        return done, candidate

    def _serve(self, currency: str, done: Retrained, candidate: Candidate) -> None:
        started = running_service(self.home, self.workspace, log=self.home / "service.log")
        with self.stages.stage("Start the service, and ask it over HTTP") as stage, started as service:
            answers = list(_different(_ask(service, self._moments())))
            stage.result = f"{service.url} answered"
        console = self.stages.console
        console.print("\n[bold]Three customers, as the service answered[/]")
        show_customers(console, answers[:SHOWN])
        values = demo_values(candidate, self.book, first="first policy", retrained=_called(done))
        console.print()
        console.print(value_table(values, currency=currency))
        console.print(gap_in_words(values))
        console.print(f"[dim]All of it took {self.stages.cost()}.[/]\n")
        show_next(console, self.home, self.workspace)

    def _moments(self) -> list[Moment]:
        """Recent moments of customers who are known by name, at the placement that asks most."""
        closes = self.world.closes_at
        recent = self.world.moments(closes - timedelta(days=30), closes)
        known = [moment for moment in recent if moment.reference.kind == "user_id"]
        return known[-ASKED * 20 :: 20]


def run_demo(home: Path, workspace: Path, *, n_customers: int, n_decisions: int, seed: int) -> None:
    """Run the demo in a fresh home.

    Raises `InvalidInputError` where the home holds something that no demo made, or too little would be there to learn
    from: nothing is removed then.
    """
    world = world_of(
        workspace,
        n_customers=n_customers,
        n_live_decisions=n_decisions,
        seed=seed,
        starts_at=a_year_ago(system_clock()),
    )
    _check_enough(world, Workspace.load(workspace).goal.window)
    clear_home(home)
    Demo(home, workspace, world, Stages(total=8)).run()


def _check_enough(world: World, window: timedelta) -> None:
    """Refuse a world of whose first decisions too few are over by the first retraining."""
    opens, lasts = world.opens_at, FIRST_SHARE * (world.closes_at - world.opens_at)
    n = sum(1 for _ in islice(world.moments(opens, opens + lasts - window), FEWEST_DECISIONS))
    if n < FEWEST_DECISIONS:
        told = (
            f"of this business {n} decisions would be over by the first retraining, and {FEWEST_DECISIONS} are needed"
        )
        raise InvalidInputError(f"{told} to learn from; give more --customers or --decisions")


def clear_home(home: Path) -> None:
    """Empty a home that an earlier demo made, and mark it as a demo's."""
    if home.exists() and any(home.iterdir()) and not (home / MARKER).exists():
        raise InvalidInputError(f"{home} holds something that no demo made; choose another --home", field="home")
    shutil.rmtree(home, ignore_errors=True)
    Home(home).create()
    (home / MARKER).touch()


def _quiet(_: str) -> None:
    """The stage itself says what came of it."""


def _customers(composition: Composition) -> str:
    with composition.ledger.read() as connection:
        query = "SELECT count(*), count(DISTINCT customer_id) FROM identifier"
        identifiers, customers = connection.execute(query).fetchone()
    return f"{identifiers:,} identifiers of {customers:,} customers"


def _verdict(done: Retrained) -> Iterator[str]:
    yield f"from {done.decisions:,} decisions ({done.censored:,} still open are left out):"
    yield from done.reasons


def _called(done: Retrained) -> str:
    return "retrained policy" + ("" if done.exit_code is ExitCode.DONE else " (refused by the gate)")


def _ask(service: RunningService, moments: Iterable[Moment]) -> Iterator[dict[str, Any]]:
    for moment in moments:
        customer = {moment.reference.kind: moment.reference.value}
        yield service.post(
            "/v1/decisions",
            {"request_id": f"demo-{uuid4()}", "customer": customer, "placement": moment.placement},
        )


def _different(answers: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Answers that chose different actions first, then the others."""
    seen: set[str] = set()
    rest = []
    for answer in answers:
        if answer["chosen"] in seen or not answer["ranked"]:
            rest.append(answer)
        else:
            seen.add(answer["chosen"])
            yield answer
    yield from rest
