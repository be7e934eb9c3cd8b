"""Blocking keys: what two records of one person are likely to share; only pairs that share one are compared."""

import re
from collections.abc import Mapping, Sequence
from itertools import combinations

from features.matching.kind import Kind
from features.matching.people import Field

MAX_SHARING = 25
"""A key that more records share says too little to compare them all; other keys of theirs are rarer."""


def keys_of(record: Mapping[str, str], fields: Sequence[Field]) -> set[str]:
    """The keys of one record: identifying values by themselves, coarse ones of two fields together.

    >>> fields = Field("dob", "birth_date"), Field("city", "city")
    >>> sorted(keys_of({"dob": "19710624", "city": "hull"}, fields))[:4]
    ['city<hull|dob.d0624', 'city<hull|dob.m197106', 'city<hull|dob.t1974', 'city<hull|dob.y197124']
    """
    alone: set[str] = set()
    coarse: list[list[str]] = []
    for field in fields:
        value = record[field.name]
        if value:
            # Names share one set of keys, so that one found in the other's column meets it.
            space = "" if field.kind in {"given", "surname"} else field.name
            alone.update(f"{space}={key}" for key in _alone(field.kind, value))
            coarse.append([space + key for key in _coarse(field.kind, value)])
    for left, right in combinations(coarse, 2):
        alone.update([f"{a}|{b}" if a < b else f"{b}|{a}" for a in left for b in right])
    return alone


def _alone(kind: Kind, value: str) -> list[str]:
    if kind == "email":
        before, _, after = value.partition("@")
        return [value, before + "@", "@" + after]
    if kind == "phone":
        return [value[-8:]]
    if kind in {"birth_date", "postal_code", "street", "national_id"} and len(value) > 3:
        return [value]
    return []


def _coarse(kind: Kind, value: str) -> list[str]:
    if kind in {"given", "surname"}:
        return _of_name(value)
    if kind == "birth_date":
        year, month, day = value[:4], value[4:6], value[6:]
        return [f".m{year}{month}", f".y{year}{day}", f".d{month}{day}", f".t{value[:3]}{value[7:]}"]
    if kind == "email":
        before, _, after = value.partition("@")
        return [f"<{before[:4]}", f">{after[:4]}", f"]{after[-8:]}"]
    if kind == "postal_code":
        return [f"<{value[:-3] if len(value) > 4 else value}", f">{value[-3:]}"]
    if kind in {"city", "street", "text", "national_id", "phone"}:
        return [f"<{value[:4]}", f">{value[-4:]}"]
    return [f"={value}"] if kind == "occupation" else []


def _of_name(name: str) -> list[str]:
    """Its beginning, its letters without order, its consonants, its end."""
    keys = [f"<{name[:3]}", f"~{''.join(sorted(set(name)))[:6]}"]
    return [*keys, f":{_consonants(name)}", f">{name[-3:]}"] if len(name) > 3 else keys


def _consonants(name: str) -> str:
    """Four letters that spelling changes least.

    >>> _consonants("williams"), _consonants("wiliam")
    ('wlms', 'wlm')
    """
    kept = name[0] + re.sub(r"[aeiouyhw]", "", name[1:])
    return re.sub(r"(.)\1+", r"\1", kept)[:4]
