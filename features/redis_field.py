"""A packed row as a field of a customer's hash in Redis: both times, then the state."""

from collections.abc import Mapping
from struct import Struct

from features.online_store import PackedRow

_TIMES = Struct(">qq")


def packed(row: PackedRow) -> bytes:
    """The value of the field that is named after the view.

    >>> unpacked("c_1", {b"v": packed(PackedRow("c_1", "v", 5, 6, b"state"))})
    [PackedRow(customer_id='c_1', view='v', event_us=5, created_us=6, state=b'state')]
    """
    return _TIMES.pack(row.event_us, row.created_us) + row.state


def unpacked(customer_id: str, fields: Mapping[bytes, bytes]) -> list[PackedRow]:
    """The rows of one customer's hash."""
    times = {view: _TIMES.unpack_from(value) for view, value in fields.items()}
    return [
        PackedRow(customer_id, view.decode(), event_us, created_us, fields[view][_TIMES.size :])
        for view, (event_us, created_us) in times.items()
    ]
