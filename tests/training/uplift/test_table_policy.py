"""Any log: what cannot be used is named, what was not known before is found, what is written is what is read."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from randomised_log import a_log, a_table

from decisioning.errors import ArtifactError, InvalidInputError
from training.encoding import FeatureColumn
from training.reward_log import LoggedRewards, chosen_probability
from training.uplift.contest import Care
from training.uplift.log_columns import LogColumns, log_of
from training.uplift.stored import read_policy, write_policy
from training.uplift.suspicion import check_context
from training.uplift.table_policy import choose_for_table, learn_from_table, target_of

COLUMNS = LogColumns("action", "p", "money", "customer")
CARE = Care(folds=3, bags=1)
NUMBERS = [FeatureColumn(name) for name in "abcd"]
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def broken(change):
    table = a_table(1, n=900)
    change(table)
    return table


def put(column, value, rows=slice(3, 5)):
    return lambda table: table.isetitem(
        table.columns.get_loc(column),
        [value if rows.start <= i < rows.stop else v for i, v in enumerate(table[column])],
    )


def where_card(table, then, otherwise):
    return np.where(table["action"] == "card", then, otherwise)


def bought(table):
    """Whether a decision earned much, as its reward, and a receipt's date where it did."""
    table["money"] = (table["money"] > 3).astype(float)
    return np.where(table["money"] > 0, "2026-01-31", "")


BAD = {
    "no probability": (put("p", None), "'p' has no probability.*2 of 900 rows, the first is row 4: an empty cell"),
    "probability of words": (put("p", "33%"), "'p' has no probability.*2 of 900 rows, the first is row 4: '33%'"),
    "probability 0": (put("p", 0.0), "'p' is not above 0.*row 4: '0.0'"),
    "probability above 1": (put("p", 1.5), "'p' is above 1.*row 4: '1.5'"),
    "negative probability": (put("p", -0.1), "'p' is not above 0"),
    "probability of next to nothing": (put("p", 1e-200), "'p' is below 1e-12: nobody chooses so.*row 4: '1e-200'"),
    "a reward beyond counting": (put("money", -1e20), r"'money' is beyond 1e\+12.*row 4: '-1e\+20'"),
    "no action": (put("action", ""), "'action' names no action"),
    "no reward": (put("money", "much"), "'money' is no number.*row 4: 'much'"),
    "no customer": (put("customer", None), "'customer' names no customer"),
    "rare action": (put("action", "fax"), "'fax' was chosen in 2 decisions"),
    "one action": (put("action", "fax", slice(0, 900)), "'fax' only"),
    "same rewards": (put("money", 1.0, slice(0, 900)), "earned the same"),
    "too few": (lambda table: table.drop(index=table.index[300:], inplace=True), "too little data: 300 decisions"),
    "empty": (lambda table: table.drop(index=table.index, inplace=True), "no row"),
    "lost column": (lambda table: table.pop("money"), "no column 'money'"),
    "leak": (lambda table: table.insert(0, "spent", table["money"] * 2 + 1), "'spent' says the reward"),
    "outcome among the context": (
        lambda table: table.insert(0, "seen", (table["action"] == "card") * 1.0), "'seen' depends on the action"
    ),
    "an outcome that is noted where it came": (
        lambda table: table.insert(0, "seen", where_card(table, 1.0, np.nan)), "'seen' depends on the action"
    ),
    "words that are alike on average": (
        lambda table: table.insert(0, "said", where_card(table, "b", np.array(["a", "c"] * 450))),
        "'said' depends on the action",
    ),
    "a note where something was earned": (
        lambda table: table.insert(0, "receipt", bought(table)), "'receipt' says the reward"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_log_that_cannot_be_used_is_refused_by_name(name):
    change, message = BAD[name]
    with pytest.raises(InvalidInputError, match=message):
        learn_from_table(broken(change), COLUMNS, care=CARE)


@pytest.mark.parametrize(
    ("when", "message"),
    [
        (
            "31/12/2025",
            "'when' is missing or unreadable in 900 of 900 rows, the first is row 1: '31/12/2025'; allowed: dates",
        ),
        (
            [*["2026-01-31"] * 898, "", None],
            "'when' is missing or unreadable in 2 of 900 rows, the first is row 899: an empty cell",
        ),
        (
            [*["2026-01-31"] * 899, "soon"],
            "'when' is missing or unreadable in 1 of 900 rows, the first is row 900: 'soon'",
        ),
        ("2026-01-31", "'when' says '2026-01-31' in every row"),
    ],
)
def test_times_that_put_no_decision_after_another_are_named(when, message):
    with pytest.raises(InvalidInputError, match=message):
        log_of(a_table(1, n=900).assign(when=when), replace(COLUMNS, time="when"))


def test_a_log_whose_decisions_come_nearly_all_at_its_last_moment_is_refused():
    table = a_table(1, n=900).assign(when=[1, 1, 1, *[2] * 897])
    with pytest.raises(InvalidInputError, match="times in the 3 earlier decisions, which teach"):
        learn_from_table(table, replace(COLUMNS, time="when"), care=CARE)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (LogColumns("action", "p", "money", costs=("fax=2",)), "'fax', which was never chosen"),
        (LogColumns("action", "p", "money", costs=("card=free",)), "not action=amount"),
        (LogColumns("action", "p", "money", costs=("card=nan",)), "'card=nan' is not action=amount"),
        (LogColumns("action", "p", "money", cap=float("nan")), "--cap is nan"),
        (LogColumns("action", "p", "money", nothing="rest"), "no decision was 'rest'; actions: call, card, mail"),
        (LogColumns("action", "p", "money", context=("p",)), "'p' is named for something else"),
        (LogColumns("action", "p", "gold"), "no column 'gold'; the table has: customer, action"),
    ],
)
def test_what_is_said_of_the_columns_is_checked(columns, message):
    with pytest.raises(InvalidInputError, match=message):
        log_of(a_table(1, n=900), columns)


