"""What one thread hands in one after the other shares a commit; nobody who waits for an answer waits for others."""

import threading

import pytest
from patience import LONGEST

from features.ledger import Ledger, insert_record


class AtWork:
    """A ledger whose writer is kept at work by a first operation, and what was to be called when all are in."""

    def __init__(self, ledger):
        self.ledger = ledger
        self.soon = []
        self._go = threading.Event()
        self.first = ledger.write(lambda _: self._go.wait(LONGEST))
        ledger.gather(self.soon.append)

    def add(self, name):
        row = ("event", name, None, 1, 1, 1, "test", b"{}")
        return self.ledger.write(lambda connection: insert_record(connection, row))

    def go_on(self):
        self._go.set()
        self.first.result(LONGEST)

    def stored(self):
        return [record.record_id for record in self.ledger.records()]


@pytest.fixture
def ledger(tmp_path):
    with Ledger(tmp_path / "home" / "ledger.db") as opened:
        yield opened


@pytest.fixture
def writer(ledger):
    at_work = AtWork(ledger)
    yield at_work
    at_work.go_on()


def test_what_is_handed_in_while_the_writer_is_at_work_waits_until_all_is_in(writer):
    waiting = [writer.add(name) for name in "abc"]
    writer.go_on()
    assert (writer.stored(), [each.done() for each in waiting]) == ([], [False] * 3)
    assert len(writer.soon) == 1
    writer.soon[0]()
    assert [each.result(LONGEST) for each in waiting] == [1, 2, 3]
    assert writer.stored() == ["a", "b", "c"]


def test_who_waits_for_a_result_waits_for_no_others(writer):
    waiting = writer.add("a")
    writer.go_on()
    assert waiting.result(LONGEST) == 1


def test_what_is_handed_in_while_the_writer_is_idle_waits_until_all_is_in_too(writer):
    writer.go_on()
    waiting = [writer.add(name) for name in "ab"]
    assert (writer.stored(), len(writer.soon)) == ([], 1)
    writer.soon[0]()
    assert [each.result(LONGEST) for each in waiting] == [1, 2]


def test_other_threads_do_not_wait(writer):
    found = []
    other = threading.Thread(target=lambda: found.append(writer.add("a").result(LONGEST)))
    other.start()
    writer.go_on()
    other.join(LONGEST)
    assert (found, writer.soon) == ([1], [])


@pytest.mark.parametrize("end", [lambda ledger: ledger.gather(None), lambda ledger: ledger.close()])
def test_what_waits_is_written_when_gathering_or_the_ledger_ends(writer, ledger, end):
    waiting = writer.add("a")
    writer.go_on()
    end(ledger)
    assert waiting.result(LONGEST) == 1
