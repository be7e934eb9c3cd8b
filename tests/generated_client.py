"""Writes a Python client from the OpenAPI document alone: a function per operation, arguments from its schemas."""

import keyword
import re
from typing import Any

import httpx
import jsonschema_rs

Document = dict[str, Any]
_FUNCTION = '''
def {name}(http, {arguments}**more):
    """{summary}"""
    body = {body}
    return http.{method}(f"{path}"{sent})
'''


def written(document: Document) -> str:
    """The source of the client."""
    operations = [
        (path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    return "\n".join(_function(document, *each) for each in operations)


def _function(document: Document, path: str, method: str, operation: Document) -> str:
    named = [parameter["name"] for parameter in operation.get("parameters", [])]
    required = _required(document, operation)
    spelled = {name: _spelled(name) for name in (*named, *required)}
    members = "".join(f'"{name}": {spelled[name]}, ' for name in required)
    return _FUNCTION.format(
        name=operation["operationId"],
        arguments="".join(f"{each}, " for each in ("*", *spelled.values())) if spelled else "",
        summary=operation["summary"],
        body=f"{{{members}**more}}",
        method=method,
        path=re.sub(r"\{(\w+)\}", lambda found: "{" + spelled[found[1]] + "}", path),
        sent=", json=body" if "requestBody" in operation else "",
    )


def _required(document: Document, operation: Document) -> list[str]:
    if "requestBody" not in operation:
        return []
    return list(
        resolved(document, operation["requestBody"]["content"]["application/json"]["schema"]).get("required", [])
    )


def resolved(document: Document, schema: Document) -> Document:
    """The schema that a reference means."""
    if "$ref" not in schema:
        return schema
    found: Document = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return found


def _spelled(name: str) -> str:
    return name + "_" if keyword.iskeyword(name) else name


def operation_at(document: Document, name: str) -> Document:
    """The operation of an id."""
    return next(
        operation
        for methods in document["paths"].values()
        for operation in methods.values()
        if operation["operationId"] == name
    )


def check(document: Document, name: str, answer: httpx.Response) -> None:
    """Fail where the answer is not one that the document describes for this operation."""
    responses = operation_at(document, name)["responses"]
    assert str(answer.status_code) in responses, (name, answer.status_code, answer.text)
    content = responses[str(answer.status_code)]["content"]
    kind = answer.headers["content-type"].partition(";")[0]
    assert kind in content, (name, kind)
    if kind == "application/json":
        schema = {**content[kind]["schema"], "components": document["components"]}
        jsonschema_rs.validator_for(schema).validate(answer.json())
