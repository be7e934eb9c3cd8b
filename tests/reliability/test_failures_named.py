"""What a scheduler is told of a learning command that failed: bad data, a store, or an artifact; the champion stays."""

import shutil
import sys

import numpy as np
import orjson
import pandas as pd
import pytest
from logged_home import AS_OF, a_home, a_log, a_workspace, everything_in

from decisioning.errors import ArtifactError, InvalidInputError, TsugiError, UnavailableError
from pipelines.cli import failed, main
from pipelines.exit_code import ExitCode
from pipelines.learning_failure import LEARNING
from training.manifest import FORMAT, POINTER, manifest_digest, sha256_of, version_of


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop")
    workspace = a_workspace(folder / "shop")
    return a_home(folder / "home", workspace, a_log()), workspace


@pytest.fixture
def tsugi(shop, monkeypatch, capsys, tmp_path):
    """The real command line, in this process, on a copy of the home."""
    monkeypatch.setattr("pipelines.cli.quiet_environment", lambda _: {})
    monkeypatch.setenv("TSUGI_HOME", str(shutil.copytree(shop[0], tmp_path / "home")))
    monkeypatch.setenv("TSUGI_WORKSPACE", str(shop[1]))

    def run(line):
        monkeypatch.setattr(sys, "argv", ["tsugi", *line.split()])
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code, "".join(capsys.readouterr())

    return run


def altered(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("command", ["retrain", "train", "evaluate", "monitor"])
def test_a_ledger_that_cannot_be_used_is_told_by_the_exit_code(tsugi, tmp_path, command):
    (tmp_path / "home" / "ledger.db").write_bytes(b"not a database, " * 400)
    for log in (tmp_path / "home").glob("ledger.db-*"):
        log.unlink()
    code, said = tsugi(command)
    assert (code, "ledger.db cannot be used" in said) == (ExitCode.STORE, True), said


@pytest.mark.parametrize(("file", "told"), [("mlflow.db", "the registry"), ("optuna.journal", "the studies")])
def test_a_store_that_a_retraining_needs_is_told_by_the_exit_code(tsugi, tmp_path, file, told):
    home = tmp_path / "home"
    before = everything_in(home / "bundles")
    (home / file).write_bytes(b"no store at all\n" * 400)
    code, said = tsugi(f"retrain --as-of {AS_OF.isoformat()}")
    assert (code, told in said) == (ExitCode.STORE, True), said
    assert everything_in(home / "bundles") == before


@pytest.mark.parametrize("line", ["monitor", "retrain --if-needed", "retrain", "evaluate"])
def test_a_champion_of_which_a_byte_was_altered_is_told_by_the_exit_code(tsugi, tmp_path, line):
    (manifest,) = (tmp_path / "home" / "bundles").glob("*/bundle.json")
    altered(manifest)
    code, said = tsugi(f"{line} --as-of {AS_OF.isoformat()}" if line != "evaluate" else line)
    assert (code, "bundle.json: sha256" in said) == (ExitCode.ALTERED, True), said


def test_a_champion_of_which_a_byte_of_a_tree_was_altered_is_told_by_the_monitor(tsugi, tmp_path):
    bundles = tmp_path / "home" / "bundles"
    altered(a_model_champion(bundles) / "effect.txt")
    code, said = tsugi(f"monitor --as-of {AS_OF.isoformat()}")
    assert (code, "effect.txt: sha256" in said) == (ExitCode.ALTERED, True), said


def a_model_champion(bundles):
    """What a champion with a file of text is to who verifies it."""
    body = {"format": FORMAT, "files": {"effect.txt": sha256_of(b"tree 1")}}
    folder = bundles / version_of(body)
    folder.mkdir()
    (folder / "effect.txt").write_bytes(b"tree 1")
    content = {**body, "version": folder.name, "created_at": AS_OF.isoformat()}
    (folder / "bundle.json").write_bytes(orjson.dumps(content))
    named = {"version": folder.name, "sha256": manifest_digest(folder)}
    (bundles / POINTER).write_bytes(orjson.dumps(named))
    return folder


def probabilities(change):
    rng = np.random.default_rng(1)
    table = pd.DataFrame({"a": rng.choice(["x", "y"], 600), "p": 0.5, "money": rng.normal(size=600), "to": "x"})
    table["p"] = change(table["p"])
    return table


LOST = {"missing": lambda p: p.where(p.index % 7 > 0), "zero": lambda p: p.where(p.index % 7 > 0, 0.0)}


@pytest.mark.parametrize("how", LOST)
def test_a_log_without_its_probabilities_is_told_by_the_exit_code(tsugi, tmp_path, how):
    probabilities(LOST[how]).to_csv(tmp_path / "log.csv", index=False)
    columns = "--action a --probability p --reward money --target-column to"
    code, said = tsugi(f"evaluate --log {tmp_path / 'log.csv'} {columns}")
    assert (code, "column 'p'" in said) == (ExitCode.BAD_DATA, True), said


CAUSES = [
    (InvalidInputError("one", code="one_class"), ExitCode.BAD_DATA),
    (InvalidInputError("an option"), ExitCode.FAILED),
    (UnavailableError("the studies are locked"), ExitCode.STORE),
    (UnavailableError("running already", code="busy"), ExitCode.BUSY),
    (ArtifactError("altered"), ExitCode.ALTERED),
    (ArtifactError("the trial took too long", passing=True), ExitCode.FAILED),
    (TsugiError("else"), ExitCode.FAILED),
]


@pytest.mark.parametrize(("error", "code"), CAUSES, ids=[error.message for error, _ in CAUSES])
def test_only_commands_that_learn_say_by_their_exit_code_why_they_failed(error, code):
    assert {failed(error, [command]) for command in LEARNING} == {code}
    assert failed(error, ["ingest", "retrain"]) == (code if code == ExitCode.BUSY else ExitCode.FAILED)
