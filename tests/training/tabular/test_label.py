import pandas as pd
import pytest

from training.tabular.label import positive_word
from training.tabular.table import TableError


@pytest.mark.parametrize("word", ["None", "NA", "null"])
def test_a_word_of_the_label_that_is_read_as_missing_is_named(word):
    with pytest.raises(TableError, match=f"one class only: 'yes'; read as missing: '{word}' \\(2 cells\\)"):
        positive_word(pd.Series(["yes", word, "", "yes", word], name="bought"))
