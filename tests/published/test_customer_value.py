"""Customer value on public transactions, by the protocols of quality.md, part D: the horizon is never looked at."""

import numpy as np
import pytest
from offers_data import data_folder

from pipelines.model_table.file import read_table
from pipelines.model_table.value import judge
from training.value.bg_nbd import fit_bg_nbd
from training.value.learn import learn_value
from training.value.quality import ValueQuality
from training.value.transactions import Sources, summary, transactions_of

CDNOW = Sources("customer_id", "date", ("dollar_value",))
RETAIL = Sources("CustomerID", "InvoiceDate", ("Quantity", "UnitPrice"))


def cdnow():
    return transactions_of(read_table(data_folder("cdnow") / "CDNOW_master.txt"), CDNOW)[0]


def test_bg_nbd_on_all_of_cdnow_agrees_with_what_was_published_of_its_tenth() -> None:
    known = cdnow()
    end = float(known.day.min()) + 39 * 7
    now = summary(known.until(end), end)
    model = fit_bg_nbd(now)
    assert [model.r, model.alpha, model.a, model.b] == pytest.approx([0.243, 4.414, 0.793, 2.426], rel=0.25)
    assert model.log_likelihood(now) / len(now.x) == pytest.approx(-9582.4 / 2357, rel=0.01)


@pytest.mark.slow
def test_cdnow_26_and_13_weeks() -> None:
    known = cdnow()
    end = float(known.day.min()) + 26 * 7
    found = judge(learn_value(known, end=end, horizon=91.0), known, end)["all"]
    assert found.n_customers == 23_570
    assert found.correlation >= 0.59
    assert abs(found.bias) <= 0.1  # 0.06 is wanted and not reached: docs/benchmarks.md
    assert found.mae <= 14.8


@pytest.mark.slow
def test_the_last_90_days_of_online_retail() -> None:
    known, _ = transactions_of(read_table(data_folder("uci-online-retail") / "online_retail.csv.gz"), RETAIL)
    end = float(known.day.max()) + 1 - 90
    model = learn_value(known, end=end, horizon=90.0)
    found: ValueQuality = judge(model, known, end)["all"]
    assert found.mae <= 566
    assert abs(found.bias) <= 0.15
    assert found.gini >= 0.78
    assert np.isfinite(found.correlation)
