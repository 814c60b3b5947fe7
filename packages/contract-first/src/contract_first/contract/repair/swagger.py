"""Converts a Swagger 2.0 document to OpenAPI 3.0, and notes the origin of each part."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import quote

import msgspec

from contract_first.contract.document import pointers
from contract_first.contract.document.anatomy import METHODS, map_subschemas
from contract_first.contract.document.defects import Action
from contract_first.contract.document.parsing import MAX_CONTAINERS, containers_of
from contract_first.contract.document.references import MAX_REFERENCES

from .security_schemes import security_scheme

OPENAPI = "3.0.3"
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
BINARY = "application/octet-stream"
KEPT = ("info", "tags", "externalDocs", "security")
CONVERTED = {
    *("swagger", "host", "basePath", "schemes", "consumes", "produces"),
    *("paths", "definitions", "parameters", "responses", "securityDefinitions"),
}
IN_BODY = {"body", "formData"}
ABOUT_PARAMETER = {"name", "in", "description", "required", "deprecated", "allowEmptyValue", "$ref"}
ABOUT_OPERATION = {"consumes", "produces", "schemes", "parameters", "responses"}
CONVERTED_OF_RESPONSE = {"schema", "examples", "headers"}
STYLES = {
    "csv": {"style": "form", "explode": False},
    "ssv": {"style": "spaceDelimited", "explode": False},
    "tsv": {"style": "form", "explode": False},
    "pipes": {"style": "pipeDelimited", "explode": False},
    "multi": {"style": "form", "explode": True},
}
COMPONENT = re.compile("/parameters/[^/]*")
WrongPart = tuple[str, str, Action]
"""The pointer of a part that cannot be converted, what is wrong, and what was done about it."""
SECTIONS = {"definitions": "schemas", "responses": "responses", "securityDefinitions": "securitySchemes"}


def openapi_of(document: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str], list[WrongPart]]:
    """Convert a Swagger 2.0 document to OpenAPI 3.0.

    What has the wrong shape is carried over as it is, for validation to find, if it has a place there.

    Args:
        document: the document; stays as it is.

    Raises:
        ValueError: what it shares among operations would be too much once each has its own.

    Returns:
        the new document; JSON pointers of the old one by those of the new one: what has none of its own
        is below one that has, or where it was; and what was wrong and has no place in the new one.
    """
    conversion = _Conversion(document)
    written = msgspec.json.encode(conversion.converted())
    converted: dict[str, Any] = msgspec.json.decode(written)  # in which no parts are shared
    return converted, conversion.origins, conversion.wrong


class _Parameter(NamedTuple):
    """A parameter, and its JSON pointer."""

    node: dict[str, Any]
    pointer: str


class _Conversion:
    """The conversion of one document."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.origins: dict[str, str] = {}
        self.wrong: list[WrongPart] = []
        self.left = MAX_CONTAINERS
        self.types = {name: self._texts(document, name, "") for name in ("consumes", "produces")}

    def _take(self, node: Any, times: int) -> None:
        """Count a node that is copied so many times into the new document; ValueError if it is too much."""
        self.left -= times * containers_of(node)
        if self.left < 0:
            raise ValueError(f"holds more than {MAX_CONTAINERS} objects and arrays as OpenAPI {OPENAPI}.")

    def converted(self) -> dict[str, Any]:
        swagger = self.document
        document: dict[str, Any] = {"openapi": OPENAPI, "servers": self._servers()}
        self.origins["/openapi"] = "/swagger"
        for name, value in swagger.items():
            if name in KEPT or name.startswith("x-"):
                document[name] = value
            elif name not in CONVERTED:
                self.wrong.append((pointers.join("", name), "is no member of Swagger 2.0.", "left out"))
        components = {
            "schemas": self._members("definitions", _schema),
            "parameters": {
                name: self._parameter(
                    parameter.node, pointers.join("/components/parameters", name), parameter.pointer
                )
                for name, node in _object(swagger.get("parameters")).items()
                for parameter in [self._followed(node, pointers.join("/parameters", name))]
                if _key(parameter.node)[0] not in IN_BODY
            },
            "responses": {
                name: self._response(
                    node, pointers.join("/components/responses", name), self.types["produces"]
                )
                for name, node in _object(swagger.get("responses")).items()
            },
            "securitySchemes": self._members("securityDefinitions", security_scheme),
        }
        self.origins["/components/parameters"] = "/parameters"
        self.origins |= {f"/components/{new}": f"/{old}" for old, new in SECTIONS.items()}
        document["components"] = {name: section for name, section in components.items() if section}
        document["paths"] = {
            path: self._path_item(item, pointers.join("/paths", path)) if isinstance(item, dict) else item
            for path, item in _object(swagger.get("paths")).items()
        }
        return document

    def _members(self, section: str, convert: Any) -> dict[str, Any]:
        return {name: convert(value) for name, value in _object(self.document.get(section)).items()}

    def _servers(self) -> list[dict[str, Any]]:
        self.origins["/servers"] = ""
        host, base = (self.document.get(name) or "" for name in ("host", "basePath"))
        for name, value in (("host", host), ("basePath", base)):
            if not isinstance(value, str):
                self.wrong.append((f"/{name}", "is not a string.", "left out"))
        base = base if isinstance(base, str) else ""
        schemes = self._texts(self.document, "schemes", "") or ["https"]
        if not isinstance(host, str) or not host:
            return [{"url": base or "/"}]
        return [{"url": f"{scheme}://{host}{base.rstrip('/')}"} for scheme in schemes]

    def _types(self, operation: dict[str, Any], name: str, pointer: str) -> list[str]:
        """Return the media types that an operation, or else the document, consumes or produces."""
        return self._texts(operation, name, pointer) or self.types[name]

    def _texts(self, holder: dict[str, Any], name: str, pointer: str) -> list[str]:
        value = holder.get(name, [])
        texts = [text for text in (value if isinstance(value, list) else [value]) if isinstance(text, str)]
        if texts != value:
            action: Action = "repaired" if texts else "left out"
            self.wrong.append((pointers.join(pointer, name), "is not an array of strings.", action))
        return texts

    def _path_item(self, item: dict[str, Any], pointer: str) -> dict[str, Any]:
        shared = list(self._resolved(item.get("parameters"), pointer))
        converted = {
            key: self._operation(value, pointers.join(pointer, key), shared)
            if key.lower() in METHODS and isinstance(value, dict)
            else value
            for key, value in item.items()
            if key != "parameters"
        }
        listed = _outside_body(shared)
        return converted | ({"parameters": self._listed(listed, pointer)} if listed else {})

    def _operation(self, operation: dict[str, Any], pointer: str, shared: list[_Parameter]) -> dict[str, Any]:
        converted = {name: value for name, value in operation.items() if name not in ABOUT_OPERATION}
        declared = list(self._resolved(operation.get("parameters"), pointer))
        keys = {_key(parameter.node) for parameter in declared}
        inherited = [parameter for parameter in shared if _key(parameter.node) not in keys]
        converted |= self._request_body([*declared, *inherited], operation, pointer)
        if listed := _outside_body(declared):
            converted["parameters"] = self._listed(listed, pointer)
        if "responses" in operation:
            types = self._types(operation, "produces", pointer)
            converted["responses"] = {
                status: self._response(node, pointers.join(pointer, "responses", status), types)
                for status, node in _object(operation["responses"]).items()
            }
        return converted

    def _request_body(
        self, parameters: list[_Parameter], operation: dict[str, Any], pointer: str
    ) -> dict[str, Any]:
        """Return the ``requestBody`` of an operation, if a parameter is in the body."""
        types, at = self._types(operation, "consumes", pointer), pointers.join(pointer, "requestBody")
        bodies = [parameter for parameter in parameters if _key(parameter.node)[0] == "body"]
        fields = [parameter for parameter in parameters if _key(parameter.node)[0] == "formData"]
        if bodies and (_is_required(bodies[:1]) or not _is_required(fields)):
            body, spare = self._body(bodies[0], at, types or [JSON]), [*bodies[1:], *fields]
        elif fields:
            body, spare = self._form(fields, at, types), bodies
        else:
            return {}
        for parameter in spare:
            self.wrong.append((parameter.pointer, "is in the body, as another parameter is.", "left out"))
        return {"requestBody": body}

    def _resolved(self, listed: Any, pointer: str) -> Iterator[_Parameter]:
        """Yield parameters; references to parameters of the document are followed."""
        for index, node in enumerate(listed if isinstance(listed, list) else ()):
            if isinstance(node, dict):
                yield self._followed(node, pointers.join(pointer, "parameters", index))

    def _followed(self, node: Any, pointer: str) -> _Parameter:
        """Return a parameter, or the last target of a reference."""
        seen = set[str]()
        end = _Parameter(node, pointer)
        while (reference := str(_object(end.node).get("$ref"))).startswith("#/") and reference not in seen:
            seen.add(reference)
            if len(seen) > MAX_REFERENCES:
                break  # for validation to find
            target = pointers.from_fragment(reference[1:])
            try:
                end = _Parameter(pointers.lookup(self.document, target), target)
            except KeyError:
                break
        return end if isinstance(end.node, dict) else _Parameter(node, pointer)

    def _listed(self, parameters: list[_Parameter], pointer: str) -> list[Any]:
        """Return parameters, as references if they are components."""
        return [
            {"$ref": f"#/components{quote(origin)}"}
            if COMPONENT.fullmatch(origin)
            else self._parameter(node, pointers.join(pointer, "parameters", index), origin)
            for index, (node, origin) in enumerate(parameters)
        ]

    def _parameter(self, node: Any, pointer: str, origin: str) -> Any:
        self.origins[pointer] = self.origins[f"{pointer}/schema"] = origin
        if not isinstance(node, dict):
            return node
        self._take(node, 1)
        if "$ref" in node:
            return {"$ref": node["$ref"]}
        parameter = {
            name: value for name, value in node.items() if name in ABOUT_PARAMETER or name[:2] == "x-"
        }
        if "x-example" in parameter:
            parameter.setdefault("example", parameter.pop("x-example"))
        if _key(node)[0] not in {"query", "header"}:
            parameter.pop("allowEmptyValue", None)
        if node.get("type") == "array" and _key(node)[0] == "query":
            parameter |= _style(node)
        return parameter | {"schema": _value_schema(node)}

    def _body(self, body: _Parameter, pointer: str, types: list[str]) -> dict[str, Any]:
        self._take(body.node, len(types))
        schema = _schema(body.node.get("schema", {}))
        self.origins[pointer] = body.pointer
        for name in types:
            self.origins[pointers.join(pointer, "content", name, "schema")] = f"{body.pointer}/schema"
        converted = {"content": {name: {"schema": schema} for name in types}}
        return converted | {
            name: body.node[name] for name in ("description", "required") if name in body.node
        }

    def _form(self, fields: list[_Parameter], pointer: str, types: list[str]) -> dict[str, Any]:
        forms = _forms(fields, types)
        self._take([field.node for field in fields], len(forms))
        schemas = {_key(field.node)[1]: _value_schema(field.node) for field in fields}
        first = {_key(field.node)[1]: field for field in reversed(fields)}
        for name, schema in schemas.items():
            if "description" in first[name].node:
                schema.setdefault("description", first[name].node["description"])
            for form in forms:
                at = pointers.join(pointer, "content", form, "schema", "properties", name)
                self.origins[at] = first[name].pointer
        required = [_key(field.node)[1] for field in fields if _is_required([field])]
        encoding = {
            _key(field.node)[1]: _style(field.node) for field in fields if field.node.get("type") == "array"
        }
        schema = {"type": "object", "properties": schemas, **({"required": required} if required else {})}
        media_type = {"schema": schema, **({"encoding": encoding} if encoding else {})}
        self.origins[pointer] = pointer.rpartition("/")[0] + "/parameters"
        return {"content": dict.fromkeys(forms, media_type), "required": bool(required)}

    def _response(self, node: Any, pointer: str, types: list[str]) -> Any:
        if not isinstance(node, dict) or "$ref" in node:
            return _reference(node)
        response = {name: value for name, value in node.items() if name not in CONVERTED_OF_RESPONSE}
        origin = pointer.replace("/components", "", 1) if pointer.startswith("/components/") else pointer
        if "schema" in node or _object(node.get("examples")):
            response["content"] = self._content(node, pointer, origin, types)
        headers = {name: _header(header) for name, header in _object(node.get("headers")).items()}
        for name in headers:
            at = pointers.join(pointer, "headers", name, "schema")
            self.origins[at] = pointers.join(origin, "headers", name)
        return response | ({"headers": headers} if headers else {})

    def _content(self, node: dict[str, Any], pointer: str, origin: str, types: list[str]) -> dict[str, Any]:
        """Return the content of a response: its schema and examples by media type."""
        examples, schema = _object(node.get("examples")), _schema(node.get("schema", {}))
        is_file = _object(node.get("schema")).get("type") == "file"
        listed = types or ([BINARY] if is_file else list(examples) or [JSON])
        self._take(node, len(listed))
        content: dict[str, Any] = {}
        for name in dict.fromkeys([*listed, *(name for name in examples if "/" in name)]):
            at = pointers.join(pointer, "content", name)
            content[name] = {"schema": schema} if "schema" in node else {}
            self.origins[at] = origin
            self.origins[f"{at}/schema"] = f"{origin}/schema"
            if name in examples:
                content[name]["example"] = examples[name]
                self.origins[f"{at}/example"] = pointers.join(origin, "examples", name)
        return content


