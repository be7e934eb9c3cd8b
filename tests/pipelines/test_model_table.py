import json
import sys
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from decisioning.errors import TsugiError
from pipelines.cli import app
from pipelines.model_table.file import read_table, write_table
from pipelines.model_table.fit import Shape
from training.encoding import FeatureColumn

sys.path.insert(0, str(Path(__file__).parents[1] / "training" / "tabular"))
from worlds import a_table


def run(*words):
    return CliRunner().invoke(app, ["model", *map(str, words)])


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    a_table(900).to_csv(folder / "table.csv", index=False)
    done = run(
        "fit", folder / "table.csv", "--label", "bought", "--id", "id", "--trials", 2, "--out", folder / "m", "--json"
    )
    assert done.exit_code == 0, done.output
    return folder, json.loads(done.stdout)


def test_a_fit_leaves_a_model_its_card_its_report_and_pictures(fitted):
    folder, report = fitted
    names = {file.name for file in (folder / "m").iterdir()}
    assert {"bundle.json", "card.md", "report.json", "reliability.png", "gain.png"} <= names
    assert {name.partition(".")[2] for name in names} <= {"json", "md", "png", "txt"}
    assert report["left_out"] == {}
    assert report["judged"]["held-out rows, drawn at random"]["auc"] > 0.6
    assert report["version"] in (folder / "m" / "card.md").read_text()


def test_what_lies_in_the_folder_changes_no_model(fitted, tmp_path):
    folder, first = fitted
    words = ("--label", "bought", "--id", "id", "--trials", 2, "--out", tmp_path / "m", "--json")
    versions = [json.loads(run("fit", folder / "table.csv", *words).stdout)["version"] for _ in range(2)]
    assert versions == [first["version"]] * 2


def test_no_row_of_the_table_is_in_the_folder(fitted):
    folder, _ = fitted
    assert all(b"c123" not in file.read_bytes() for file in (folder / "m").glob("*.[jtm]*"))


@pytest.mark.parametrize("ending", ["csv", "csv.gz", "parquet", "jsonl", "tsv"])
def test_every_format_is_read_and_written_with_the_same_probabilities(fitted, tmp_path, ending):
    folder, _ = fitted
    write_table(a_table(80, seed=3), tmp_path / f"new.{ending}")
    done = run("score", tmp_path / f"new.{ending}", "--model", folder / "m", "--out", tmp_path / f"out.{ending}")
    assert done.exit_code == 0, done.output
    write_table(a_table(80, seed=3), tmp_path / "plain.csv")
    run("score", tmp_path / "plain.csv", "--model", folder / "m", "--out", tmp_path / "plain_out.csv")
    found, plain = (
        read_table(tmp_path / name)["probability"].astype(float) for name in (f"out.{ending}", "plain_out.csv")
    )
    pd.testing.assert_series_equal(found, plain, atol=1e-9)


def test_blocks_need_outcomes_and_move_by_them(fitted, tmp_path):
    folder, _ = fitted
    write_table(a_table(80, seed=3), tmp_path / "new.csv")
    words = ("score", tmp_path / "new.csv", "--model", folder / "m", "--out", tmp_path / "o.csv", "--blocks", 4)
    assert run(*words).exit_code == 0
    write_table(a_table(80, seed=3).drop(columns="bought"), tmp_path / "new.csv")
    failed = run(*words)
    assert isinstance(failed.exception, TsugiError)
    assert "needs the outcome 'bought'" in failed.exception.message


def test_an_order_of_time_without_blocks_is_refused(fitted, tmp_path):
    folder, _ = fitted
    words = ("score", tmp_path / "new.csv", "--model", folder / "m", "--out", tmp_path / "o.csv", "--time", "age")
    failed = run(*words)
    assert failed.exit_code == 2
    assert "--time says in which order --blocks follow" in failed.stderr


@pytest.mark.parametrize("said", [{"yes": "bought", "no": "left"}, {"no": "left"}])
def test_outcomes_in_words_that_the_model_does_not_know_judge_nothing_and_are_told(fitted, tmp_path, said):
    folder, _ = fitted
    table = a_table(80, seed=3)
    write_table(table.assign(bought=table["bought"].replace(said)), tmp_path / "new.csv")
    done = run("score", tmp_path / "new.csv", "--model", folder / "m", "--out", tmp_path / "o.csv", "--json")
    assert "'left'" in done.stderr
    assert "expected 'yes' or 'no': they judge nothing" in done.stderr
    quality = json.loads(done.stdout, parse_constant=pytest.fail)["quality"]
    assert quality is None if "yes" in said else quality["auc"] is None


