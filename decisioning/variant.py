"""Tests: variants of an action beside each other, each for a share of the customers, by a hash that never changes."""

from collections.abc import Mapping
from dataclasses import dataclass

from decisioning.lot import position


@dataclass(frozen=True, slots=True)
class VariantTest:
    """One test.

    Parameters: `shares` of the customers by variant: whoever they leave out is in no variant and may meet each of them;
    `action`, of which the variants are treatments ("": the variants are actions); `salt` of the hash ("": the name).
    """

    name: str
    shares: Mapping[str, float]
    action: str = ""
    salt: str = ""

    def variant_of(self, customer_id: str) -> str:
        """The customer's variant; "" where they are in none.

        >>> VariantTest("picture", {"plain": 0.0, "photo": 1.0}).variant_of("c_1")
        'photo'
        >>> VariantTest("picture", {"plain": 0.0, "photo": 0.0}).variant_of("c_1")
        ''
        """
        left = position(customer_id, f"test:{self.salt or self.name}")
        for name in sorted(self.shares):
            left -= self.shares[name]
            if left < 0:
                return name
        return ""


def variants_of(customer_id: str, tests: Mapping[str, VariantTest]) -> dict[str, str]:
    """The customer's variant of each test that they are in."""
    found = {name: tests[name].variant_of(customer_id) for name in sorted(tests)} if tests else {}
    return {name: variant for name, variant in found.items() if variant}
