"""The book of moments: in whatever order events become known, a trigger comes as far with a customer."""

from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from decisioning.trigger import Course, Trigger, state_of
from features.instant import from_us
from features.trigger.moment_book import MomentBook, Sign

AFTER = timedelta(minutes=30)
MINUTE = 60_000_000
TRIGGER = Trigger("cart", "mail", "Added", unless=("Ordered",), after=AFTER)
SIGNS = st.lists(
    st.tuples(st.integers(1, 3), st.integers(0, 90), st.booleans()), max_size=12, unique_by=lambda each: each[1]
)


def a_book(folder):
    book = MomentBook(Path(folder) / "triggers.db")
    book.begin("cart", "words", 0)
    return book


def noted(book, signs):
    told = [Sign("cart", node, minute * MINUTE, f"{minute}", begins) for node, minute, begins in signs]
    book.note(told, after_us={"cart": AFTER // timedelta(microseconds=1)}, seq=9)
    return book


def plainly(signs):
    """The course with one customer, from all events at once."""
    began = [minute for _, minute, begins in signs if begins]
    off = [minute for _, minute, begins in signs if not begins]
    return Course(*(from_us(max(each) * MINUTE) if each else None for each in (began, off)))


@settings(max_examples=40)
@given(SIGNS, st.randoms(use_true_random=False), st.integers(0, 200))
def test_the_order_of_arrival_changes_nothing(signs, chance, minute):
    with TemporaryDirectory() as folder:
        book = a_book(folder)
        arriving = chance.sample(signs, len(signs))
        for each in arriving:
            noted(book, [each])
        occasion, now = book.occasion("cart", (1, 2, 3)), from_us(minute * MINUTE)
        assert occasion.course == plainly(signs)
        assert state_of(TRIGGER, occasion.course, now=now) == state_of(TRIGGER, plainly(signs), now=now)
        if state_of(TRIGGER, occasion.course, now=now) == "due":
            assert book.due(now=now, most=9)


def test_what_was_dealt_with_is_not_due_again_however_late_it_is_told_of_once_more():
    with TemporaryDirectory() as folder:
        book = noted(a_book(folder), [(1, 5, True)])
        book.deal_with("cart", 1, from_us(5 * MINUTE))
        noted(book, [(1, 5, True), (1, 3, True)])
        assert book.due(now=from_us(90 * MINUTE), most=9) == []


def test_a_trigger_of_other_words_is_read_anew():
    with TemporaryDirectory() as folder:
        book = noted(a_book(folder), [(1, 5, True)])
        assert (book.read_until("cart", "words"), book.read_until("cart", "others")) == (9, None)
        book.begin("cart", "others", 4)
        assert book.due(now=from_us(90 * MINUTE), most=9) == []
