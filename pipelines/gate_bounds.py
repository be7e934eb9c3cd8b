"""The bounds of the gate that a workspace declares, looked at for one candidate."""

from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path

from decisioning.errors import InvalidInputError
from features.feature_set import FeatureSet
from features.workspace import Gate
from pipelines.composition import Composition
from training.bundle_json import Bundle
from training.bundle_policy import shown_pairs, shown_rows
from training.drawn_policy import temperature_check
from training.encoding import ActionEntry
from training.evaluation import CHAMPION, DOING_NOTHING, REGISTERED_CONSTANT
from training.gate_bounds import calibration_check, latency_check, size_check
from training.gate_slices import fairness_check, harm_check, segments
from training.judging import Judged
from training.manifest import read_manifest
from training.promotion import CANDIDATE, Check


def check_declared(gate: Gate, features: FeatureSet) -> None:
    """Raise `InvalidInputError` where a declared segment is no category among the features."""
    known = [feature.name for feature in features.features if feature.kind == "category"]
    for key in ("slices", "protected"):
        for name in getattr(gate, key):
            if name not in known:
                raise InvalidInputError(
                    f"gate.{key}: {name!r} is no category feature; {_meant(name, known)}", field=f"gate.{key}"
                )


def _meant(name: str, known: list[str]) -> str:
    near = get_close_matches(name, known, n=3)
    return f"nearest are: {', '.join(near)}" if near else f"allowed: {', '.join(known)}"


def gate_bounds(composition: Composition, bundle: Bundle, folder: Path, judged: Judged) -> list[Check]:
    """Calibration, segments, latency and size of a bundle that was written to a folder and judged.

    With them, what the catalogue's temperature makes of it, which refuses nothing.
    """
    gate, temperature = composition.workspace.gate, composition.catalog.catalog.exploration.temperature
    return [
        calibration_check(*shown_pairs(judged.frame, judged.scores[CANDIDATE]), most=gate.calibration),
        *_of_segments(gate, judged),
        *bounds_in_service(bundle, folder, gate),
        *temperature_check(judged.evaluation, temperature),
    ]


def bounds_in_service(bundle: Bundle, folder: Path, gate: Gate) -> list[Check]:
    """Latency and size of a bundle that was written to a folder, by the customers and candidates of its golden rows."""
    golden = read_manifest(folder)["golden"]
    candidates = [ActionEntry(**entry).candidate() for entry in golden["entries"]]
    return [
        latency_check(bundle, golden["rows"], candidates, most_ms=gate.latency_ms),
        size_check(folder, most_mib=gate.size_mib),
    ]


def _of_segments(gate: Gate, judged: Judged) -> Iterator[Check]:
    declared = tuple(dict.fromkeys((*gate.slices, *gate.protected)))
    if declared:
        yield harm_check(
            judged.frame,
            (judged.policies[CANDIDATE], judged.policies[_serving(judged)]),
            segments(judged.frame.features, declared),
            q_hat=judged.q_hat,
            tolerance=gate.slice_margin,
            confidence=gate.confidence,
        )
    if gate.protected:
        scores = judged.scores[CANDIDATE]
        shown = judged.frame.take(shown_rows(judged.frame, scores))
        predicted, observed = shown_pairs(judged.frame, scores)
        found = segments(shown.features, gate.protected)
        yield fairness_check(predicted, observed, found, most=gate.calibration, confidence=gate.confidence)


def _serving(judged: Judged) -> str:
    """The policy that serves where the candidate is refused."""
    references = judged.evaluation.references
    return next(references[role] for role in (CHAMPION, REGISTERED_CONSTANT, DOING_NOTHING) if role in references)
