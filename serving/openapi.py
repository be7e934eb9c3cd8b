"""The contract as OpenAPI 3.1, made from the routes and the models that check and describe them."""

import re
from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from serving.answers import ErrorAnswer, SegmentErrorAnswer
from serving.request_id import NAME
from serving.route import Route

Document = dict[str, Any]

_BODY_ERRORS = (400, 408, 413, 415)
_IN_PATH = re.compile(r"\{(\w+)\}")
_TEMPLATE = "#/components/schemas/{model}"
_ERROR_HEADERS: Document = {
    NAME: {"description": "the caller's own, or one of ours; the log has it", "schema": {"type": "string"}}
}
_SECURITY: Document = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "an API key"},
    "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "writeKey": {"type": "http", "scheme": "basic", "description": "a write key as user name, no password"},
}


def describe(routes: Sequence[Route], *, version: str) -> Document:
    """Describe every route and every error that it can answer.

    Parameters: `version` of the service.
    """
    return {
        "openapi": "3.1.0",
        "info": {"title": "Tsugi", "version": version, "description": "Decides what to do next for one customer."},
        "paths": {route.path: {route.method.lower(): _operation(route)} for route in routes},
        "components": {"schemas": _schemas(routes), "securitySchemes": _SECURITY},
    }


def errors_of(route: Route) -> tuple[int, ...]:
    """Every error status that a route can answer, in order."""
    own = {*route.errors, 500} if route.access == "public" else {*route.errors, 401, 429, 500, 503}
    own |= {403} if route.right else set()
    return tuple(sorted(own.union(_BODY_ERRORS if route.method == "POST" else ())))


def _operation(route: Route) -> Document:
    operation: Document = {
        "summary": route.summary,
        "operationId": _operation_id(route),
        "responses": {
            str(route.status): _answer(route),
            **{str(status): _error(route, status) for status in errors_of(route)},
        },
        "security": _security(route),
        **({"x-right": route.right} if route.right else {}),
    }
    if route.takes is not None:
        operation["requestBody"] = {"required": True, "content": _content(route.takes)}
    if parameters := [_parameter(name) for name in _IN_PATH.findall(route.path)]:
        operation["parameters"] = parameters
    return operation


def _operation_id(route: Route) -> str:
    return _IN_PATH.sub(r"\1", route.path).strip("/").replace("/", "_").replace(".", "_").replace("-", "_")


def _parameter(name: str) -> Document:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _answer(route: Route) -> Document:
    content = {"text/plain": {"schema": {"type": "string"}}} if route.gives is None else _content(route.gives)
    return {"description": route.summary, "content": content}


def _error(route: Route, status: int) -> Document:
    content = _content(_error_model(route))
    if status in route.reports and route.gives is not None:
        schemas = [each["application/json"]["schema"] for each in (_content(route.gives), content)]
        content = {"application/json": {"schema": {"anyOf": schemas}}}
    return {"description": HTTPStatus(status).phrase, "headers": _ERROR_HEADERS, "content": content}


def _error_model(route: Route) -> type[BaseModel]:
    return SegmentErrorAnswer if route.access == "segment" else ErrorAnswer


def _security(route: Route) -> list[Document]:
    if route.access == "public":
        return []
    ways = ("writeKey", "bearer", "apiKey") if route.access == "segment" else ("bearer", "apiKey")
    return [{way: []} for way in ways]


def _content(model: type[BaseModel]) -> Document:
    return {"application/json": {"schema": {"$ref": _TEMPLATE.format(model=model.__name__)}}}


def _schemas(routes: Iterable[Route]) -> Document:
    models: dict[tuple[type[BaseModel], Literal["validation"]], None] = {}
    for route in routes:
        named = (route.takes, route.gives, _error_model(route))
        models.update({(model, "validation"): None for model in named if model is not None})
    _, document = models_json_schema(list(models), ref_template=_TEMPLATE)
    found: Document = document["$defs"]
    return found
