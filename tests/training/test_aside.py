"""A second thread takes pieces of work in turn; who waits for one that it has not begun does it himself."""

import threading
import time

import pytest
from patience import LONGEST

from training.aside import Aside, ahead


def test_a_piece_that_the_second_thread_has_not_begun_is_done_by_who_waits():
    first, seen = threading.Event(), []
    with Aside() as aside:
        busy = aside.later(lambda: first.wait(LONGEST))
        mine = aside.later(lambda: seen.append(threading.current_thread()))
        mine.result()
        first.set()
        assert busy.result()
    assert seen == [threading.current_thread()]


def test_a_piece_that_was_begun_is_done_once_and_by_the_second_thread():
    begun, seen = threading.Event(), []
    with Aside() as aside:
        piece = aside.later(lambda: (begun.set(), seen.append(threading.current_thread())))
        assert begun.wait(LONGEST)
        piece.result()
    assert len(seen) == 1
    assert seen[0] is not threading.current_thread()


def test_who_waits_hears_what_went_wrong():
    with Aside() as aside:
        piece = aside.later(lambda: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            piece.result()


def test_where_the_first_thread_gives_up_nothing_further_is_begun():
    first, done = threading.Event(), []

    def give_up():
        with Aside() as aside:
            aside.later(lambda: first.wait(LONGEST))
            second = aside.later(lambda: done.append(1))
            second._begun.add_done_callback(lambda _: first.set())  # the first is held up until the second is given up
            raise KeyError("gave up")

    with pytest.raises(KeyError):
        give_up()
    assert not done


def test_an_interruption_does_not_wait_for_a_piece_that_may_be_abandoned():
    first, ended = threading.Event(), threading.Event()

    def interrupted():
        with Aside(abandoned=True) as aside:
            aside.later(lambda: (first.wait(LONGEST), ended.set()))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert not ended.is_set()
    first.set()


def test_an_error_waits_for_a_piece_even_so():
    done = []

    def failed():
        with Aside(abandoned=True) as aside:
            begun = threading.Event()
            aside.later(lambda: (begun.set(), time.sleep(0.1), done.append(1)))
            begun.wait(LONGEST)
            raise KeyError("failed")

    with pytest.raises(KeyError):
        failed()
    assert done


def test_what_is_fetched_ahead_comes_in_its_order_and_is_fetched_by_the_second_thread():
    fetched = []

    def pieces():
        for number in (0, None, 2):
            fetched.append(threading.current_thread())
            yield number

    assert [*ahead(pieces())] == [0, None, 2]
    assert threading.current_thread() not in fetched


def test_the_next_piece_is_fetched_while_one_is_worked_on():
    second = threading.Event()

    def pieces():
        yield 1
        second.set()
        yield 2

    for number in ahead(pieces()):
        assert second.wait(LONGEST), number


def test_what_goes_wrong_in_fetching_is_heard_where_it_would_have_come():
    def pieces():
        yield 1
        raise KeyError("broken")

    found = ahead(pieces())
    assert next(found) == 1
    with pytest.raises(KeyError):
        next(found)