def _forms(fields: list[_Parameter], types: list[str]) -> list[str]:
    """Return the media types of a form; one with a file is multipart."""
    has_file = any(field.node.get("type") == "file" for field in fields)
    forms = [name for name in types if name in {FORM, MULTIPART}]
    return [MULTIPART] if has_file or (not forms and MULTIPART in types) else forms or [FORM]


def _style(node: dict[str, Any]) -> dict[str, Any]:
    return STYLES.get(str(node.get("collectionFormat")), STYLES["csv"])


def _outside_body(parameters: list[_Parameter]) -> list[_Parameter]:
    return [parameter for parameter in parameters if _key(parameter.node)[0] not in IN_BODY]


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _is_required(parameters: list[_Parameter]) -> bool:
    return any(parameter.node.get("required") is True for parameter in parameters)


def _key(node: Any) -> tuple[str, str]:
    """Return the identity of a parameter: its location and its name."""
    return str(_object(node).get("in")), str(_object(node).get("name"))


def _reference(node: Any) -> Any:
    """Return a Reference Object to where its target is in OpenAPI 3."""
    reference = _object(node).get("$ref")
    if not isinstance(reference, str):
        return node
    for old, new in SECTIONS.items():
        if reference.startswith(f"#/{old}/"):
            reference = f"#/components/{new}/{reference.removeprefix(f'#/{old}/')}"
            break
    return {**node, "$ref": reference}


