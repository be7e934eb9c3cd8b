"""A whole table, resolved without labels."""

import pytest
from people_builders import some_people

from features.matching.agreement import agreement
from features.matching.batch import Thresholds, match
from features.matching.model import ModelFileError, load_model
from features.matching.people import DuplicateIdError, people_of


@pytest.fixture(scope="module")
def resolved():
    people, truth = some_people()
    return people, truth, match(people)


def test_records_of_one_person_are_found_in_spite_of_errors(resolved) -> None:
    _, truth, found = resolved
    assert agreement(found.cluster.tolist(), truth).f1 > 0.98


def test_what_it_expects_to_be_right_is_about_what_is_right(resolved) -> None:
    _, truth, found = resolved
    assert found.belongs.mean() == pytest.approx(agreement(found.cluster.tolist(), truth).precision, abs=0.03)


def test_a_cluster_is_named_after_its_first_record(resolved) -> None:
    _, _, found = resolved
    cluster = found.cluster.tolist()
    assert all(cluster.index(name) == name for name in set(cluster))


def test_doubts_lie_between_the_thresholds(resolved) -> None:
    people, _, found = resolved
    wide = match(people, Thresholds(merge=0.999, review=0.01), found.model)
    assert wide.doubts
    assert all(0.01 <= doubt.probability <= 0.999 for doubt in wide.doubts)
    assert [doubt.probability for doubt in wide.doubts] == sorted((d.probability for d in wide.doubts), reverse=True)


def test_the_order_of_records_does_not_matter(resolved) -> None:
    people, _, found = resolved
    back = match(people.part(range(len(people))[::-1]), model=found.model)
    assert agreement(back.cluster.tolist()[::-1], found.cluster.tolist()).f1 == 1.0


def test_parameters_come_back_from_their_file_without_anybodys_address(resolved, tmp_path) -> None:
    people, truth, found = resolved
    file = tmp_path / "model.json"
    found.model.save(file)
    again = match(people, model=load_model(file))
    assert agreement(again.cluster.tolist(), truth).f1 == pytest.approx(
        agreement(found.cluster.tolist(), truth).f1, abs=0.02
    )
    assert "@" not in file.read_text()


@pytest.mark.parametrize("text", ["", "{}", '{"version": 99}', "[1]"])
def test_a_file_that_is_no_model_is_refused_by_name(tmp_path, text) -> None:
    file = tmp_path / "other.json"
    file.write_text(text)
    with pytest.raises(ModelFileError, match=r"other\.json"):
        load_model(file)


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_a_table_too_small_to_learn_from_is_resolved_by_the_defaults(n) -> None:
    people = people_of(list("abc"[:n]), {"email": ["x@y.example"] * n}, {"email": "email"})
    assert len(match(people).cluster) == n


def test_two_records_of_one_id_are_refused() -> None:
    with pytest.raises(DuplicateIdError, match="'a'"):
        people_of(["a", "a"], {"email": ["", ""]}, {"email": "email"})
