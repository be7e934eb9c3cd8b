"""Checking a parsed body against its shape: what is wrong is named by its field, never by its value."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from decisioning.errors import InvalidInputError, as_word

Model = TypeVar("Model", bound=BaseModel)

_CODES = {"timestamp": "invalid_timestamp", "naive_timestamp": "naive_timestamp"}
_NAME_TYPE = {"string_type", "int_type", "list_type", "bool_type", "literal_error", "fact", "timestamp"}
_NAME_NUMBER = {"greater_than_equal", "less_than_equal"}
_NAME_LENGTH = {"string_too_short", "string_too_long", "string_pattern_mismatch"}


def read(model: type[Model], value: object, *, at: str = "") -> Model:
    """Check a parsed body against its shape.

    Parameters: `at`, the path of the value inside the body, for the error's field. Raises `InvalidInputError` that
    names the field, what was wrong and what is allowed, never the value.

    >>> from serving.schemas import ProfileBody
    >>> read(ProfileBody, {"customer": {"user_id": 7}})
    Traceback (most recent call last):
    ...
    decisioning.errors.InvalidInputError: customer.user_id: Input should be a valid string; given an integer
    """
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise _friendly(error.errors(include_url=False, include_context=True)[0], model, at) from None


def _friendly(first: ErrorDetails, model: type[BaseModel], at: str) -> InvalidInputError:
    path = _path((at, *first["loc"]) if at else first["loc"])
    message = _wanted(first, model)
    return InvalidInputError(
        f"{path}: {message}" if path else message, code=_CODES.get(first["type"]), field=path or None
    )


def _path(location: Sequence[int | str]) -> str:
    """Write a location as a path; a name that a sender made up is repeated only where it looks like one.

    >>> _path(("outcomes", 0, "type")), _path(("context", "ana@example.org"))
    ('outcomes[0].type', 'context.(not a name)')
    """
    parts = [_step(part) for part in location if part != "[key]"]
    return "".join(parts).lstrip(".")


def _step(part: int | str) -> str:
    return f"[{part}]" if isinstance(part, int) else "." + as_word(part).strip("'")


def _wanted(first: ErrorDetails, model: type[BaseModel]) -> str:
    kind = first["type"]
    if kind == "extra_forbidden":
        return f"no such field; allowed are {', '.join(_owner(model, first['loc'][:-1]).model_fields)}"
    if kind == "missing":
        return "the field is missing"
    if kind in {"model_type", "dict_type"}:
        return f"an object is needed; given {json_type(first['input'])}"
    given = _given(kind, first["input"])
    return f"{first['msg']}; given {given}" if given else first["msg"]


def _given(kind: str, value: Any) -> str:
    """What is said of what was given: a number out of bounds itself, of a string its length, of the rest its type."""
    if kind in _NAME_NUMBER:
        return f"{value:.12g}"
    if kind in _NAME_LENGTH:
        return f"{len(value)} character{'' if len(value) == 1 else 's'}"
    return json_type(value) if kind in _NAME_TYPE else ""


def _owner(model: type[BaseModel], location: Sequence[int | str]) -> type[BaseModel]:
    """Find the model that stands at a location below another, be it optional or one of a list."""
    for part in location:
        field = model.model_fields.get(str(part))
        model = next(_models_in(field.annotation), model) if field else model
    return model


def _models_in(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for each in get_args(annotation):
        yield from _models_in(each)


def json_type(value: object) -> str:
    """Name the JSON type of a value.

    >>> json_type([1]), json_type(True)
    ('a list', 'a boolean')
    """
    names: Mapping[type, str] = {
        dict: "an object", list: "a list", str: "a string", bool: "a boolean",
        int: "an integer", float: "a number", type(None): "null",
    }  # fmt: skip
    return names.get(type(value), "something else")
