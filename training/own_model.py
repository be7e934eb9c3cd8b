"""A data scientist's own estimator as the effect of a response model: judged, shipped and served like a trained one.

What is shipped is text: LightGBM's own format and JSON. An estimator that is neither can meet the contract by saying
itself what it comes to as a `Blend`.
"""

from typing import Any, Protocol, runtime_checkable

import lightgbm
import numpy as np

from decisioning.errors import InvalidInputError
from training.blend import Blend
from training.encoding import Floats, Layout
from training.expansion import Expansion
from training.linear import Linear
from training.trees import Trees

ZERO_ONE = [0, 1]
ALLOWED = "a lightgbm.Booster or LGBMClassifier, or an object with `blend(layout)`"


@runtime_checkable
class PropensityModel(Protocol):
    """An estimator that says what it comes to: log-odds over the columns of a layout, on top of the rows' offset."""

    def blend(self, layout: Layout) -> Blend:
        """The estimator as a linear model, trees, or both."""
        ...


def as_blend(estimator: Any, layout: Layout) -> Blend:
    """What an estimator comes to.

    Raises: `InvalidInputError` of an estimator that cannot be shipped as text, was fitted on other columns, or says
    log-odds that are no numbers.
    """
    if isinstance(estimator, PropensityModel):
        return _scoring(estimator.blend(layout), layout, told_by=type(estimator).__name__)
    booster = getattr(estimator, "booster_", estimator)
    if isinstance(booster, lightgbm.LGBMModel):
        raise InvalidInputError(f"the {type(estimator).__name__} was not fitted yet")
    if not isinstance(booster, lightgbm.Booster):
        raise InvalidInputError(f"a {type(estimator).__name__} cannot be shipped as text; allowed: {ALLOWED}")
    _check_classes(getattr(estimator, "classes_", ZERO_ONE))
    return Blend(_nothing(layout), Trees(_plain(booster, layout)), 1.0)


def _scoring(blend: Any, layout: Layout, *, told_by: str) -> Blend:
    """What an estimator said that it comes to, tried on rows that anybody may have."""
    if not isinstance(blend, Blend):
        raise InvalidInputError(f"{told_by}.blend() comes to a {type(blend).__name__}; allowed: a Blend")
    if blend.trees is not None:
        _readable(blend.trees.booster, layout)
    try:
        said = blend.margin(_rows_to_try(layout))
    except (ValueError, IndexError) as problem:
        told = f"{told_by}.blend() cannot score rows of {len(layout.columns)} columns: {problem}"
        raise InvalidInputError(told, field="columns") from problem
    if not np.isfinite(said).all():
        raise InvalidInputError(f"{told_by}.blend() says log-odds that are no numbers")
    return blend


def _rows_to_try(layout: Layout) -> Floats:
    """Every action for somebody of whom all is 0, and for somebody of whom nothing is known."""
    actions = layout.actions.encode_all(layout.actions.entries)
    people = (np.full((len(actions), len(layout.features.columns)), value) for value in (0.0, np.nan))
    return np.vstack([np.hstack([customers, actions]) for customers in people])


def _check_classes(classes: Any) -> None:
    """A classifier foresees the last of its classes: of words, whichever comes last in the alphabet."""
    given = np.asarray(classes).tolist()
    if given != ZERO_ONE:
        raise InvalidInputError(f"the classifier tells {given} apart; allowed: {ZERO_ONE}, 1 where accepted")


def _plain(booster: lightgbm.Booster, layout: Layout) -> lightgbm.Booster:
    """A booster that says log-odds by itself."""
    if not _readable(booster, layout).dump_model()["objective"].startswith("binary"):
        given = booster.dump_model()["objective"].split(" ")[0]
        raise InvalidInputError(f"the booster's objective is {given}; allowed: binary", field="objective")
    return booster


def _readable(booster: lightgbm.Booster, layout: Layout) -> lightgbm.Booster:
    """A booster of the rows' columns that can be shipped and explained."""
    if booster.num_feature() != len(layout.columns):
        given, wanted = booster.num_feature(), len(layout.columns)
        raise InvalidInputError(f"the booster reads {given} columns; the rows have {wanted}", field="columns")
    if booster.pandas_categorical:
        raise InvalidInputError("fit on the rows' matrix: words of a data frame's categories are not shipped")
    if "\nis_linear=1\n" in booster.model_to_string():
        told = "the booster has linear trees, of which LightGBM cannot say what each feature does"
        raise InvalidInputError(f"{told}: decisions could not be explained", field="linear_tree")
    return booster


def _nothing(layout: Layout) -> Linear:
    """A linear model that says 0 of everybody."""
    empty = np.zeros((1, len(layout.columns)))
    customer, action = (Expansion.fit(empty, layout.columns, only=()) for _ in range(2))
    own = np.zeros((len(layout.actions.actions), customer.width))
    return Linear(customer, action, np.zeros(customer.width + action.width - 1), own, layout.position("action"))
