"""Reads a request to Stripe as Stripe would: by the types of Stripe's own SDK.

The SDK describes each request as a TypedDict, generated from the very API version
it speaks. So whatever passes here has no misspelt, missing or retired parameter.
"""

from __future__ import annotations

import functools
import re
import types
import typing
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, Union
from urllib.parse import parse_qsl

import typing_extensions
from stripe import RequestOptions

from billing_app.sandbox.stripe_refusals import Unexecuted

# Names the SDK's types use without importing them at run time.
_UNIMPORTED = {"StripeContext": object, "Mapping": Mapping}
# The SDK sends these as headers.
_HEADERS = RequestOptions.__annotations__.keys()
_RETIRED = {"payment_method_types": "payment_method_types_no_longer_supported"}
_INTEGER = re.compile(r"-?[0-9]{1,18}", re.ASCII)


class ParameterRefused(Unexecuted):
    """A parameter that is misspelt, missing, retired or of the wrong type."""

    def __init__(self, message: str, param: str, code: str | None = None) -> None:
        super().__init__(message, param=param, code=code)


def decode_form(body: str) -> dict[str, Any]:
    """Unfold `a[b][0][c]=d` into nested mappings and lists of strings."""
    tree: dict[str, Any] = {}
    for name, value in parse_qsl(body, keep_blank_values=True):
        head, *inner = name.replace("]", "").split("[")
        branch = tree
        *path, last = [head, *inner]
        for step in path:
            branch = branch.setdefault(_step(branch, step), {})
            if not isinstance(branch, dict):
                raise ParameterRefused("Invalid object", name)
        branch[_step(branch, last)] = value
    return {key: _lists(value) for key, value in tree.items()}


def read_parameters(form: Mapping[str, Any], params_type: type) -> dict[str, Any]:
    """Return the form's values as the types say, or refuse as Stripe would."""
    return _read_mapping(form, params_type, "")


def _step(branch: dict[str, Any], step: str) -> str:
    """Number the values of `expand[]=…`."""
    return step or str(len(branch))


def _lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if value and all(key.isdigit() for key in value):
        return [_lists(value[key]) for key in sorted(value, key=int)]
    return {key: _lists(inner) for key, inner in value.items()}


@functools.cache
def _fields(params_type: type) -> dict[str, Any]:
    hints = typing_extensions.get_type_hints(params_type, localns=_UNIMPORTED)
    return {name: hint for name, hint in hints.items() if name not in _HEADERS}


def _read_mapping(value: Any, params_type: type, param: str) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise ParameterRefused("Invalid object", param)

    fields = _fields(params_type)
    result = {}
    for name, inner in value.items():
        place = f"{param}[{name}]" if param else name
        if name not in fields:
            raise ParameterRefused(
                f"Received unknown parameter: {place}",
                place,
                _RETIRED.get(name, "parameter_unknown"),
            )
        result[name] = _read(inner, fields[name], place)

    for name in sorted(_required(params_type) - result.keys()):
        place = f"{param}[{name}]" if param else name
        raise ParameterRefused(
            f"Missing required param: {place}.", place, "parameter_missing"
        )
    return result


def _required(params_type: Any) -> frozenset[str]:
    return params_type.__required_keys__ - _HEADERS


def _read(value: Any, hint: Any, param: str) -> Any:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (Union, types.UnionType):
        return _read_any(value, arguments, param)
    if origin is Literal:
        return _read_word(value, arguments, param)
    if origin is list:
        return _read_list(value, arguments[0], param)
    if origin is dict:
        if not isinstance(value, Mapping):
            raise ParameterRefused("Invalid hash", param)
        return {k: _read(v, arguments[1], f"{param}[{k}]") for k, v in value.items()}
    if typing_extensions.is_typeddict(hint):
        return _read_mapping(value, hint, param)
    return _read_scalar(value, hint, param)


def _read_any(value: Any, hints: tuple[Any, ...], param: str) -> Any:
    """Take the first type that fits; a closed list of words closes out any text."""
    literals = [hint for hint in hints if typing.get_origin(hint) is Literal]
    words = [word for hint in literals for word in typing.get_args(hint) if word]
    refusal = ParameterRefused("Invalid value", param)
    for hint in hints:
        if hint is type(None) or (hint is str and words):
            continue
        try:
            return _read(value, hint, param)
        except ParameterRefused as tried:
            refusal = tried
    raise refusal


def _read_word(value: Any, words: tuple[Any, ...], param: str) -> Any:
    if value in words:
        return value
    raise ParameterRefused(
        f"Invalid {param}: must be one of {', '.join(map(str, words))}", param
    )


def _read_list(value: Any, hint: Any, param: str) -> list[Any]:
    if not isinstance(value, list):
        raise ParameterRefused("Invalid array", param)
    return [_read(inner, hint, f"{param}[{n}]") for n, inner in enumerate(value)]


def _read_scalar(value: Any, hint: Any, param: str) -> Any:
    if not isinstance(value, str):
        raise ParameterRefused("Invalid value", param)
    if hint is bool:
        return _read_word(value, ("true", "false"), param) == "true"
    if hint is int:
        if not _INTEGER.fullmatch(value):
            raise ParameterRefused(
                f"Invalid integer: {value}", param, "parameter_invalid_integer"
            )
        return int(value)
    if hint in (Decimal, float):
        return _read_decimal(value, param)
    if hint is str:
        return value
    raise ParameterRefused("Invalid value", param)


def _read_decimal(value: str, param: str) -> Decimal:
    try:
        return Decimal(value)
    except InvalidOperation:
        raise ParameterRefused(f"Invalid decimal: {value}", param) from None
