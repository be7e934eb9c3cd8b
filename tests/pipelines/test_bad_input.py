"""Whatever the command line is given wrongly: one line that names it, the right exit code, and never a traceback."""

import json
import os
import socket
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from patience import LONGEST

from features.ledger import Ledger
from pipelines.cli import main
from pipelines.exit_code import ExitCode
from pipelines.init import write_workspace
from training.artifact import write_bundle
from training.constant import ConstantBundle, ConstantEntry
from training.publication import publish

EXAMPLES = Path(__file__).parents[2] / "examples"
DONE, FAILED, USAGE = 0, 1, 2


@dataclass
class Ended:
    code: int
    out: str
    err: str


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with a sound workspace, a file that is no folder, and a ledger that is none."""
    folder = tmp_path_factory.mktemp("bad")
    write_workspace(folder / "shop")
    (folder / "home").mkdir()
    Ledger(folder / "home" / "ledger.db").close()
    (folder / "file").write_text("a file")
    (folder / "broken").mkdir()
    (folder / "broken" / "ledger.db").write_bytes(b"not a database, " * 400)
    return folder


@pytest.fixture
def tsugi(place, monkeypatch, capsys):
    """The real command line, in this process and in that folder."""
    monkeypatch.chdir(place)
    monkeypatch.setattr("pipelines.cli.quiet_environment", lambda _: {})
    for name in ("TSUGI_HOME", "TSUGI_WORKSPACE", "TSUGI_API_KEYS"):
        monkeypatch.delenv(name, raising=False)

    def run(line):
        monkeypatch.setattr(sys, "argv", ["tsugi", *line.split()])
        with pytest.raises(SystemExit) as ended:
            main()
        return Ended(ended.value.code, *capsys.readouterr())

    return run


NEEDS_RECORDS = (
    *("monitor", "evaluate", "retrain", "retrain --if-needed", "rollback", "quality", "rejects", "review", "retain"),
    *("resolve", "journeys", "triggers --once", "profile user_id:u-1", "explain d_1", "erase user_id:u-1"),
    *("export user_id:u-1 --out one.json", "merge user_id:u-1 user_id:u-2 --reason r --by me", "object user_id:u-1"),
)


@pytest.mark.parametrize("command", NEEDS_RECORDS)
def test_a_mistyped_home_is_told_and_not_made(tsugi, place, command):
    ended = tsugi(f"{command} --home mistyped --workspace shop")
    assert (ended.code, ended.err.count("\n")) == (FAILED, 1)
    assert ended.err.startswith("tsugi: mistyped has no ledger: ")
    assert not (place / "mistyped").exists()


HERE = "--home home --workspace shop"
REFUSED = [
    ("ingest nowhere.jsonl " + HERE, FAILED, "nowhere.jsonl is no file"),
    ("ingest shop/tsugi.toml " + HERE, FAILED, "not JSON Lines; allowed: .jsonl"),
    ("ingest file --workspace nowhere", FAILED, "nowhere/tsugi.toml does not exist"),
    ("catalog --workspace nowhere", FAILED, "nowhere/tsugi.toml does not exist"),
    ("catalog", FAILED, "tsugi.toml does not exist; a workspace is a folder with a tsugi.toml"),
    ("init shop", FAILED, "has tsugi.toml, catalog.yaml, features.yaml, journeys.yaml already"),
    ("profile user_id:nobody " + HERE, FAILED, "nothing is recorded of this user_id"),
    ("profile nobody " + HERE, FAILED, "name the customer as kind:value; kinds are customer_id, user_id"),
    ("profile fax:5551234 " + HERE, FAILED, "name the customer as kind:value"),
    ("override user_id:nobody city=Ube --why so " + HERE, FAILED, "nothing is recorded of this user_id"),
    ("override user_id:u-1 city --why so " + HERE, FAILED, "say field=value, or a field's name with --remove"),
    ("override user_id:u-1 city=Ube --remove --why so " + HERE, FAILED, "say a field's name alone with --remove"),
    ("override user_id:u-1 city=Ube", USAGE, "Missing option"),
    ("profile user_id:u-1 --as-of 2626-05-01T00:00:00Z " + HERE, USAGE, "is not over yet"),
    ("ingest nowhere.jsonl --source manual " + HERE, FAILED, "nowhere.jsonl is no file"),
    ("merge user_id:nobody user_id:u-1 " + HERE, FAILED, "nothing is recorded of the first, a user_id"),
    ("merge nobody user_id:u-1 " + HERE, FAILED, "name the customer as kind:value"),
    ("unmerge c_0 user_id:u-1 " + HERE, FAILED, "nothing is recorded of the first, a customer_id"),
    ("erase " + HERE, USAGE, "name a customer, such as user_id:u-17, or a file of them: --from"),
    ("explain d_1 --feature orders " + HERE, FAILED, "--feature takes name=value, such as orders=3"),
    ("explain d_1 --lever help_page " + HERE, FAILED, "--lever takes name=value, such as welcome_offer=2"),
    ("restore nowhere.tgz --home new --workspace shop", FAILED, "nowhere.tgz is no file; give a backup"),
    ("restore file --home new --workspace shop", FAILED, "or say that there is none (--nothing-erased)"),
    ("simulate --out new --customers 2.5", USAGE, "2.5 is no whole number"),
    ("simulate --out new --seed 0.5", USAGE, "0.5 is no whole number"),
    ("review accept r_0 " + HERE, FAILED, "no pair has this id; `tsugi review` lists them"),
    ("review accept " + HERE, USAGE, "accept and decline need the ID of a pair"),
    ("review list r_0 " + HERE, USAGE, "list needs none"),
    ("review approve r_0 " + HERE, USAGE, "'approve' is not one of"),
    ("review --state lost " + HERE, USAGE, "'lost' is not one of"),
    ("unmerge user_id:u-1", USAGE, "Missing argument"),
    ("decide user_id:u --placement attic " + HERE, FAILED, "unknown placement 'attic'; the catalogue has newsletter"),
    ("decide user_id:u --placement web_home --home file --workspace shop", FAILED, "the home file is not a folder"),
    ("rejects --home file", FAILED, "the home file is not a folder; choose another --home"),
    ("serve --home file --workspace shop", FAILED, "the home file is not a folder"),
    ("rejects --home file/below", FAILED, "file/below has no ledger"),
    ("simulate --out file --customers 50 --workspace " + str(EXAMPLES / "bank"), FAILED, "file: File exists"),
    ("decide user_id:u --placement web_home --home broken --workspace shop", FAILED, "ledger.db cannot be used"),
    ("rejects --home broken", FAILED, "broken/ledger.db cannot be used: file is not a database"),
    ("demo --workspace shop --home new", FAILED, "no [simulation] source: nothing to simulate"),
    ("demo --home shop --workspace " + str(EXAMPLES / "bank"), FAILED, "shop holds something that no demo made"),
    ("demo --data nowhere --home new --workspace " + str(EXAMPLES / "coffee"), FAILED, "data folder nowhere does not"),
    ("demo --data shop --home new --workspace " + str(EXAMPLES / "coffee"), FAILED, "portfolio.json"),
    ("demo --data shop --home new --workspace shop", FAILED, "shop/adapter.py does not exist"),
    ("retrain --as-of 2026-05-01 " + HERE, USAGE, "2026-05-01T00:00:00 needs a UTC offset or Z"),
    ("retrain --as-of 2626-05-01T00:00:00Z " + HERE, USAGE, "is not over yet"),
    ("retrain --as-of yesterday " + HERE, USAGE, "'--as-of'"),
    ("promote --version 2 --share 0.5 " + HERE, USAGE, "--share 0.5 goes with --canary VERSION alone"),
    ("promote --shadow 2 --share 0.05 " + HERE, USAGE, "--share 0.05 goes with --canary VERSION alone"),
    ("evaluate --tests --arms " + HERE, USAGE, "one of --shadow, --tests, --arms and --log"),
    ("evaluate --arms --workspace nowhere", FAILED, "nowhere/tsugi.toml does not exist"),
    ("demo --customers 3", USAGE, "--customers"),
    (
        *("demo --customers 50 --home new --workspace " + str(EXAMPLES / "bank"), FAILED),
        "decisions would be over by the first retraining, and 500 are needed to learn from; give more --customers or",
    ),
    ("retrian", USAGE, "No such command 'retrian'"),
    ("ingest", USAGE, "Missing argument"),
]


@pytest.mark.parametrize(("line", "code", "told"), REFUSED, ids=[line for line, *_ in REFUSED])
def test_what_is_wrong_is_named_in_one_line(tsugi, line, code, told):
    ended = tsugi(line)
    assert (ended.code, ended.out) == (code, "")
    assert told in ended.err
    assert "Traceback" not in ended.err
    if code == FAILED:
        assert ended.err.startswith("tsugi: ")
        assert len(ended.err.strip().splitlines()) == 1


def test_nothing_was_made_where_nothing_could_be_done(tsugi, place):
    tsugi("demo --data nowhere --home unmade --workspace " + str(EXAMPLES / "coffee"))
    assert not (place / "unmade").exists()


NOW = datetime.now(UTC)
LINES = [
    ("", {"type": "identify", "userId": "u-1", "timestamp": "2026-01-05T10:00:00Z", "traits": {"age": 44}}),
    ("naive_timestamp", {"type": "page", "userId": "u-1", "timestamp": "2026-01-05T10:00:00"}),
    ("future_timestamp", {"type": "page", "userId": "u-1", "timestamp": (NOW + timedelta(days=2)).isoformat()}),
    ("unknown_type", {"type": "dance", "userId": "u-1"}),
    ("missing_field", {"type": "page", "timestamp": "2026-01-05T10:00:00Z"}),
    ("not_an_object", [1, 2]),
    ("invalid_json", "not json at all"),
    ("invalid_json", '{"type": "track", "userId": "u-1", "event": "Paid", "properties": {"revenue": NaN}}'),
    ("", {"type": "page", "userId": "u-1", "timestamp": "2026-01-06T10:00:00Z"}),
]


def test_the_bad_events_of_a_file_are_kept_with_their_reasons_and_the_rest_is_accepted(tsugi, place):
    texts = [line if isinstance(line, str) else json.dumps(line) for _, line in LINES]
    (place / "events.jsonl").write_text("\n".join(texts) + "\n")
    ended = tsugi("ingest events.jsonl --json " + HERE)
    told = json.loads(ended.out)
    assert (ended.code, told["accepted"], told["rejected"]) == (DONE, 2, 7)
    kept = json.loads(tsugi("rejects --json " + HERE).out)
    assert {each["place"]: each["code"] for each in kept["newest"]} == {
        place: code for place, (code, _) in enumerate(LINES) if code
    }
    assert tsugi("ingest events.jsonl " + HERE).out.startswith("events.jsonl: 0 accepted, 2 there already")


def test_an_unknown_customer_is_answered_by_what_can_be_decided_without_a_profile(tsugi):
    ended = tsugi("decide user_id:somebody-new --placement web_home " + HERE)
    assert (ended.code, ended.err) == (DONE, "")
    told = json.loads(ended.out)
    assert "welcome_offer" in told["eligible"]
    assert sum(told["eligible"].values()) == pytest.approx(1)


SPOILED = [
    ("catalog.yaml", "value: 12", "value: many", "catalog.yaml:20: actions.welcome_offer.value: got 'many', expected"),
    ("catalog.yaml", "orders = 0 OR", "ordrs = 0 OR", "catalog.yaml:21: actions.welcome_offer.applicability"),
    ("catalog.yaml", "actions:", "actions: [", "catalog.yaml:18: the file: not YAML"),
    ("features.yaml", "primitive: trait", "primitive: magic", "unknown primitive 'magic'; allowed: count"),
    ("tsugi.toml", "margin = 0.0", "margn = 0.0", "gate.margn: unknown key 'margn', did you mean margin? Allowed are"),
    ("tsugi.toml", "[gate]", "[gate", "tsugi.toml"),
]


MISDECLARED = [
    (
        "events.yaml",
        "events:\n  A: {fields: {b: {type: money}}}",
        "events.yaml:2: event 'A': field 'b': type is 'money'",
    ),
    (
        "mappings.yaml",
        "mappings:\n  m: {columns: {at: moment}}",
        "mappings.yaml:2: mapping 'm': column 'at' is 'moment'",
    ),
]


@pytest.mark.parametrize(("file", "text", "told"), MISDECLARED, ids=[file for file, *_ in MISDECLARED])
def test_a_bad_contract_or_mapping_is_named_with_its_place(tsugi, tmp_path, file, text, told):
    write_workspace(tmp_path / "bad")
    (tmp_path / "bad" / file).write_text(text)
    ended = tsugi(f"catalog --workspace {tmp_path / 'bad'}")
    assert ended.code == FAILED
    assert told in ended.err
    assert len(ended.err.strip().splitlines()) == 1


@pytest.mark.parametrize(("file", "right", "wrong", "told"), SPOILED, ids=[wrong for _, _, wrong, _ in SPOILED])
def test_a_bad_file_of_the_workspace_is_named_with_its_place_and_what_was_expected(
    tsugi, tmp_path, file, right, wrong, told
):
    write_workspace(tmp_path / "bad")
    text = (tmp_path / "bad" / file).read_text()
    assert right in text
    (tmp_path / "bad" / file).write_text(text.replace(right, wrong, 1))
    ended = tsugi(f"catalog --workspace {tmp_path / 'bad'}")
    assert ended.code == FAILED
    assert told in ended.err
    assert len(ended.err.strip().splitlines()) == 1


def published(home, folder):
    entry = ConstantEntry("welcome_offer", value=1.0, standard_error=0.1, propensity=0.2, n_chosen=50)
    write_bundle(ConstantBundle("", "any", {"welcome_offer": entry}), folder, created_at=NOW)
    return publish(folder, home)


def altered(home, champion):
    (champion / "bundle.json").write_text((champion / "bundle.json").read_text() + " ")


def removed(home, champion):
    champion.rename(home / "elsewhere")


def unpointed(home, champion):
    (home / "bundles" / "champion.json").write_text("{}")


@pytest.mark.parametrize("spoil", [altered, removed, unpointed])
def test_a_missing_or_altered_model_never_decides(tsugi, tmp_path, spoil):
    champion = published(tmp_path / "home", tmp_path / "made")
    ask = f"decide user_id:u --placement web_home --workspace shop --home {tmp_path / 'home'}"
    assert json.loads(tsugi(ask).out)["versions"]["bundle"] == champion.name
    spoil(tmp_path / "home", champion)
    ended = tsugi(ask)
    assert (ended.code, ended.out) == (FAILED, "")
    assert "bundles" in ended.err
    assert len(ended.err.strip().splitlines()) == 1


def test_a_doctor_names_a_home_that_is_none(tsugi, place):
    (place / "taken").mkdir(exist_ok=True)
    assert "BAD  ledger" in tsugi("doctor --home broken --workspace shop").out
    assert tsugi("doctor --home taken --workspace shop").code == DONE


def ended_process(*arguments, cwd):
    """The command line as a shell would start it."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run(
        [sys.executable, "-m", "pipelines", *arguments],
        cwd=cwd, env=environment, capture_output=True, text=True, timeout=LONGEST, check=False,
    )  # fmt: skip