@pytest.mark.parametrize("name", ["probability", "low", "high"])
def test_a_column_of_the_table_is_never_overwritten_by_its_score(fitted, tmp_path, name):
    folder, _ = fitted
    write_table(a_table(80, seed=3, **{name: range(80)}), tmp_path / "new.csv")
    words = ("score", tmp_path / "new.csv", "--model", folder / "m", "--out", tmp_path / "o.csv")
    assert f"the table has {name!r} of its own" in run(*words).exception.message
    assert run(*words, "--prefix", "new_").exit_code == 0
    written = read_table(tmp_path / "o.csv")
    assert written[name].astype(int).tolist() == list(range(80))
    assert {"new_probability", "new_low", "new_high"} <= set(written.columns)


@pytest.mark.parametrize(
    ("content", "name", "code"),
    [
        (None, "absent.csv", "no_file"),
        ("", "empty.csv", "no_rows"),
        ("a,a\n1,2\n", "twice.csv", "invalid_file"),
        ("not parquet", "t.parquet", "invalid_file"),
        ("{broken", "t.jsonl", "invalid_file"),
        ("a,b\n", "t.xlsx", "invalid_file"),
    ],
)
def test_a_file_that_is_no_table_is_refused_by_name(tmp_path, content, name, code):
    if content is not None:
        (tmp_path / name).write_text(content)
    with pytest.raises(TsugiError) as found:
        read_table(tmp_path / name)
    assert found.value.code == code
    assert name in found.value.message


@pytest.mark.parametrize("text", ['"a";"b, c"\n"1";"2"\n', "a\tb, c\n1\t2\n", 'a,"b, c"\n1,2\n', "\ufeffa|b, c\n1|2\n"])
def test_the_delimiter_of_a_text_is_recognised(tmp_path, text):
    (tmp_path / "t.csv").write_text(text, encoding="utf-8")
    assert read_table(tmp_path / "t.csv").to_dict("records") == [{"a": "1", "b, c": "2"}]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b\n1,2,\n3,4,\n", "row 1 has 3 fields, the header has 2; 2 rows are such; a delimiter stands behind"),
        ("a,b\n1,2\n\n3,4,5\n", "row 2 has 3 fields, the header has 2"),
        ("a;b;c\n1;2;3\n4;5\n", "row 2 has 2 fields, the header has 3"),
        ("a b\n1 2\n3  4  5\n", "row 2 has 3 fields, the header has 2"),
        ("a,b\n1,2,3,4\n", "row 1 has 4 fields, the header has 2"),
    ],
)
def test_a_row_of_more_or_fewer_fields_than_the_header_is_refused_by_its_number(tmp_path, text, said):
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(TsugiError) as found:
        read_table(tmp_path / "t.csv")
    assert said in found.value.message


@pytest.mark.parametrize("text", ['a,b\n\n"x, y\n\nz",  "2, 3"\n   \n', 'a   b\n  "x, y"   2\n', 'a|b\n5" pipe|2\n'])
def test_empty_lines_quotes_and_spaces_make_no_row_uneven(tmp_path, text):
    (tmp_path / "t.csv").write_text(text)
    assert read_table(tmp_path / "t.csv").shape == (1, 2)


@pytest.mark.parametrize("name", ["t.parquet", "t.csv", "t.jsonl"])
def test_a_table_that_cannot_be_written_leaves_the_file_that_was_there(tmp_path, name, monkeypatch):
    (tmp_path / name).write_text("as it was")
    monkeypatch.setattr("pipelines.model_table.file._write", half_written)
    with pytest.raises(TsugiError, match="cannot be written: No space left"):
        write_table(a_table(10), tmp_path / name)
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [(name, "as it was")]


def half_written(frame, file, ending):
    file.write_text(f"{len(frame)} {ending}")
    raise OSError(28, "No space left on device")


