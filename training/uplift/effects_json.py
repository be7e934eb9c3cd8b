"""Learned effects as JSON, and back; their trees are text files beside it."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from training.booster_text import Texts, booster_from_text, in_letters
from training.uplift.effects import Effects, Term


def effects_to_json(effects: Effects, texts: Texts, *, name: str = "effect") -> dict[str, Any]:
    """Effects without their trees, each of which is put into `texts` once, below `name`."""
    files: dict[int, str] = {}
    terms = []
    for term in effects.terms:
        file = files.setdefault(id(term.booster), f"{name}_{in_letters(len(files))}.txt")
        if file not in texts:
            texts[file] = term.booster.model_to_string()
        terms.append({"file": file, "weights": term.weights.tolist(), "action": term.action})
    return {"terms": terms, "offset": effects.offset.tolist()}


def effects_from_json(given: Mapping[str, Any], texts: Texts, width: int, *, constant: int) -> Effects:
    """Effects over a matrix of `width` columns; raises `ArtifactError` where trees are not of that width."""
    read_action = {each["file"]: each["action"] is not None for each in given["terms"]}
    boosters = {file: booster_from_text(file, texts[file], width + coded) for file, coded in read_action.items()}
    terms = (Term(boosters[each["file"]], np.array(each["weights"]), each["action"]) for each in given["terms"])
    return Effects(constant, tuple(terms), np.array(given["offset"]))