def test_a_port_in_use_is_one_line(place):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = ended_process("serve", "--workspace", "shop", "--home", "serving", "--port", str(port), cwd=place)
    assert ended.returncode == FAILED
    assert ended.stderr == (
        f"tsugi serve: cannot listen on 127.0.0.1:{port}: address already in use; choose another --port\n"
    )


def test_an_address_that_is_not_this_machines_asks_for_another_host(place, monkeypatch):
    monkeypatch.setenv("TSUGI_API_KEYS", "a-key-of-this-test")
    ended = ended_process("serve", "--workspace", "shop", "--home", "serving", "--host", "203.0.113.1", cwd=place)
    assert (ended.returncode, len(ended.stderr.splitlines())) == (FAILED, 1)
    assert ended.stderr.endswith("; choose another --host\n")


def test_a_home_that_cannot_be_made_is_one_line(place):
    ended = ended_process("serve", "--workspace", "shop", "--home", "/proc/nothing/is/made/here", cwd=place)
    assert (ended.returncode, len(ended.stderr.splitlines())) == (FAILED, 1)
    assert ended.stderr.startswith("tsugi serve: /proc/nothing")


def test_a_command_in_a_shell_ends_as_it_does_here(place):
    ended = ended_process("catalog", "--workspace", "nowhere", cwd=place)
    assert (ended.returncode, ended.stdout) == (FAILED, "")
    assert ended.stderr.startswith("tsugi: nowhere/tsugi.toml does not exist")


def test_too_little_to_learn_from_is_said_with_how_much_is_needed(tsugi):
    """The slow one: it imports what retraining needs."""
    ended = tsugi("retrain " + HERE)
    assert ended.code == ExitCode.BAD_DATA
    assert "at least 500 are needed to learn from" in ended.err
    assert "Traceback" not in ended.err
