"""`bentoml build` makes a bento that serves from anywhere, without this repository."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from patience import LONGEST
from service_process import KEY, WORKSPACE, a_free_port, an_environment, until_live

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def bento(tmp_path_factory):
    """A bento that was built here and copied elsewhere; its contract says so, to be told from the repository's."""
    folder = tmp_path_factory.mktemp("bentoml")
    environment = {**os.environ, "BENTOML_HOME": str(folder / "home"), "BENTOML_DO_NOT_TRACK": "True"}
    command = [
        sys.executable,
        "-m",
        "bentoml",
        "build",
        "-f",
        str(ROOT / "bentofile.yaml"),
        str(ROOT),
        "--output",
        "tag",
    ]
    built = subprocess.run(
        command, env=environment, cwd=folder, capture_output=True, text=True, check=True, timeout=LONGEST
    )
    _, _, version = built.stdout.strip().splitlines()[-1].rpartition(":")
    shutil.copytree(folder / "home" / "bentos" / "tsugi" / version, folder / "elsewhere")
    shutil.rmtree(folder / "home")
    contract = folder / "elsewhere" / "src" / "serving" / "openapi.py"
    contract.write_text(contract.read_text().replace('"title": "Tsugi"', '"title": "Tsugi from a bento"'))
    return folder / "elsewhere"


@pytest.mark.slow
def test_a_bento_decides_from_another_folder(bento, tmp_path):
    shutil.copytree(WORKSPACE, tmp_path / "workspace")
    port, log = a_free_port(), tmp_path / "log"
    environment = an_environment(tmp_path / "home", tmp_path / "workspace") | {"BENTOML_HOME": str(tmp_path / "bentos")}
    command = [sys.executable, "-m", "bentoml", "serve", str(bento), "--port", str(port), "--host", "127.0.0.1"]
    with log.open("w") as output:
        process = subprocess.Popen(command, env=environment, cwd=tmp_path, stdout=output, stderr=subprocess.STDOUT)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=KEY, timeout=LONGEST) as client:
            until_live(client, process, log)
            assert client.get("/docs.json").json()["info"]["title"] == "Tsugi from a bento"
            asked = {"request_id": "r-1", "customer": {"user_id": "ada"}, "placement": "web_home"}
            decided = client.post("/v1/decisions", json=asked)
            assert decided.status_code == 200, decided.text
            assert decided.json()["ranked"]
    finally:
        process.terminate()
        process.wait(LONGEST)


@pytest.mark.slow
def test_a_bento_holds_the_service_and_nothing_of_its_makers(bento):
    held = {path.relative_to(bento / "src").parts[0] for path in (bento / "src").rglob("*.py")}
    assert held == {"decisioning", "features", "serving", "training"}
