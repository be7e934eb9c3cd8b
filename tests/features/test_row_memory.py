"""Rows seen lately are not read again, within bounds."""

from features.online_store import PackedRow
from features.row_memory import RowMemory


class Store:
    """Rows of one view; counts whom it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def read_many(self, customers):
        self.asked += customers
        return [PackedRow(customer, "v", 1, 1, b"") for customer in customers if customer != "nobody"]


def test_a_row_is_read_once_and_then_remembered_as_it_was_written():
    store, memory = Store(), RowMemory()
    assert memory.read(["a", "nobody"], store) == {"a": {"v": PackedRow("a", "v", 1, 1, b"")}, "nobody": {}}
    written = PackedRow("nobody", "v", 2, 2, b"x")
    assert list(memory.noting([written])) == [written]
    assert memory.read(["nobody", "a"], store)["nobody"] == {"v": written}
    assert store.asked == ["a", "nobody"]


def test_whoever_was_not_met_for_longest_is_forgotten_first():
    store, memory = Store(), RowMemory(most=2)
    memory.read(["a", "b"], store)
    memory.read(["a", "c"], store)
    memory.shrink()
    memory.read(["a", "b", "c"], store)
    assert store.asked == ["a", "b", "c", "b"]


def test_what_is_forgotten_is_read_anew():
    store, memory = Store(), RowMemory()
    memory.read(["a", "b"], store)
    memory.forget(["a", "unheard of"])
    memory.read(["a", "b"], store)
    memory.clear()
    memory.read(["b"], store)
    assert store.asked == ["a", "b", "a", "b"]
