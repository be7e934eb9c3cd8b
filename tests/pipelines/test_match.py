"""`tsugi match`: a table in any form, alone or with another, is resolved; what cannot be is said in one line."""

import csv
import gzip
import json
import sys

import pandas as pd
import pytest
from people_builders import COLUMNS, some_rows

from features.matching.people_file import read_people
from pipelines.cli import main

DONE, FAILED, USAGE = 0, 1, 2
ROWS = list(enumerate(some_rows()))
"""Four records of each of 60 people, most with an error or a gap."""
HEADER = ("id", *COLUMNS, "person")
GERMAN = ("nr", "vorname", "nachname", "geboren", "ort", "post", "person")
STATED = ("vorname=given", "nachname=surname", "geboren=birth_date", "ort=city", "post=email")


def written(path, rows=ROWS, *, header=HEADER, opener=open, delimiter=","):
    """A table of records, numbered anew, with the person that each is of."""
    with opener(path, "wt", newline="") as stream:
        told = [(number, *row, place // 4) for number, (place, row) in enumerate(rows, 1)]
        csv.writer(stream, delimiter=delimiter).writerows([header, *told])
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The people in every form, with what is no table of people beside them."""
    folder = tmp_path_factory.mktemp("people")
    pd.read_csv(written(folder / "people.csv")).to_parquet(folder / "people.parquet")
    written(folder / "semicolons.csv", delimiter=";")
    written(folder / "packed.csv.gz", opener=gzip.open)
    written(folder / "german.csv", header=GERMAN)
    for name, places in (("one", (0, 1)), ("two", (2, 3))):
        written(folder / f"{name}.csv", [row for row in ROWS if row[0] % 4 in places])
    (folder / "empty.csv").touch()
    (folder / "header.csv").write_text("first_name,surname\n")
    (folder / "numbers.csv").write_text("a,b\n1,2\n")
    (folder / "wide.csv").write_text("first_name,surname\nana,diaz,3\n")
    (folder / "twice.csv").write_text("id,first_name\n1,ana\n1,eva\n")
    return folder


@pytest.fixture
def tsugi(folder, monkeypatch, capsys):
    """The command line in that folder; its exit code and what it said."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr("pipelines.cli.quiet_environment", lambda _: {})

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["tsugi", "match", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code, *capsys.readouterr()

    return run


@pytest.fixture
def model(folder, tsugi):
    """The parameters that were learned from the whole table, once."""
    if not (folder / "model.json").exists():
        assert tsugi("people.csv", "--truth", "person", "--save-model", "model.json")[0] == DONE
    return "model.json"


def found(told):
    code, out, err = told
    assert code == DONE, err
    return json.loads(out)


def clusters(path):
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_every_record_is_put_somewhere_with_how_sure_that_is(folder, tsugi, model):
    said = found(tsugi("people.csv", "--truth", "person", "--model", model, "--out", "out.csv", "--json"))
    told = clusters(folder / "out.csv")
    assert [row["id"] for row in told] == [str(number) for number in range(1, len(ROWS) + 1)]
    assert {row["table"] for row in told} == {"people.csv"}
    assert all(0 <= float(row["probability"]) <= 1 for row in told)
    assert (said["records"], said["clusters"]) == (len(ROWS), len({row["cluster"] for row in told}))
    assert said["fields"] == dict(zip(COLUMNS, ("given", "surname", "birth_date", "city", "email"), strict=True))
    assert (said["ids"], said["ignored"]) == ("id", ["person"])
    assert said["scored"]["f1"] > 0.98


@pytest.mark.parametrize("table", ["people.parquet", "semicolons.csv", "packed.csv.gz"])
def test_the_form_of_a_table_does_not_matter(tsugi, model, table):
    asked = ("--truth", "person", "--model", model, "--json")
    assert found(tsugi(table, *asked)) == found(tsugi("people.csv", *asked))


def test_whole_numbers_of_a_parquet_file_stay_whole_beside_a_gap(folder):
    pd.DataFrame({"id": [1, 2], "phone": [600112233, None]}).astype({"phone": "Int64"}).to_parquet(folder / "n.parquet")
    table = read_people(folder / "n.parquet")
    assert (table.ids, table.columns["phone"]) == (["1", "2"], ["600112233", ""])


def test_two_tables_are_linked_though_both_count_from_one(folder, tsugi, model):
    asked = ("--against", "two.csv", "--truth", "person", "--model", model, "--out", "both.csv", "--json")
    assert found(tsugi("one.csv", *asked))["scored"]["f1"] > 0.98
    told = clusters(folder / "both.csv")
    assert [row["table"] for row in told] == ["one.csv"] * 120 + ["two.csv"] * 120
    tables = [{row["table"] for row in told if row["cluster"] == each} for each in {row["cluster"] for row in told}]
    assert sum(len(each) == 2 for each in tables) > 50


def test_columns_of_other_names_are_stated(tsugi):
    code, _, err = tsugi("german.csv", "--id", "nr", "--truth", "person")
    assert (code, "no column is recognised" in err) == (FAILED, True)
    stated = [part for each in STATED for part in ("--field", each)]
    said = found(tsugi("german.csv", "--id", "nr", "--truth", "person", *stated, "--json"))
    assert list(said["fields"]) == list(GERMAN[1:6])
    assert said["scored"]["f1"] > 0.98


def test_between_the_thresholds_a_person_is_asked(folder, tsugi, model):
    asked = ("people.csv", "--model", model, "--review", "review.csv", "--json")
    sure = found(tsugi(*asked))
    doubtful = found(tsugi(*asked, "--merge-above", "1", "--review-above", "0.1"))
    questions = clusters(folder / "review.csv")
    assert doubtful["review"] == len(questions) > sure["review"]
    assert doubtful["clusters"] == len(ROWS)
    likely = [float(row["probability"]) for row in questions]
    assert likely == sorted(likely, reverse=True)
    assert min(likely) >= 0.1


WRONG = [
    ("missing.csv", "missing.csv does not exist"),
    ("empty.csv", "empty.csv is empty"),
    ("header.csv", "header.csv has no row"),
    ("numbers.csv", "no column is recognised among: a, b"),
    ("wide.csv", "wide.csv has more values in a row than names of columns"),
    ("twice.csv", "two records have the id '1'"),
    ("people.csv --truth nobody", "no column 'nobody'"),
    ("people.csv --id nobody", "no column 'nobody'"),
    ("people.csv --field city=town", "no kind 'town'; allowed: given"),
    ("people.csv --field town=city", "no column 'town'"),
    ("people.csv --against numbers.csv", "share no column"),
    ("people.csv --model people.csv", "people.csv is no model"),
    ("people.csv --model none.json", "none.json cannot be read"),
    ("german.csv --field vorname=given --model model.json", "the model compares first_name (given), surname (surname)"),
    ("people.csv --field city=none --model model.json", "the table has first_name (given)"),
    ("people.csv --model model.json --out none/out.csv", "none/out.csv cannot be written"),
    ("people.csv --model model.json --save-model none/model.json", "none/model.json: No such file"),
]


@pytest.mark.usefixtures("model")
@pytest.mark.parametrize(("line", "said"), WRONG, ids=[line for line, _ in WRONG])
def test_what_cannot_be_done_is_said_in_one_line(tsugi, line, said):
    code, out, err = tsugi(*line.split())
    assert (code, out) == (FAILED, "")
    assert err.startswith("tsugi: ")
    assert said in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    "line", ["people.csv --field city", "people.csv --review-above 0.9", "", "people.csv --merge-above 2"]
)
def test_wrong_options_are_wrong_usage(tsugi, line):
    code, _, err = tsugi(*line.split())
    assert code == USAGE
    assert "Traceback" not in err
