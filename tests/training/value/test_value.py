import json
from dataclasses import asdict, replace
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from decisioning.errors import ArtifactError, InvalidInputError
from pipelines.cli import app
from training.artifact import write_content
from training.tabular.table import TableError
from training.value.bg_nbd import BgNbd, fit_bg_nbd
from training.value.features import COLUMNS, features
from training.value.gamma_gamma import GammaGamma, fit_gamma_gamma
from training.value.learn import learn_value
from training.value.quality import ValueQuality, normalised_gini
from training.value.season import season
from training.value.spread import POWERS, Spread, choose_power
from training.value.store import read_value, write_value
from training.value.straggler import straggling
from training.value.transactions import Sources, Summary, Transactions, summary, transactions_of


def of_one(x: float, t_x: float, age: float, mean: float = 1.0) -> Summary:
    return Summary(np.array([0]), *(np.array([value]) for value in (x, t_x, age, x, mean)))


def a_shop(n: int = 1500, days: int = 400, seed: int = 0) -> pd.DataFrame:
    """Customers with their own pace and their own amounts, of whom some leave."""
    rng = np.random.default_rng(seed)
    rows = []
    for customer in range(n):
        pace, size, at = rng.gamma(1.5, 1 / 60), rng.gamma(4, 10), rng.integers(0, 60)
        while at < days:
            rows.append(
                (f"c{customer}", pd.Timestamp("2025-01-01") + pd.Timedelta(days=int(at)), rng.gamma(5, size / 5))
            )
            if rng.random() < 0.1:
                break
            at += max(rng.exponential(1 / pace), 1)
    return pd.DataFrame(rows, columns=["who", "when", "paid"])


SOURCES = Sources("who", "when", ("paid",))


@pytest.fixture(scope="module")
def shop() -> Transactions:
    return transactions_of(a_shop(), SOURCES)[0]


def test_bg_nbd_expects_of_the_papers_customer_what_the_paper_says() -> None:
    model = BgNbd(r=0.2426, alpha=4.4136, a=0.7929, b=2.4259)
    assert model.purchases(of_one(2, 30.43, 38.86), 39.0)[0] == pytest.approx(1.226, abs=5e-4)


@pytest.mark.parametrize(("x", "mean", "said"), [(2, 22.35, 24.65), (1, 11.77, 18.91), (7, 73.74, 71.46)])
def test_gamma_gamma_expects_of_the_notes_customers_what_was_published(x, mean, said) -> None:
    model = GammaGamma(p=6.25, q=3.74, gamma=15.44)
    assert model.mean_amount(of_one(x, 1.0, 1.0, mean))[0] == pytest.approx(said, abs=0.02)


def test_bg_nbd_finds_the_parameters_that_customers_were_drawn_from() -> None:
    rng, n = np.random.default_rng(5), 20_000
    truth = BgNbd(0.8, 6.0, 0.9, 2.5)
    rate, leaves = rng.gamma(truth.r, 1 / truth.alpha, n), rng.beta(truth.a, truth.b, n)
    x, last, now, gone = np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n, dtype=bool)
    for _ in range(300):
        now = now + rng.exponential(1 / rate)
        buys = ~gone & (now <= 40)
        x, last = x + buys, np.where(buys, now, last)
        gone |= ~buys | (rng.random(n) < leaves)
    age = np.full(n, 40.0)
    known = Summary(np.arange(n), x, last, age, x + 1, np.ones(n))
    found = fit_bg_nbd(known)
    assert [found.r, found.alpha, found.a, found.b] == pytest.approx([0.8, 6.0, 0.9, 2.5], rel=0.15)
    assert found.log_likelihood(known) >= truth.log_likelihood(known) - 1


def test_a_mean_amount_is_drawn_the_less_toward_everybodys_the_more_was_bought() -> None:
    model = GammaGamma(p=6.25, q=3.74, gamma=15.44)
    drawn = [model.mean_amount(of_one(x, 1, 1, 100.0))[0] for x in (1, 3, 10, 100)]
    assert drawn == sorted(drawn)
    assert drawn[-1] < 100


def test_gamma_gamma_scales_with_the_currency(shop) -> None:
    known = summary(shop, 1e9)
    cents = Summary(known.code, known.x, known.t_x, known.age, known.paid, known.mean * 100)
    one, other = fit_gamma_gamma(known).mean_amount(known), fit_gamma_gamma(cents).mean_amount(cents)
    np.testing.assert_allclose(100 * one, other, rtol=1e-3)


def test_features_know_nothing_of_what_comes_later(shop) -> None:
    end = float(shop.day.min()) + 200
    codes = np.unique(shop.until(end).code)
    found = features(shop.until(end), codes, end=end, horizon=90.0)
    later = Transactions(shop.customers, shop.code, shop.day, np.where(shop.day >= end, 9e9, shop.amount))
    np.testing.assert_array_equal(found, features(later.until(end), codes, end=end, horizon=90.0))
    assert found.shape == (len(codes), len(COLUMNS))


