"""`tsugi journeys`: what is printed, written and kept, on a small generated bank."""

import csv
import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from features.instant import to_us
from features.journey.prepared import kept
from features.ledger import Ledger
from pipelines.cli import app
from pipelines.ingest import ingest_file
from pipelines.journeys import Asked, draw_journeys
from pipelines.simulate import simulate_history
from serving.journey_answers import JourneysAnswer

BANK = Path(__file__).parents[2] / "examples" / "bank"


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bank")
    events, _ = simulate_history(BANK, folder / "incoming", n_customers=300, seed=11)
    ingest_file(folder / "home", BANK, events)
    return folder / "home"


@pytest.fixture(scope="module")
def document(home):
    return draw_journeys(home, BANK, Asked())


def journeys(home, *options):
    return CliRunner().invoke(app, ["journeys", "--home", str(home), "--workspace", str(BANK), *options])


def the_error(home, *options):
    result = journeys(home, *options)
    assert result.exit_code != 0
    return str(result.exception)


def test_everybody_is_in_exactly_one_place_at_the_end(document):
    for journey in document["journeys"]:
        assert sum(journey["now"].values()) == sum(document["journeys"][0]["now"].values()) > 290
        assert [each["now"] for each in journey["stages"]] == list(journey["now"].values())[: len(journey["stages"])]


def test_what_enters_a_place_leaves_it_or_is_still_there(document):
    (banking, _) = document["journeys"]
    for each in banking["stages"]:
        into = sum(way["n"] for way in banking["transitions"] if way["to"] == each["stage"])
        assert into <= each["entries"], "the first stage of a customer is entered from nowhere"
        assert each["entries"] <= into + each["customers"]


def test_the_document_is_plain_json_and_kept_for_the_service(home, document):
    assert json.loads(kept(home / "journeys.json")) == json.loads(json.dumps(document))
    JourneysAnswer.model_validate(json.loads(kept(home / "journeys.json")), strict=True)


def test_another_period_is_answered_and_not_kept(home, document):
    result = journeys(home, "--json", "--journey", "service", "--until", "2026-06-01")
    (only,) = json.loads(result.stdout)["journeys"]
    assert only["journey"] == "service"
    assert json.loads(kept(home / "journeys.json"))["until"] == document["until"]


def test_the_printed_tables_name_every_stage_and_the_worst_pain_first(home, document):
    printed = journeys(home).stdout
    for journey in document["journeys"]:
        assert all(each["stage"] in printed for each in journey["stages"])
    (banking, _) = document["journeys"]
    pains = [
        line for line in printed[: printed.index("Goal grow")].splitlines() if "missed" in line or "unsure" in line
    ]
    assert len(pains) == len([each for each in banking["pain_points"] if each["verdict"] != "too few"])
    assert all(each["stage"] in line for each, line in zip(banking["pain_points"], pains, strict=False))


def test_files_hold_the_same_numbers_and_pictures_can_be_opened(home, document, tmp_path):
    from matplotlib.image import imread

    result = journeys(home, "--out", str(tmp_path / "out"))
    assert result.exit_code == 0
    with (tmp_path / "out" / "stages.csv").open() as file:
        rows = list(csv.DictReader(file))
    stages = [each for journey in document["journeys"] for each in journey["stages"]]
    assert [int(row["customers"]) for row in rows] == [each["customers"] for each in stages]
    table = pq.read_table(tmp_path / "out" / "transitions.parquet")
    assert table["n"].to_pylist() == [way["n"] for journey in document["journeys"] for way in journey["transitions"]]
    pictures = sorted((tmp_path / "out").glob("*.png"))
    assert [path.name for path in pictures] == [
        f"{name}_{what}.png" for name in ("banking", "service") for what in ("flow", "pain", "time")
    ]
    assert all(len(np.unique(imread(path).reshape(-1, 4), axis=0)) > 50 for path in pictures), "an empty picture"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--journey", "holiday"], "unknown journey 'holiday'; declared: banking, service"),
        (["--since", "2026-03-01", "--until", "2026-02-01"], "the period ends before it begins"),
    ],
)
def test_what_cannot_be_drawn_is_said_in_one_line(home, options, said):
    assert said in the_error(home, *options)


def test_a_workspace_without_journeys_says_where_they_would_be_declared(tmp_path):
    CliRunner().invoke(app, ["init", str(tmp_path / "shop")])
    (tmp_path / "shop" / "journeys.yaml").unlink(missing_ok=True)
    (tmp_path / "h").mkdir()
    Ledger(tmp_path / "h" / "ledger.db").close()
    result = CliRunner().invoke(app, ["journeys", "--home", str(tmp_path / "h"), "--workspace", str(tmp_path / "shop")])
    assert "journeys.yaml declares no journey" in str(result.exception)


def test_a_period_before_anything_happened_is_empty_and_no_error(home):
    asked = Asked(until=datetime(2000, 1, 1, tzinfo=UTC))
    drawn = draw_journeys(home, BANK, asked)
    assert to_us(datetime.fromisoformat(drawn["until"])) == to_us(asked.until)
    for journey in drawn["journeys"]:
        assert set(journey["now"].values()) == {0}
        assert journey["score"]["value"] is None
        assert journey["pain_points"] == []
