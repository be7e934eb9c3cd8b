"""Takes out of u, and of how common values are, what pairs of one person add to them.

Pairs taken at random are not all of two people: in a table where everybody has four records, an e-mail address that
four records share is one person's, and says all the more. The share of pairs of one person is the prior.
"""

from dataclasses import replace

from features.matching.comparison import EXACT
from features.matching.configuration import COMPARISONS
from features.matching.model import FieldModel, Model

LEAST = 0.02
"""Of u, so much is left at least: the prior is an estimate."""


def corrected(model: Model, prior: float) -> Model:
    """The model with u and frequencies of pairs of two people only.

    Parameters: `model`, as trained; `prior`, log₂ odds that two records taken at random are of one person.
    """
    share = 1.0 / (1.0 + 2.0**-prior)
    return replace(
        model, prior=prior, fields=tuple(_corrected(field, share, model.n_records) for field in model.fields)
    )


def _corrected(field: FieldModel, share: float, n_records: int) -> FieldModel:
    u = [max(u - share * m, LEAST * u) for m, u in zip(field.m, field.u, strict=True)]
    own = share * field.m[COMPARISONS[field.kind].names.index(EXACT)]
    rarest = 0.25 / max(n_records, 1)
    frequency = {value: max(common - own, rarest) for value, common in field.frequency.items()}
    return replace(field, u=tuple(value / sum(u) for value in u), frequency=frequency, rarest=rarest)
