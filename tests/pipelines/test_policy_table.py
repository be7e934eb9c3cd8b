"""`tsugi policy` end to end: fit, value and choose on a table of one's own."""

import json
import re
import sys
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.exit_code import ExitCode
from training.off_policy.estimator import ESTIMATORS

sys.path.append(str(Path(__file__).parents[1] / "training" / "uplift"))
from randomised_log import a_table

NAMED = ("--action", "action", "--probability", "p", "--reward", "money", "--customer", "customer")


def run(*arguments):
    return CliRunner().invoke(app, ["policy", *map(str, arguments)])


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("policy")
    a_table(1, n=1500).to_csv(folder / "log.csv", index=False)
    a_table(2, n=1500).to_parquet(folder / "later.parquet", index=False)
    done = run("fit", folder / "log.csv", *NAMED, "--out", folder / "policy", "--json")
    return folder, done


def test_fit_says_what_it_learned_and_ends_with_0_where_it_is_adopted(fitted):
    _, done = fitted
    told = json.loads(done.stdout)
    assert done.exit_code == ExitCode.DONE
    assert told["adopted"] is True
    assert told["explained"][0].startswith("adopted: the learned policy is better than the best constant action")
    assert told["context"] == ["x0", "x1", "x2", "x3"]


def test_value_on_another_log_finds_it_better_than_every_constant(fitted):
    folder, _ = fitted
    told = json.loads(run("value", folder / "later.parquet", "--policy", folder / "policy", "--json").stdout)
    value = {name: row["raw"]["doubly_robust"]["value"] for name, row in told["policies"].items()}
    assert value["policy"] > max(value[f"always {action}"] for action in ("call", "card", "mail"))


def test_value_on_the_log_that_taught_it_says_that_this_flatters(fitted):
    folder, _ = fitted
    done = run("value", folder / "log.csv", "--policy", folder / "policy")
    assert "this very log, which flatters it" in done.stdout


def test_choose_writes_an_action_for_every_row(fitted):
    folder, _ = fitted
    done = run("choose", folder / "later.parquet", "--policy", folder / "policy", "--out", folder / "chosen.csv")
    chosen = pd.read_csv(folder / "chosen.csv")
    assert done.exit_code == 0
    assert list(chosen.columns) == ["customer", "row", "action", "gain"]
    assert len(chosen) == 1500
    assert (chosen.loc[chosen["action"] == "card", "gain"] == 0).all()
    assert (chosen.loc[chosen["action"] != "card", "gain"] > 0).all()


@pytest.mark.parametrize(
    ("x0", "told"),
    [
        (lambda x0: x0.astype(str).mask(x0.index < 3, "12 km"), "3 of 1,500 cells are no number such as 1234.5"),
        (lambda x0: x0.mask(x0.index >= 0), "column 'x0' is empty in every row"),
    ],
    ids=["a few", "all"],
)
def test_value_and_choose_tell_of_cells_that_say_nothing_to_the_policy(fitted, tmp_path, x0, told):
    folder, _ = fitted
    table = a_table(2, n=1500)
    table.assign(x0=x0(table["x0"])).to_csv(tmp_path / "log.csv", index=False)
    with_ = (tmp_path / "log.csv", "--policy", folder / "policy")
    for done in (run("value", *with_), run("choose", *with_, "--out", tmp_path / "chosen.csv")):
        assert done.exit_code == 0
        assert told in done.stderr
    assert told in evaluate("--log", *with_, *NAMED).stderr


def test_choose_never_writes_over_the_customers_column(tmp_path):
    a_table(1, n=1500).rename(columns={"customer": "row"}).to_csv(tmp_path / "log.csv", index=False)
    named = [*NAMED[:-1], "row"]
    run("fit", tmp_path / "log.csv", *named, "--out", tmp_path / "policy")
    done = run("choose", tmp_path / "log.csv", "--policy", tmp_path / "policy", "--out", tmp_path / "chosen.csv")
    assert "the customers' column 'row' has the name of one that is written" in str(done.exception)
    assert not (tmp_path / "chosen.csv").exists()


