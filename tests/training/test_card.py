"""The model card's table of what a bundle learned from, and what is said beside it."""

from dataclasses import replace

from response_world import a_frame

from pipelines.recording.card import _data
from training.dataset import split_by_time


def test_what_is_left_out_is_said_once_and_a_difference_from_the_gates_number_is_explained():
    frame = replace(a_frame(), n_censored=1234)
    split = split_by_time(frame, validation_share=0.2, evaluation_share=0.3)
    told = _data(split, split.evaluation.take(slice(0, 100)))
    assert told.count("1,234") == 1
    assert f"Of the {len(split.evaluation):,} decisions judged on, the gate values policies on 100:" in told
    assert "judged on, the gate" not in _data(split, split.evaluation)
