"""What customers will spend: a probabilistic and a tree model, averaged, as far apart as an earlier window says."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped] # it ships no types

from decisioning.errors import ArtifactError, InvalidInputError
from training.booster_text import Texts, booster_from_text, in_letters
from training.encoding import Floats
from training.tabular.mixture import Mixture
from training.trees import Trees
from training.value.bg_nbd import BgNbd, fit_bg_nbd
from training.value.features import COLUMNS, features
from training.value.gamma_gamma import GammaGamma, fit_gamma_gamma
from training.value.season import season
from training.value.spread import Spread, choose_power
from training.value.transactions import Transactions, summary
from training.value.two_stage import REACHES, TwoStage, fit_two_stage

KIND = "value"


@dataclass(frozen=True, slots=True)
class ValueModel:
    """Expected amounts of every customer over a horizon.

    Parameters: `horizon` in days; `buys` and `pays`, the probabilistic model; `trees`, where history was long enough;
    `spread`, how far expectations lie apart; `season` ahead.
    """

    horizon: float
    buys: BgNbd
    pays: GammaGamma
    trees: tuple[TwoStage, ...] = ()
    spread: Spread = field(default_factory=Spread)
    season: float = 1.0

    def probabilistic(self, known: Transactions, end: float, horizon: float | None = None) -> Floats:
        """By BG/NBD and Gamma-Gamma alone, by customer code (n_customers,); 0 of one who never paid."""
        now = summary(known, end)
        out = np.zeros(len(known.customers))
        out[now.code] = self.buys.purchases(now, (horizon or self.horizon) / 7) * self.pays.mean_amount(now)
        return out

    def expected(self, known: Transactions, end: float) -> Floats:
        """Amounts (n_customers,) of the horizon after a day, from transactions before it."""
        return self.season * self.spread.apply(self.averaged(known, end))

    def averaged(self, known: Transactions, end: float) -> Floats:
        """The mean (n_customers,) of the probabilistic model and of the trees, where there are any."""
        by_rates = self.probabilistic(known, end)
        if not self.trees:
            return by_rates
        grown = np.mean([by_trees(self, each, known, end) for each in self.trees], axis=0)
        return np.asarray((by_rates + grown) / 2)

    def discounted(self, known: Transactions, end: float, *, n_horizons: int, yearly_rate: float) -> Floats:
        """Present value (n_customers,) of the next horizons' amounts, each discounted to its middle.

        The first is `expected`; the later ones follow it as BG/NBD sees customers leave. Of a customer of whom it
        knows nothing, for want of a day with a positive amount, the first alone counts.
        """
        reached = [np.zeros(len(known.customers))]
        reached += [self.probabilistic(known, end, self.horizon * number) for number in range(1, n_horizons + 1)]
        first = np.where(reached[1] > 0, reached[1], 1.0)
        middle = (np.arange(n_horizons) + 0.5) * self.horizon / 365.25
        kept = [np.ones(len(first)), *((reached[n + 1] - reached[n]) / first for n in range(1, n_horizons))]
        return np.asarray(self.expected(known, end) * ((1 + yearly_rate) ** -middle @ kept))

    def to_json(self) -> tuple[dict[str, Any], Texts]:
        """Everything but the trees, and their text by file name."""
        texts: Texts = {}
        numbers = {"horizon": self.horizon, "season": self.season, "spread": asdict(self.spread)}
        rates = {name: getattr(self.buys, name) for name in BgNbd.__dataclass_fields__}
        amounts = {name: getattr(self.pays, name) for name in GammaGamma.__dataclass_fields__}
        trees = [_trees_json(each, in_letters(number), texts) for number, each in enumerate(self.trees)]
        return {"kind": KIND, **numbers, "buys": rates, "pays": amounts, "trees": trees}, texts

    @classmethod
    def from_json(cls, content: Mapping[str, Any], texts: Texts) -> "ValueModel":
        """The model again; raises `ArtifactError` where something is missing."""
        try:
            return cls(
                float(content["horizon"]),
                BgNbd(**content["buys"]),
                GammaGamma(**content["pays"]),
                tuple(_trees_of(each, texts) for each in content["trees"]),
                Spread(float(content["spread"]["power"]), float(content["spread"]["scale"])),
                float(content["season"]),
            )
        except (KeyError, TypeError, ValueError) as problem:
            raise ArtifactError(f"bundle.json: does not describe a value model: {problem!r}") from problem


def _trees_json(trees: TwoStage, letter: str, texts: Texts) -> dict[str, Any]:
    file = f"amount_{letter}.txt"
    texts[file] = trees.amount.booster.model_to_string()
    buys = trees.buys.to_json(f"buys_{letter}", texts)
    return {"buys": buys, "amount": file, "scale": trees.scale, "reach": trees.reach}


def _trees_of(content: Mapping[str, Any], texts: Texts) -> TwoStage:
    width, file = len(COLUMNS), content["amount"]
    buys = Mixture.from_json(content["buys"], texts, width=width)
    amount = Trees(booster_from_text(file, texts[file], width))
    return TwoStage(buys, amount, float(content["scale"]), float(content["reach"]))


def by_trees(model: ValueModel, trees: TwoStage, known: Transactions, end: float) -> Floats:
    """Two stages over a whole horizon (n_customers,), stretched from their reach as BG/NBD says."""
    codes = np.unique(known.code)
    whole, part = (model.probabilistic(known, end, h * model.horizon)[codes] for h in (1.0, trees.reach))
    stretch = np.where(part > 0, whole / np.where(part > 0, part, 1.0), 1 / trees.reach)
    out = np.zeros(len(known.customers))
    out[codes] = stretch * trees.spends(features(known, codes, end=end, horizon=model.horizon))
    return out


def learn_value(known: Transactions, *, end: float, horizon: float, seed: int = 7) -> ValueModel:
    """Learn from transactions before a day; how far apart comes from the horizon before it, learned likewise.

    Raises `InvalidInputError` where hardly anybody bought twice.
    """
    with threadpool_limits(limits=1):
        known = known.until(end)
        if not len(known.code):
            raise InvalidInputError("no transaction lies before the end", code="no_rows")
        model = replace(_fit(known, end, horizon, seed), season=season(known, end=end, horizon=horizon))
        power = _power(known, end, horizon, seed)
        return replace(model, spread=Spread.keeping_the_sum(power, model.averaged(known, end)))


def _fit(known: Transactions, end: float, horizon: float, seed: int) -> ValueModel:
    now = summary(known, end)
    tried = [fit_two_stage(known, end=end, horizon=horizon, reach=reach, seed=seed) for reach in REACHES]
    trees = tuple(each for each in tried if each is not None)
    return ValueModel(horizon, fit_bg_nbd(now), fit_gamma_gamma(now), trees)


def _power(known: Transactions, end: float, horizon: float, seed: int) -> float:
    """How far apart expectations should lie by the last horizon that is over, learned from what lay before it."""
    before = end - horizon
    if before - known.day.min() < horizon:
        return 1.0
    then = known.until(before)
    try:
        earlier = _fit(then, before, horizon, seed)
    except InvalidInputError:
        return 1.0
    codes = np.unique(then.code)
    return choose_power(earlier.averaged(then, before)[codes], known.spent(before, end)[codes])
