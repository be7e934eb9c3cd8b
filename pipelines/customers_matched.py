"""What matching of customers found."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CustomersMatched:
    """What became of it. Parameters: `compared`, customers that were looked at; pairs `merged` and `proposed`."""

    compared: int
    merged: int
    proposed: int
