"""LightGBM's text by file name, as models are written and read; verified before it comes here."""

import lightgbm

from decisioning.errors import ArtifactError

Texts = dict[str, str]
"""LightGBM text by file name."""


def in_letters(number: int) -> str:
    """A number in letters, for the name of a file.

    >>> [in_letters(number) for number in (0, 25, 26)]
    ['a', 'z', 'ba']
    """
    rest, last = divmod(number, 26)
    return (in_letters(rest) if rest else "") + chr(ord("a") + last)


def booster_from_text(file: str, text: str, width: int) -> lightgbm.Booster:
    """LightGBM's trees of a verified text; raises `ArtifactError` where it is none, or not of `width` columns."""
    try:
        booster = lightgbm.Booster(model_str=text)
    except lightgbm.basic.LightGBMError as problem:
        raise ArtifactError(f"{file}: LightGBM cannot read it: {problem}") from problem
    if booster.num_feature() != width:
        raise ArtifactError(f"{file}: has {booster.num_feature()} columns, expected {width}")
    return booster
