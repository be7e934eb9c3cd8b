from datetime import timedelta
from pathlib import Path

import pytest

from features.home import Home
from features.workspace import Workspace, WorkspaceError

FULL = """
[workspace]
name = "bank"
home = "stores"
[goal]
window_days = 7
reward_cap = 100
[[goal.rewards]]
event = "Order Completed"
amount = "margin"
cap = 50.0
where = { product = "loan" }
[training]
trials = 5
[training.churn]
event = "Account Closed"
[gate]
margin = 0.1
[simulation]
source = "world.py"
"""


def a_workspace(folder: Path, text: str) -> Workspace:
    (folder / "tsugi.toml").write_text(text)
    return Workspace.load(folder)


def test_a_workspace_reads_what_its_file_says(tmp_path):
    workspace = a_workspace(tmp_path, FULL)
    assert (workspace.name, workspace.catalog_path) == ("bank", tmp_path / "catalog.yaml")
    assert workspace.goal.window == timedelta(days=7)
    assert workspace.goal.rewards[0].where == {"product": "loan"}
    assert workspace.goal.rewards[0].cap == 50.0
    assert workspace.home_path == tmp_path / "stores"
    assert workspace.training.churn.horizon_days == 60
    assert workspace.world_path == tmp_path / "world.py"


def test_only_the_name_is_needed(tmp_path):
    workspace = a_workspace(tmp_path, '[workspace]\nname = "shop"\n')
    assert workspace.gate.confidence == 0.95
    assert workspace.world_path is None
    assert workspace.home_path is None


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('name = "bank"', "", [":2: workspace.name: is missing"]),
        ("[gate]", "[gaet]", ["gaet: unknown key 'gaet', did you mean gate? Allowed are cleansing, "]),
        ('name = "bank"', 'name = "../bank"', ["workspace.name", "'../bank'"]),
        ("trials = 5", 'trials = "many"', ["training.trials", "'many'", "integer"]),
        ("trials = 5", f'trials = "{"x" * 5000}"', ["training.trials", f"given: '{'x' * 116}..."]),
        (
            "trials = 5",
            "trails = 5",
            ["training.trails", "did you mean trials? Allowed are churn, evaluation_share, falling, most_decisions, "],
        ),
        ("trials = 5", 'rising = ["a"]\nfalling = ["b", "a"]', ["training", "'a' is in `rising` and in `falling`"]),
        ("trials = 5", 'together = [["a"]]', ["training.together.0", "at least 2 items", "['a']"]),
        ("trials = 5", 'together = ["a", "b"]', ["training.together.0", "valid tuple", "'a'"]),
        (
            "trials = 5",
            "trials = 5\nvalidation_share = 0.8",
            ["training.evaluation_share", "`validation_share` (0.8) and `evaluation_share` (0.3)", "at most 0.95"],
        ),
        ("trials = 5", "evaluation_share = 0.001", ["training.evaluation_share", "greater than or equal to 0.01"]),
        ("margin = 0.1", "margin = -1", ["gate.margin", "-1", "greater than or equal to 0"]),
        ("margin = 0.1", "margin = nan", ["gate.margin", "nan", "finite"]),
        ('amount = "margin"', 'amount = "margin"\nvalue = 3.0', ["goal.rewards.0.value", "not both"]),
        ("cap = 50.0", "cap = 0.0", ["goal.rewards.0.cap", "greater than 0", "0.0"]),
        ("cap = 50.0", "most = 50.0", ["goal.rewards.0.most", "Allowed are amount, cap, event, value, weight, where"]),
        ("[gate]", "[gate", ["cannot be read as TOML"]),
    ],
)
def test_a_mistake_is_named_with_file_key_and_what_is_allowed(tmp_path, old, new, said):
    with pytest.raises(WorkspaceError) as refused:
        a_workspace(tmp_path, FULL.replace(old, new))
    for part in [str(tmp_path / "tsugi.toml"), *said]:
        assert part in str(refused.value)


def test_a_mistake_is_named_with_its_line_and_one_within_a_value_with_the_lines_of_what_is_around_it(tmp_path):
    for wrong, line in (("margin = -1", "margin"), ("together = [['a']]", "together")):
        text = FULL.replace("margin = 0.1", wrong) if line == "margin" else FULL.replace("trials = 5", wrong)
        with pytest.raises(WorkspaceError) as refused:
            a_workspace(tmp_path, text)
        stands = next(number for number, each in enumerate(text.splitlines(), 1) if each.startswith(line))
        assert str(refused.value).startswith(f"{tmp_path / 'tsugi.toml'}:{stands}: ")


def test_a_missing_file_says_how_to_begin(tmp_path):
    with pytest.raises(WorkspaceError, match="tsugi init"):
        Workspace.load(tmp_path)


def test_a_home_keeps_everything_below_one_folder(tmp_path):
    home = Home(tmp_path / "new" / "home").create().create()
    stores = [home.ledger, home.online, home.history, home.registry, home.mlflow, home.mlartifacts, home.optuna]
    assert all(store.parent == home.path for store in [*stores, home.bundles, home.lock("serving")])
