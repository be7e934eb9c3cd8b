"""The first pass of a batch: block by block through the funnel, scored and weighed, on every processor."""

import gc
import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped] # it ships no types

from decisioning.arbitration_rule import Rule
from decisioning.decide import epsilon_of, temperature_of
from decisioning.eligibility import CompiledCatalog
from decisioning.outbound.choice import Chances, seeds, uniforms
from decisioning.outbound.sampling import Sampling
from decisioning.outbound.sending import send_times
from decisioning.outbound.sides import Sides
from features.population import Population
from pipelines.outbound.plan import Plan
from pipelines.outbound.weighed import write_block


@dataclass(frozen=True, slots=True)
class Weigher:
    """Weighs blocks of a population, each into a file of its own."""

    plan: Plan
    population: Population
    compiled: CompiledCatalog
    sides: Sides
    folder: Path

    def weigh_all(self, blocks: Iterable[Sequence[str]], workers: int | None = None) -> list[Path]:
        """Weigh whatever was not yet; the files of all blocks, in order. Memory is that of a block for each worker.

        Who is no customer any more is left out, and a block of nobody else has no file. Parameters: `blocks`, the same
        customers whenever the batch goes on.

        Each worker multiplies matrices by itself: threads that would help it wait by spinning, on others' processors.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        paths: list[Path] = []
        at_once = workers or os.cpu_count() or 1
        with threadpool_limits(limits=1), _lasting(), ThreadPoolExecutor(at_once) as pool:
            open_ones: set[Future[None]] = set()
            for nth, ids in enumerate(blocks):
                path = self.folder / f"block-{nth:05}.parquet"
                if path.exists():
                    paths.append(path)
                elif known := self.population.known(ids):
                    paths.append(path)
                    open_ones.add(pool.submit(self._weigh, known, path))
                if len(open_ones) > at_once:
                    done, open_ones = wait(open_ones, return_when=FIRST_COMPLETED)
                    _raise_failed(done)
            _raise_failed(wait(open_ones).done)
        return paths

    def _weigh(self, ids: list[str], path: Path) -> None:
        catalog = self.compiled.catalog
        placement = catalog.placements[self.plan.placement]
        crowd = replace(self.population.crowd(ids, self.plan.now), used=self.plan.used)
        block = self.sides.weighed(crowd, self.compiled, placement)
        told = zip(block.arms, block.bundles, strict=True)
        rates = [epsilon_of(arm, placement, catalog, version=bundle) for arm, bundle in told]
        seeded = seeds(self.plan.run, ids, catalog, placement=placement.name)
        epsilon = np.array(rates, dtype=np.float64)
        sampling = None if block.factors is None else Sampling.by(seeded, block.factors, block.slate, Rule.of(catalog))
        temperature = temperature_of(placement, catalog)
        chances = Chances(uniforms(seeded), epsilon, placement.must_fill, block.preference, sampling, temperature)
        write_block(path, block, chances, send_times(crowd, block.slate, self.compiled, placement))


@contextmanager
def _lasting() -> Iterator[None]:
    """What is there now stays: the garbage collector does not look at it for every some thousand rows that are read."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _raise_failed(done: set[Future[None]]) -> None:
    for future in done:
        future.result()