def test_a_model_learns_nothing_from_what_comes_after_its_end(shop) -> None:
    end = float(shop.day.min()) + 300
    altered = Transactions(shop.customers, shop.code, shop.day, np.where(shop.day >= end, 9e9, shop.amount))
    one, other = (learn_value(each, end=end, horizon=60.0) for each in (shop, altered))
    np.testing.assert_array_equal(one.expected(shop.until(end), end), other.expected(shop.until(end), end))


def test_expected_amounts_order_customers_and_add_up(shop) -> None:
    end = float(shop.day.min()) + 330
    then = shop.until(end)
    codes = np.unique(then.code)
    quality = ValueQuality.of(
        shop.spent(end, end + 60)[codes], learn_value(shop, end=end, horizon=60.0).expected(then, end)[codes]
    )
    assert quality.gini > 0.4
    assert abs(quality.bias) < 0.25


def test_a_stored_model_expects_the_same_and_one_altered_byte_is_refused(shop, tmp_path) -> None:
    end = float(shop.day.max()) + 1
    model = learn_value(shop, end=end, horizon=60.0)
    write_value(model, tmp_path, sources=SOURCES, created_at=datetime.now(UTC))
    np.testing.assert_allclose(read_value(tmp_path)[0].expected(shop, end), model.expected(shop, end), rtol=1e-12)
    manifest = tmp_path / "bundle.json"
    written = manifest.read_bytes()
    for was, now in ((b'"horizon":60.0', b'"horizon":61.0'), (b'"customer":"who"', b'"customer":"wha"')):
        assert was in written
        manifest.write_bytes(written.replace(was, now))
        with pytest.raises(ArtifactError):
            read_value(tmp_path)


def test_a_model_whose_columns_no_hash_covers_is_to_be_fitted_again(shop, tmp_path) -> None:
    content, texts = learn_value(shop, end=float(shop.day.max()) + 1, horizon=60.0).to_json()
    write_content(content, texts, tmp_path, {"report": {"sources": asdict(SOURCES)}})
    with pytest.raises(ArtifactError, match=r"earlier release.*fit it again"):
        read_value(tmp_path)


def test_spreading_keeps_the_order_and_the_sum_and_draws_customers_apart() -> None:
    amount = np.random.default_rng(0).gamma(2.0, 10.0, 500)
    found = Spread.keeping_the_sum(1.3, amount).apply(amount)
    assert found.sum() == pytest.approx(amount.sum())
    np.testing.assert_array_equal(np.argsort(found), np.argsort(amount))
    assert found.std() > amount.std()
    assert Spread.keeping_the_sum(1.3, np.zeros(3)) == Spread()


def test_expectations_that_lie_too_close_together_are_drawn_apart_and_right_ones_are_left() -> None:
    truth = np.random.default_rng(1).gamma(2.0, 10.0, 5000)
    assert choose_power(truth, truth) == 1.0
    assert choose_power(truth ** (1 / 1.2), truth) == pytest.approx(1.2)
    assert choose_power(np.sqrt(truth), truth) == POWERS[-1]


def test_what_came_of_earlier_windows_moves_how_far_apart_customers_lie_and_not_their_level(shop) -> None:
    end = float(shop.day.min()) + 330
    model = learn_value(shop, end=end, horizon=60.0)
    then = shop.until(end)
    assert model.spread.power in POWERS
    assert model.expected(then, end).sum() == pytest.approx(model.season * model.averaged(then, end).sum())


def test_a_discounted_value_falls_with_the_rate_and_grows_with_the_years(shop) -> None:
    end = float(shop.day.max()) + 1
    model = learn_value(shop, end=end, horizon=60.0)
    one, more, dear = (
        model.discounted(shop, end, n_horizons=n, yearly_rate=rate).sum() for n, rate in ((1, 0.1), (6, 0.1), (6, 0.5))
    )
    assert one < dear < more


def test_what_the_first_horizon_brings_is_part_of_a_customers_value_also_after_returns_alone() -> None:
    frame = a_shop(400)
    back = pd.DataFrame({"who": [f"b{n}" for n in range(30)], "when": frame["when"].max(), "paid": -20.0})
    known = transactions_of(pd.concat([frame, back]), SOURCES)[0]
    end = float(known.day.max()) + 1
    model = learn_value(known, end=end, horizon=60.0)
    first, whole = model.expected(known, end), model.discounted(known, end, n_horizons=18, yearly_rate=0.1)
    assert (model.probabilistic(known, end)[[name.startswith("b") for name in known.customers]] == 0).all()
    assert (first[[name.startswith("b") for name in known.customers]] > 0).all()
    assert (whole >= first * 1.1 ** (-30 / 365.25) - 1e-9).all()