@pytest.mark.parametrize("word", ["none", "None", "NA", "null", "nan"])
def test_an_action_may_be_called_by_any_word(word):
    table = a_table(1, n=900)
    log = log_of(table.replace({"action": {"card": word}}), COLUMNS).log
    assert set(log.actions) == {"call", "mail", word}
    named = target_of(table.head(2).assign(rule=[word, "mail"]), "rule", log.actions)
    assert [log.actions[place] for place in named] == [word, "mail"]


def test_a_row_without_an_action_of_the_policy_is_named():
    table = a_table(1, n=900).assign(rule=["mail", "", *["call"] * 898])
    with pytest.raises(InvalidInputError, match="'rule' names no action: 1 of 900 rows, the first is row 2: an empty"):
        target_of(table, "rule", ("call", "mail"))


def test_costs_by_action_and_by_column_are_taken_off_the_reward():
    table = a_table(1, n=900).assign(fee=0.5)
    plain = log_of(table, COLUMNS).log
    paid = log_of(table, LogColumns("action", "p", "money", "customer", costs=("fee", "card=2"))).log
    np.testing.assert_allclose(plain.reward - paid.reward, 0.5 + 2.0 * (table["action"] == "card"))


def test_probabilities_of_what_was_not_chosen_are_filled_so_that_each_row_is_a_distribution():
    log = log_of(a_table(1, n=900), COLUMNS).log
    np.testing.assert_allclose(log.eligible_probability.sum(axis=1), 1.0)
    np.testing.assert_allclose(chosen_probability(log), a_table(1, n=900)["p"])


def test_an_action_that_was_never_chosen_has_probability_0():
    log = log_of(a_table(1, n=900), COLUMNS, actions=("call", "card", "fax", "mail")).log
    assert (log.eligible_probability[:, 2] == 0).all()
    np.testing.assert_allclose(log.eligible_probability.sum(axis=1), 1.0)


