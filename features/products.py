"""Products of an e-commerce event: one in its properties, or a list of them in `products` (the Segment spec)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from features.number import are_usual, is_usual, number_of, numbers_of
from features.runs import Floats


def ordered_quantity(properties: Mapping[str, Any]) -> float:
    """How many pieces; a product without a quantity is one.

    >>> ordered_quantity({"products": [{"quantity": 2}, {"sku": "b"}]}), ordered_quantity({"sku": "a"})
    (3.0, 1.0)
    """
    return sum(_quantity(product) for product in _products(properties))


def ordered_amount(properties: Mapping[str, Any], category: str) -> float:
    """The money of the products, of one category or ("") of all; NaN where none is of the category.

    A product counts its price times its quantity; one that names no price counts the event's `revenue` where it is the
    only product, and nothing else.

    >>> basket = {"products": [{"category": "tea", "price": 3, "quantity": 2}, {"category": "milk", "price": 1}]}
    >>> ordered_amount(basket, "tea"), ordered_amount(basket, ""), ordered_amount(basket, "cups")
    (6.0, 7.0, nan)
    """
    chosen = [product for product in _products(properties) if not category or product.get("category") == category]
    return sum(map(_amount, chosen)) if chosen or not category else float("nan")


def lone_quantities(properties: Sequence[Mapping[str, Any]]) -> Floats:
    """As `ordered_quantity`, of events without a list of products.

    >>> lone_quantities([{"quantity": 2}, {"sku": "b"}]).tolist()
    [2.0, 1.0]
    """
    return 0.0 + _numbers(properties, "quantity", otherwise=1.0)  # as a sum begins: never -0.0


def lone_amounts(properties: Sequence[Mapping[str, Any]]) -> Floats:
    """As `ordered_amount` of all categories, of events without a list of products.

    >>> lone_amounts([{"price": 3, "quantity": 2}, {"revenue": 5}]).tolist()
    [6.0, 5.0]
    """
    prices, quantities = (_numbers(properties, name, otherwise=other) for name, other in _PRICED)
    amounts = prices * quantities
    usual = are_usual(amounts)
    if not usual.all():
        amounts = np.where(usual, amounts, _numbers(properties, "revenue", otherwise=0.0))
    return 0.0 + amounts


def _products(properties: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    listed = properties.get("products")
    if not isinstance(listed, list):
        yield properties
        return
    yield from (product for product in listed if isinstance(product, Mapping))


def _quantity(product: Mapping[str, Any]) -> float:
    return _number(product, "quantity", otherwise=1.0)


def _amount(product: Mapping[str, Any]) -> float:
    amount = _number(product, "price", otherwise=float("nan")) * _quantity(product)
    return amount if is_usual(amount) else _number(product, "revenue", otherwise=0.0)


def _numbers(properties: Sequence[Mapping[str, Any]], name: str, *, otherwise: float) -> Floats:
    values = numbers_of([said.get(name, otherwise) for said in properties])
    return np.where(values == values, values, otherwise)


def _number(product: Mapping[str, Any], name: str, *, otherwise: float) -> float:
    value = number_of(product.get(name))
    return value if value == value else otherwise


_PRICED = (("price", float("nan")), ("quantity", 1.0))