def test_last_years_season_lifts_what_is_ahead_and_is_not_made_up_where_unseen() -> None:
    day = np.arange(0.0, 330.0)
    amount = np.where(day < 20, 30.0, 10.0)
    code = (day // 10).astype(np.int64)
    growing = Transactions(tuple(map(str, range(33))), code, day, amount)
    assert 1.5 < season(growing, end=330.0, horizon=54.0) <= 3.0
    assert season(growing, end=250.0, horizon=60.0) == 1.0
    cohort = Transactions(("a",), np.zeros(len(day), dtype=np.int64), day, amount)
    assert season(cohort, end=330.0, horizon=54.0) == 1.0


@pytest.mark.parametrize(
    ("frame", "sources", "error", "code"),
    [
        (a_shop(5), SOURCES, InvalidInputError, "too_little_data"),
        (a_shop(5), Sources("whom", "when", ("paid",)), TableError, "unknown_column"),
        (a_shop(5).assign(paid=""), SOURCES, TableError, "no_rows"),
        (a_shop(5).assign(when="yesterday"), SOURCES, TableError, "invalid_table"),
    ],
)
def test_transactions_that_cannot_be_learned_from_are_refused_by_name(frame, sources, error, code) -> None:
    with pytest.raises(error) as found:
        learn_value(transactions_of(frame, sources)[0], end=1e9, horizon=60.0)
    assert found.value.code == code


def test_a_mistyped_year_is_told_and_a_shop_that_goes_on_is_not(shop) -> None:
    late = replace(shop, day=np.where(np.arange(len(shop.day)) == 5, 46_388.0, shop.day))
    assert straggling(shop, 60.0) == ()
    assert "1 of " in straggling(late, 60.0)[0]
    assert "the last on 2097-01-02" in straggling(late, 60.0)[0]


def test_rows_without_a_customer_or_an_amount_are_told_with_the_first_that_cannot_be_read() -> None:
    frame = a_shop(20).assign(paid=lambda shop: shop["paid"].round(2).astype(str))
    whole, nothing = transactions_of(frame, SOURCES)
    frame.loc[frame["who"] == "c3", "paid"] = "1,011.77"
    frame.loc[frame.index[-2:], "who"] = ""
    known, left_out = transactions_of(frame, SOURCES)
    n_lost = int((frame["paid"] == "1,011.77").sum())
    assert nothing.in_words() == ()
    assert len(known.customers) == len(whole.customers) - left_out.customers
    said = f"2 name no customer, {n_lost} no amount (the first that cannot be read: '1,011.77')"
    assert left_out.in_words()[0].endswith(said)


def test_undefined_measures_are_not_numbers() -> None:
    assert np.isnan(normalised_gini(np.zeros(3), np.arange(3.0)))
    assert np.isnan(ValueQuality.of(np.zeros(3), np.ones(3)).bias)


def test_the_command_fits_and_scores_transactions(tmp_path) -> None:
    a_shop(600).to_csv(tmp_path / "sales.csv", index=False)
    columns = ["--customer", "who", "--time", "when", "--amount", "paid"]
    words = ["model", "fit", str(tmp_path / "sales.csv"), "--kind", "value", "--horizon-days", "60", *columns]
    done = CliRunner().invoke(app, [*words, "--out", str(tmp_path / "m"), "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["judged"]["n_customers"] > 0
    scored = ["model", "score", str(tmp_path / "sales.csv"), "--model", str(tmp_path / "m"), "--out"]
    assert CliRunner().invoke(app, [*scored, str(tmp_path / "out.parquet")]).exit_code == 0
    table = pd.read_parquet(tmp_path / "out.parquet")
    assert list(table.columns) == ["who", "expected_amount", "customer_value"]
    assert (table["customer_value"] >= table["expected_amount"] * 0.9).all()


def test_the_command_says_what_it_left_out_of_a_table_that_it_scores(tmp_path) -> None:
    shop = a_shop(300)
    shop.to_csv(tmp_path / "sales.csv", index=False)
    columns = ["--customer", "who", "--time", "when", "--amount", "paid"]
    words = ["model", "fit", str(tmp_path / "sales.csv"), "--kind", "value", "--horizon-days", "60", *columns]
    assert CliRunner().invoke(app, [*words, "--out", str(tmp_path / "m")]).exit_code == 0
    shop.assign(paid="1,5").where(shop["who"] == "c7", shop).to_csv(tmp_path / "new.csv", index=False)
    done = CliRunner().invoke(
        app, ["model", "score", str(tmp_path / "new.csv"), "--model", str(tmp_path / "m"), "--out", f"{tmp_path}/o.csv"]
    )
    assert "and with them 1 customers" in done.stderr
    assert "the first that cannot be read: '1,5'" in done.stderr
