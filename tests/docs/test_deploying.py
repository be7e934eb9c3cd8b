"""The files for deploying name what there is: paths, verbs, options, environment."""

import json
import re
import shlex
from pathlib import Path

import pytest
import yaml
from typer.main import get_command

from pipelines.cli import app

ROOT = Path(__file__).parents[2]
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
LINES = (ROOT / "Containerfile").read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
CODE = "".join(
    path.read_text(encoding="utf-8") for room in ("serving", "features") for path in (ROOT / room).rglob("*.py")
)


def _instructions(name):
    return [line.removeprefix(f"{name} ") for line in LINES if line.startswith(f"{name} ")]


def _copied():
    """What comes from the project; the rest comes from an earlier stage."""
    return [copied for copied in _instructions("COPY") if not copied.startswith("--from=")]


def test_everything_that_is_copied_is_there_and_let_through():
    let_through = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    for copied in _copied():
        for source in shlex.split(copied)[:-1]:
            assert (ROOT / source).exists(), source
            assert f"!{source}" in let_through


def test_every_room_that_is_installed_is_copied():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    rooms = json.loads(re.search(r"(?m)^\[tool\.hatch.*wheel\]\npackages = (\[.*\])", text)[1])
    assert {shlex.split(copied)[0] for copied in _copied()} >= set(rooms)


def _locked(name):
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    return set(re.findall(r"(?m)^([a-z0-9._-]+==[^ ;]+)", text))


@pytest.mark.parametrize("name", ["build", "image", "serving"])
def test_what_goes_into_an_image_is_locked_as_what_is_tested(name):
    assert _locked(name)
    assert _locked(name) <= _locked("all")


def test_an_image_has_nothing_of_what_tests_the_project():
    tested_with = ("pytest", "hypothesis", "ruff", "schemathesis", "import-linter", "hatchling")
    assert not {each for each in _locked("image") if each.split("==")[0] in tested_with}


def _commands():
    yield "Containerfile", json.loads(_instructions("CMD")[-1])
    for name, service in COMPOSE["services"].items():
        if service.get("command", [""])[0] == "tsugi":
            yield name, service["command"]


@pytest.mark.parametrize(("where", "command"), list(_commands()))
def test_every_command_is_a_verb_with_these_options(where, command):
    verb = get_command(app).commands[command[1]]
    options = {option for each in verb.params for option in each.opts}
    assert {word for word in command if word.startswith("--")} <= options, where


def test_every_variable_is_one_that_is_read():
    text = "\n".join(LINES) + (ROOT / "compose.yaml").read_text(encoding="utf-8")
    for name in set(re.findall(r"TSUGI_[A-Z_]+", text)):
        assert name in CODE, name


def test_redis_forgets_nothing_and_is_waited_for():
    redis = COMPOSE["services"]["redis"]
    assert "--appendonly yes --maxmemory-policy noeviction" in redis["command"][-1]
    assert COMPOSE["services"]["service"]["depends_on"]["redis"]["condition"] == "service_healthy"


def test_only_this_machine_reaches_what_is_published():
    for name, service in COMPOSE["services"].items():
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:"), name


def test_triggers_are_followed_only_where_they_are_asked_for():
    triggers = COMPOSE["services"]["triggers"]
    assert (triggers["command"], triggers["profiles"]) == (["tsugi", "triggers"], ["triggers"])
    assert [name for name, service in COMPOSE["services"].items() if "profiles" in service] == ["triggers"]