def test_a_refusal_ends_with_10_and_serves_the_best_constant_action(tmp_path):
    a_table(3, n=1500, strength=0.0).to_csv(tmp_path / "log.csv", index=False)
    done = run("fit", tmp_path / "log.csv", *NAMED, "--out", tmp_path / "policy")
    assert done.exit_code == ExitCode.REFUSED
    assert "verdict    not adopted" in done.stdout
    assert "serves     the best constant action: always card" in done.stdout
    run("choose", tmp_path / "log.csv", "--policy", tmp_path / "policy", "--out", tmp_path / "chosen.csv")
    assert set(pd.read_csv(tmp_path / "chosen.csv")["action"]) == {"card"}


@pytest.fixture(scope="module")
def priced(tmp_path_factory):
    """A policy whose actions cost, fitted with columns that a later log need not have."""
    folder = tmp_path_factory.mktemp("priced")
    a_table(1, n=1500).assign(when=range(1500), seen=0).to_csv(folder / "log.csv", index=False)
    paid = ("--nothing", "card", "--cost", "call=0.1", "--time", "when", "--drop", "seen")
    run("fit", folder / "log.csv", *NAMED, *paid, "--out", folder / "policy")
    return folder


@pytest.mark.parametrize("absent", ["call", "card"])
def test_a_log_that_lacks_an_action_of_the_policy_is_valued_as_far_as_it_can_tell(priced, tmp_path, absent):
    log = a_table(2, n=1500).query(f"action != '{absent}'")
    log.to_csv(tmp_path / "log.csv", index=False)
    told = json.loads(run("value", tmp_path / "log.csv", "--policy", priced / "policy", "--json").stdout)
    run("choose", tmp_path / "log.csv", "--policy", priced / "policy", "--out", tmp_path / "chosen.csv")
    share = (pd.read_csv(tmp_path / "chosen.csv")["action"] == absent).mean()
    untold = f"cannot be told: the log never chose '{absent}', the policy does in {share:.1%} of decisions"
    assert (untold in told["notes"]) == (share > 0)
    assert told["policies"]["policy"]["overlap"]["unsupported"] == pytest.approx(share)
    assert f"always {absent}" not in told["policies"]


def test_fit_value_and_choose_call_doing_nothing_as_the_log_does(tmp_path):
    a_table(3, n=1500, strength=0.0).to_csv(tmp_path / "log.csv", index=False)
    done = run("fit", tmp_path / "log.csv", *NAMED, "--nothing", "card", "--out", tmp_path / "policy")
    valued = run("value", tmp_path / "log.csv", "--policy", tmp_path / "policy", "--json")
    chosen = run("choose", tmp_path / "log.csv", "--policy", tmp_path / "policy", "--out", tmp_path / "chosen.csv")
    assert json.loads(valued.stdout)["references"]["doing nothing"] == "always card"
    assert "always card" in done.stdout
    assert set(pd.read_csv(tmp_path / "chosen.csv")["action"]) == {"card"}
    assert "no_action" not in done.stdout + valued.stdout + chosen.stdout


def evaluate(*arguments):
    return CliRunner().invoke(app, ["evaluate", *map(str, arguments)])


@pytest.fixture(scope="module")
def targeted(tmp_path_factory):
    """A log with a column that names what a hand-made rule would choose, and one that names what was never chosen."""
    table = a_table(2, n=1500)
    rule = table["x0"].gt(0.3).map({True: "call", False: "card"})
    file = tmp_path_factory.mktemp("log") / "log.csv"
    table.assign(rule=rule, fax="fax").to_csv(file, index=False)
    return file


def test_evaluate_on_decisions_of_one_customer_says_how_many_are_needed(targeted, tmp_path):
    pd.read_csv(targeted).assign(customer="u").to_csv(tmp_path / "log.csv", index=False)
    done = evaluate("--log", tmp_path / "log.csv", *NAMED, "--target-column", "rule", "--drop", "fax")
    assert "decisions of 1 customer; at least 5 are needed" in str(done.exception)


def test_evaluate_values_the_actions_that_a_column_names(targeted, tmp_path):
    done = evaluate("--log", targeted, *NAMED, "--target-column", "rule", "--html", tmp_path / "r.html", "--json")
    told = json.loads(done.stdout)
    values = {name: line["by_customer"]["value"] for name, line in told["estimates"].items()}
    assert set(values) == set(ESTIMATORS)
    assert values["doubly_robust"] == pytest.approx(told["policies"]["policy"]["raw"]["doubly_robust"]["value"])
    assert (
        told["policies"]["policy"]["differences"]["best constant action of the evaluated part"]["estimate"]["low"] > 0
    )
    assert told["notes"][0].startswith("the log can tell")