def _schema(node: Any) -> Any:
    """Convert a Schema Object, and all below it, to OpenAPI 3.0."""
    if not isinstance(node, dict):
        return node
    schema = map_subschemas(_reference(node), lambda _, subschema: _schema(subschema))
    if schema.pop("x-nullable", None) is True:
        schema["nullable"] = True
    if isinstance(schema.get("discriminator"), str):
        schema["discriminator"] = {"propertyName": schema["discriminator"]}
    if schema.get("type") == "file":
        schema |= {"type": "string", "format": "binary"}
    return schema


def _value_schema(node: dict[str, Any]) -> dict[str, Any]:
    """Return the schema that is spread over the members of a parameter or header."""
    about = ABOUT_PARAMETER | {"collectionFormat", "x-example"}
    schema = _schema({name: value for name, value in node.items() if name not in about})
    items = schema.get("items")
    if isinstance(items, dict):
        items.pop("collectionFormat", None)
    if node.get("allowEmptyValue") is False and schema.get("type") == "string":
        schema.setdefault("minLength", 1)
    extensions = [name for name in schema if name.startswith("x-")]
    return {name: value for name, value in schema.items() if name not in extensions}


def _header(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    described = {"description": node["description"]} if "description" in node else {}
    return described | {"schema": _value_schema(node)}