def test_a_table_may_be_written_over_the_one_it_was_read_from(fitted, tmp_path):
    folder, _ = fitted
    write_table(a_table(80, seed=3), tmp_path / "t.csv")
    (tmp_path / "t.csv").chmod(0o640)
    assert run("score", tmp_path / "t.csv", "--model", folder / "m", "--out", tmp_path / "t.csv").exit_code == 0
    assert len(read_table(tmp_path / "t.csv")["probability"]) == 80
    assert (tmp_path / "t.csv").stat().st_mode & 0o777 == 0o640
    assert [file.name for file in tmp_path.iterdir()] == ["t.csv"]


def test_what_a_format_cannot_hold_is_said_in_one_line(tmp_path):
    with pytest.raises(TsugiError, match=r"mix.parquet cannot hold this table: .*column x") as found:
        write_table(pd.DataFrame({"x": [1, "one"]}), tmp_path / "mix.parquet")
    assert "\n" not in found.value.message
    assert list(tmp_path.iterdir()) == []


def test_a_folder_to_write_to_that_is_missing_is_named(tmp_path):
    with pytest.raises(TsugiError, match=r"the folder does not exist \(.*nodir\)"):
        write_table(a_table(10), tmp_path / "nodir" / "x.csv")


@pytest.mark.parametrize(
    ("line", "said"),
    [('{"a": 1', "line 3 is no JSON: "), ("[1, 2]", "line 3 is no JSON object but a list"), ("7", "line 3 is no JSON")],
)
def test_a_line_that_is_no_json_object_is_named(tmp_path, line, said):
    for text in (f'\ufeff{{"a": 1}}\n\n{line}\n', f"\n\n{line}"):
        (tmp_path / "t.jsonl").write_text(text)
        with pytest.raises(TsugiError) as found:
            read_table(tmp_path / "t.jsonl")
        assert said in found.value.message


def test_a_byte_order_mark_costs_json_lines_nothing(tmp_path):
    (tmp_path / "t.jsonl").write_text('\ufeff{"a": 1}\n{"a": 2}\n')
    assert read_table(tmp_path / "t.jsonl")["a"].tolist() == [1, 2]


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16"])
def test_a_text_in_another_encoding_than_utf_8_is_named_with_the_way_out(tmp_path, encoding):
    (tmp_path / "t.csv").write_text("größe,y\n1,0\n", encoding=encoding)
    with pytest.raises(TsugiError, match=r"t\.csv is no text in UTF-8 \(byte 0xf[6f]\): save it as UTF-8, for example"):
        read_table(tmp_path / "t.csv")


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        (Shape(rising=("age",), falling=("age",)), "'age' cannot both rise and fall"),
        (Shape(falling=("colour",)), "'colour' holds words"),
        (Shape(together=(("age", "shoe"),)), "no feature 'shoe' to constrain; there are: age, colour"),
    ],
)
def test_a_constraint_that_says_nothing_is_refused_by_its_column(shape, said):
    with pytest.raises(TsugiError, match=said):
        shape.constraints([FeatureColumn("age"), FeatureColumn("colour", "category")])


@pytest.mark.parametrize(
    ("words", "option"),
    [
        (("--label", "bought", "--customer", "id"), "--customer"),
        (("--label", "bought", "--amount", "age"), "--amount"),
        (("--kind", "value", "--label", "bought"), "--label"),
        (("--kind", "value", "--customer", "id", "--time", "since", "--amount", "age", "--drop", "noise"), "--drop"),
    ],
)
def test_an_option_that_a_model_of_the_kind_would_not_read_is_refused_by_name(fitted, tmp_path, words, option):
    folder, _ = fitted
    done = run("fit", folder / "table.csv", *words, "--trials", 1, "--out", tmp_path / "m")
    assert done.exit_code == 2
    assert f"{option} says nothing about a model of kind" in " ".join(done.output.replace("│", " ").split())


def test_a_horizon_that_leaves_nothing_before_it_is_told_beside_the_history(tmp_path):
    days = pd.date_range("2026-01-01", periods=40).strftime("%Y-%m-%d")
    pd.DataFrame({"who": "c", "at": days, "paid": 1.0}).to_csv(tmp_path / "bought.csv", index=False)
    named = ("--customer", "who", "--time", "at", "--amount", "paid")
    done = run("fit", tmp_path / "bought.csv", "--kind", "value", "--horizon-days", 40, *named, "--out", tmp_path / "m")
    assert "lie within 40 days: the last 40 judge, and nothing lies before them" in str(done.exception)