def test_the_page_holds_its_pictures_and_asks_nothing_of_a_network(targeted, tmp_path):
    evaluate("--log", targeted, *NAMED, "--target-column", "rule", "--html", tmp_path / "r.html")
    page = (tmp_path / "r.html").read_text()
    assert page.count("<svg") == 3
    assert not re.findall(r"""(?:src|href)\s*=\s*["'](?!#)""", page)
    assert "@import" not in page
    assert "the log can tell" in page


def test_where_two_decisions_speak_for_a_policy_the_answer_is_unusable(tmp_path):
    table = a_table(2, n=1500).assign(target="card")
    table.loc[table["action"] == "card", "target"] = "mail"
    table.loc[table.index[table["action"] == "card"][:2], "target"] = "card"
    table.to_parquet(tmp_path / "log.parquet")
    done = evaluate("--log", tmp_path / "log.parquet", *NAMED, "--context", "x0", "--target-column", "target")
    assert done.stdout.startswith("UNUSABLE, the log cannot tell: effective sample of 2 in 1,500 decisions")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "name either --policy or --target-column"),
        (("--target-column", "rule", "--policy", "p"), "name either --policy or --target-column"),
        (("--target-column", "lost"), "no column 'lost'"),
        (("--target-column", "fax"), "names 'fax', which the log never chose"),
    ],
)
def test_what_evaluate_cannot_use_is_named(targeted, options, message):
    done = evaluate("--log", targeted, *NAMED, *options)
    assert message in str(done.exception)


def test_evaluate_asks_for_the_columns_of_a_log(targeted):
    done = evaluate("--log", targeted, "--action", "action", "--target-column", "rule")
    assert "name --probability too" in str(done.exception)


def test_an_outcome_is_no_context_of_a_log_that_evaluate_reads(targeted, tmp_path):
    table = pd.read_csv(targeted)
    table.assign(seen=(table["action"] == "card") * 1.0).to_csv(tmp_path / "log.csv", index=False)
    asked = ("--log", tmp_path / "log.csv", *NAMED, "--target-column", "rule")
    assert "'seen' depends on the action" in str(evaluate(*asked).exception)
    without = json.loads(evaluate(*asked, "--drop", "seen", "--json").stdout)
    plain = json.loads(evaluate("--log", targeted, *NAMED, "--target-column", "rule", "--json").stdout)
    assert without["estimates"] == plain["estimates"]


def test_the_column_that_names_the_policy_is_no_context(targeted):
    done = evaluate("--log", targeted, *NAMED, "--target-column", "rule", "--context", "rule")
    assert "'rule' is named for something else" in str(done.exception)


def test_a_log_without_any_context_is_valued_by_its_weights(targeted, tmp_path):
    table = pd.read_csv(targeted)[["customer", "action", "p", "money", "rule"]]
    table.to_csv(tmp_path / "log.csv", index=False)
    done = evaluate("--log", tmp_path / "log.csv", *NAMED, "--target-column", "rule", "--json")
    told = json.loads(done.stdout)
    weight = (table["action"] == table["rule"]) / table["p"]
    value = {name: line["by_customer"]["value"] for name, line in told["estimates"].items()}
    assert value["ips"] == pytest.approx((weight * table["money"]).mean())
    assert value["snips"] == pytest.approx((weight * table["money"]).sum() / weight.sum())
    assert any("no column of context was there" in note for note in told["notes"])


def test_actions_may_be_called_by_what_a_terminal_or_a_picture_takes_for_markup(tmp_path):
    names = {"call": "call [vip]", "card": "$5_off_$10", "mail": "none [/x] :memo:"}
    table = a_table(2, n=900).replace({"action": names})
    table.assign(rule="call [vip]").to_csv(tmp_path / "log.csv", index=False)
    target = (*NAMED, "--target-column", "rule", "--html", str(tmp_path / "page.html"))
    done = CliRunner().invoke(app, ["evaluate", "--log", str(tmp_path / "log.csv"), *target])
    assert done.exit_code == 0, done.output
    assert all(f"always {name}" in done.stdout for name in names.values())
    assert "always call [vip]" in (tmp_path / "page.html").read_text(encoding="utf-8")
