"""Every `curl` of the documentation is run against a running service, and answers in the shape that is shown."""

import json
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from time import sleep

import pytest
from patience import LONGEST

from pipelines.init import write_workspace
from pipelines.running_service import running_service

ROOT = Path(__file__).parents[2]
PAGES = ["README.md", "docs/getting-started.md", "docs/http.md"]
ADDRESS = "http://127.0.0.1:3000"
BLOCK = re.compile(r"^```(\w+)\n(.*?)\n```$", re.MULTILINE | re.DOTALL)
NAMED = {"features", "fields", "excluded", "read"}
"""Objects by name: which names there are depends on the customer, and a page may show some of many."""
DRAWN = {"moved"}
"""Lists that may be empty, as what was drawn will have it."""

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")


def examples(page):
    """The curl commands of a page in order, each with the JSON answer that follows it directly (or None)."""
    text = (ROOT / page).read_text()
    blocks = list(BLOCK.finditer(text))
    for place, block in enumerate(blocks):
        if block[1] != "bash" or not block[2].startswith("curl "):
            continue
        following = blocks[place + 1] if place + 1 < len(blocks) else None
        answers = following and following[1] == "json" and not text[block.end() : following.start()].strip()
        yield block[2], following[2] if answers else None


@dataclass
class Reader:
    """Somebody who works through a page from top to bottom, and puts the ids of their own answers in."""

    url: str
    own: dict = field(default_factory=dict)

    def run(self, command):
        for shown, own in self.own.items():
            command = command.replace(shown, own)
        command = command.replace(ADDRESS, self.url)
        if "outcome_id" in command:
            sleep(1)  # the example's clock counts whole seconds, and an outcome follows its decision
        ended = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=LONGEST, check=True)
        return ended.stdout

    def ask(self, command, shown):
        """Ask again under other ids until something is offered: exploration may draw `no_action`."""
        for attempt in range(30):
            real = json.loads(self.run(re.sub(r'("request_id": "[^"]*)"', rf'\1-{attempt}"', command)))
            if "ranked" not in shown or real["ranked"]:
                return real
        raise AssertionError("nothing was ever offered")

    def remember(self, shown, real):
        if shown.get("ranked"):
            old, new = shown["ranked"][0], real["ranked"][0]
            for name in ("action", "treatment"):
                self.own[f'"{name}": "{old[name]}"'] = f'"{name}": "{new[name]}"'
            self.own[shown["decision_id"]] = real["decision_id"]


def differences(shown, real, path="answer"):
    """Where two documents differ in shape: other keys, another kind of value."""
    if isinstance(shown, dict) and isinstance(real, dict):
        name = path.rsplit(".", 1)[-1]
        if name not in NAMED and shown.keys() != real.keys():
            yield f"{path}: {sorted(shown.keys() ^ real.keys())} on one side only"
        for key in shown.keys() & real.keys():
            yield from differences(shown[key], real[key], f"{path}.{key}")
    elif isinstance(shown, list) and isinstance(real, list):
        if bool(shown) != bool(real) and path.rsplit(".", 1)[-1] not in DRAWN:
            yield f"{path}: shown {len(shown)} elements, really {len(real)}"
        for one, other in zip(shown[:1], real[:1], strict=False):
            yield from differences(one, other, f"{path}[0]")
    elif kind(shown) != kind(real) and None not in (shown, real):
        yield f"{path}: shown {shown!r}, really {real!r}"


def kind(value):
    return float if isinstance(value, int | float) and not isinstance(value, bool) else type(value)


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    folder = tmp_path_factory.mktemp("documented")
    write_workspace(folder / "shop")
    with running_service(folder / "home", folder / "shop", log=folder / "log") as running:
        yield running


@pytest.mark.parametrize("page", PAGES)
def test_the_examples_of_a_page_work_as_shown(service, page):
    reader, n_compared = Reader(service.url), 0
    for command, shown_text in examples(page):
        if shown_text is None:
            assert reader.run(command)
            continue
        shown = json.loads(shown_text)
        real = reader.ask(command, shown)
        assert list(differences(shown, real)) == [], command
        if "error" in shown:
            assert shown["error"]["code"] == real["error"]["code"]
        reader.remember(shown, real)
        n_compared += 1
    assert n_compared >= 3


def test_what_is_counted_is_what_is_documented(service):
    answer = Reader(service.url).run(f"curl -s {ADDRESS}/metrics")
    told = (ROOT / "docs" / "http.md").read_text()
    for name in re.findall(r"`(tsugi_\w+)`", told):
        assert f"# TYPE {name} " in answer


def test_every_route_is_documented(service):
    contract = json.loads(Reader(service.url).run(f"curl -s {ADDRESS}/docs.json"))
    told = (ROOT / "docs" / "http.md").read_text()
    assert [path for path in contract["paths"] if path not in told] == []