def test_one_action_with_probabilities_below_1_is_a_log_that_lacks_decisions():
    table = a_table(1, n=900).query("action == 'card'")
    with pytest.raises(InvalidInputError, match=r"'p' is below 1, though the log chose 'card' only.*first is row 1"):
        log_of(table, COLUMNS)
    assert log_of(table.assign(p=1.0), COLUMNS).log.actions == ("card",)


def test_what_was_known_before_is_no_suspect_though_probabilities_depend_on_it():
    for seed in range(20):
        lesson, log, _ = a_log(seed, n=2000)
        check_context(log, lesson.matrix, NUMBERS)


def test_a_rare_flag_that_a_rare_action_never_met_is_no_suspect():
    """Of sixty rows chance leaves out all with a probability of 0.3."""
    n = 6000
    flag = (np.arange(n) % 100 == 0).astype(float)
    chosen = np.where(np.arange(n) % 50 == 1, 0, 1)
    probability = np.tile([0.02, 0.98], (n, 1))
    earned = np.random.default_rng(1).normal(size=n)
    log = LoggedRewards(("call", "mail"), np.arange(n), chosen, probability, earned, earned)
    check_context(log, flag[:, None], NUMBERS[:1])


def test_probabilities_that_are_wrong_are_noticed_by_the_context():
    lesson, log, _ = a_log(1, n=6000)
    wrong = LoggedRewards(
        log.actions, log.customer_id, log.chosen, np.full((6000, 3), 1 / 3), log.reward, log.capped_reward
    )
    with pytest.raises(InvalidInputError, match="π₀ is wrong"):
        check_context(wrong, lesson.matrix, NUMBERS)


@pytest.fixture(scope="module")
def learned():
    return learn_from_table(a_table(1), COLUMNS, care=CARE)


def test_a_written_policy_chooses_as_the_learned_one(learned, tmp_path):
    version = write_policy(learned.policy, tmp_path, created_at=NOW, report={"adopted": True})
    read = read_policy(tmp_path)
    fresh = a_table(2)
    assert (read.version, read.constant, read.columns) == (version, "card", COLUMNS)
    assert choose_for_table(fresh, read).equals(choose_for_table(fresh, learned.policy))
    assert set(choose_for_table(fresh, read)["action"]) == {"call", "card", "mail"}


RESTING = replace(COLUMNS, nothing="card")


def test_doing_nothing_keeps_the_name_that_the_log_gives_it(tmp_path):
    table = a_table(1)
    learned = learn_from_table(table, RESTING, care=CARE)
    write_policy(learned.policy, tmp_path, created_at=NOW, report={})
    chosen = choose_for_table(table, read_policy(tmp_path))["action"]
    plain = choose_for_table(table, learn_from_table(table, COLUMNS, care=CARE).policy)["action"]
    assert learned.fitted.evaluation.references["doing nothing"] == "always card"
    assert set(chosen) == {"call", "card", "mail"}
    assert (chosen == plain).mean() > 0.95


def test_a_policy_of_an_earlier_release_calls_doing_nothing_as_its_log_did(learned, tmp_path):
    """They kept one name for it, whatever it was called."""
    written = replace(learned.policy, actions=("call", "no_action", "mail"), columns=RESTING)
    write_policy(written, tmp_path, created_at=NOW, report={})
    assert read_policy(tmp_path).actions == ("call", "card", "mail")


def test_a_policy_with_one_byte_altered_is_refused(learned, tmp_path):
    write_policy(learned.policy, tmp_path, created_at=NOW, report={})
    assert {file.suffix for file in tmp_path.iterdir()} == {".json", ".txt"}
    for file in sorted(tmp_path.iterdir()):
        content = file.read_bytes()
        place = content.index(b"margin") if file.suffix == ".json" else len(content) // 2
        file.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        with pytest.raises(ArtifactError):
            read_policy(tmp_path)
        file.write_bytes(content)
    assert read_policy(tmp_path).version


def test_a_table_without_a_column_of_the_policy_is_refused_by_name(learned):
    with pytest.raises(InvalidInputError, match="x1"):
        choose_for_table(a_table(1).drop(columns="x1"), learned.policy)
