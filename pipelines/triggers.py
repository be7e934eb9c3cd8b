"""Follows the triggers of a catalogue: from what customers do to what their channels' systems are told."""

import logging
import signal
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from random import Random
from threading import Event

import httpx

from decisioning.condition import compile_condition
from decisioning.decide import Ports
from decisioning.errors import InvalidInputError, TsugiError
from decisioning.trigger import Trigger
from features.catalog_source import compiled_catalog, feature_set_of
from features.home import Home
from features.population import Population
from features.rollout_pointer import CHALLENGER
from features.trigger.delivery_book import DeliveryBook
from features.trigger.moment_book import MomentBook
from features.trigger.watching import Watch
from features.webhook import secret_of
from features.workspace import Workspace
from pipelines.champion import champion_scorer
from pipelines.clock import system_clock
from pipelines.composition import Composition, compose
from pipelines.lease import lease
from pipelines.rollout import usable_rollout
from pipelines.trigger.firing import Firing
from pipelines.trigger.round import Following, Round
from pipelines.trigger.sending import AT_ONCE, Sending, Target
from pipelines.trigger.standing import Standing
from pipelines.trigger.sweep import Sweep
from training.manifest import POINTER

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Pace:
    """How often triggers are looked at. Parameters: `once`, one round only; `seconds` between two."""

    once: bool = False
    seconds: float = 5.0


def follow_triggers(
    home: Path,
    workspace: Path,
    pace: Pace,
    *,
    say: Callable[[Round], object],
    clock: Callable[[], datetime] = system_clock,
) -> None:
    """Follow the triggers of a workspace until a signal says to end, or for one round.

    A catalogue, a bundle or a challenger that changes is taken up by the next round; a catalogue that cannot be used is
    not. A challenger under way shadows, or decides for its share, as in the service. Raises
    `BusyError` where the triggers of this home are followed already, `InvalidInputError` where there is no trigger, or
    no webhook or no secret for one.
    """
    over = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    place = Home(home).create()
    with lease(place.lock("triggers"), work="following triggers"):
        while not over.is_set():
            before = _Files.of(place, workspace)
            with compose(home, workspace, clock=clock) as composition, _following(composition) as following:
                while not over.is_set() and not before.have_changed():
                    made = following.round(now=composition.clock())
                    say(made)
                    if made.goes_on:
                        continue
                    if pace.once:
                        return
                    over.wait(pace.seconds)


@dataclass(slots=True)
class _Files:
    """What a composition was made of, and whether something else that can be used is there now."""

    place: Home
    folder: Path
    content: tuple[bytes, ...]

    @classmethod
    def of(cls, place: Home, folder: Path) -> "_Files":
        return cls(place, folder, _content(place, folder))

    def have_changed(self) -> bool:
        content = _content(self.place, self.folder)
        if content == self.content:
            return False
        self.content = content
        settings = Workspace.load(self.folder)
        try:
            return bool(compiled_catalog(settings, feature_set_of(settings)).catalog.triggers)
        except TsugiError as error:
            logger.error("the changed files cannot be used, the former are: %s", error.message)
            return False


def _content(place: Home, folder: Path) -> tuple[bytes, ...]:
    files = (Workspace.load(folder).catalog_path, place.bundles / POINTER, place.bundles / CHALLENGER)
    return tuple(path.read_bytes() if path.exists() else b"" for path in files)


@contextmanager
def _following(composition: Composition) -> Iterator[Following]:
    triggers = composition.catalog.catalog.triggers
    if not triggers:
        raise InvalidInputError(f"{composition.workspace.catalog_path} has no triggers")
    targets = _targets(composition.workspace, _channels(composition, triggers))
    composition.scorer = champion_scorer(composition.home.path)
    rollout = usable_rollout(composition.home.path, logger.warning)
    book = MomentBook(composition.home.triggers)

    def ports() -> Ports:
        return replace(composition.ports(explained=1), rollout=rollout)

    firing = Firing(
        ports=ports,
        answers=composition.decisions,
        graph=composition.graph,
        book=book,
        triggers=triggers,
        conditions={name: compile_condition(each.condition) for name, each in triggers.items()},
    )
    without_event = [each for each in triggers.values() if not each.event]
    with (
        httpx.Client(follow_redirects=False, limits=httpx.Limits()) as client,
        ThreadPoolExecutor(AT_ONCE * len(targets)) as pool,
    ):
        sending = Sending(
            client=client,
            targets=targets,
            answers=composition.decisions,
            graph=composition.graph,
            deliveries=DeliveryBook(book),
            standing=Standing(ports, composition.graph, book),
            clock=composition.clock,
            chance=Random(),  # noqa: S311 (spreads attempts; no secret)
            pool=pool,
        )
        sweep = Sweep(without_event, firing, partial(_everybody, composition))
        yield Following(Watch(composition.ledger, book, triggers), firing, sweep, sending)


def _everybody(composition: Composition) -> Population:
    composition.projection.catch_up()
    return composition.population()


def _channels(composition: Composition, triggers: Mapping[str, Trigger]) -> set[str]:
    placements = composition.catalog.catalog.placements
    return {placements[each.placement].channel for each in triggers.values()}


def _targets(workspace: Workspace, channels: set[str]) -> dict[str, Target]:
    missing = sorted(channels - workspace.webhooks.keys())
    if missing:
        raise InvalidInputError(
            f"no [webhooks.{missing[0]}] in {workspace.folder / 'tsugi.toml'}; triggers decide for it"
        )
    return {channel: Target(workspace.webhooks[channel], secret_of(channel)) for channel in sorted(channels)}
