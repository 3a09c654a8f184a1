"""Stripe's wire format: forms with bracketed names come in, JSON goes out."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from backend.local_stripe.errors import ApiError, Json, invalid, missing

_KEYS: Final = re.compile(r"\[([^\[\]]*)\]")
_TRUE_OR_FALSE: Final = {"true": True, "false": False}
_WHOLE: Final = re.compile(r"-?[0-9]{1,15}")
_MAX_KEYS: Final = 50


def nested(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """`a[b]=1&c[]=2&d[0][e]=3` as `{"a": {"b": "1"}, "c": ["2"], "d": [{"e": "3"}]}`."""
    tree: dict[str, Any] = {}
    for name, value in pairs:
        head, _, rest = name.partition("[")
        keys = [head, *_KEYS.findall(f"[{rest}")] if rest else [head]
        _insert(tree, keys, value, name)
    # Keys of metadata are names, also those that look like the places of a list.
    return {key: value if key == "metadata" else _with_lists(value) for key, value in tree.items()}


def _insert(tree: dict[str, Any], keys: list[str], value: str, name: str) -> None:
    for key in keys[:-1]:
        tree = tree.setdefault(key or str(len(tree)), {})
        if not isinstance(tree, dict):
            raise invalid(name, f"Invalid {name}: it is given as a value and as a hash.")
    tree[keys[-1] or str(len(tree))] = value


def _with_lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {key: _with_lists(item) for key, item in value.items()}
    if inner and all(key.isdigit() for key in inner):
        return [inner[key] for key in sorted(inner, key=int)]
    return inner


class Params:
    """The parameters of a request; remembers which were read, so that unknown ones can be refused."""

    def __init__(self, values: Mapping[str, Any], path: str = "") -> None:
        self._values = values
        self._path = path
        self._read = {"expand"}
        self._inner: list[Params] = []

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def text(self, name: str) -> str | None:
        """A string, or None when it is not given or empty (which is how Stripe unsets a value)."""
        value = self._take(name)
        if isinstance(value, dict | list):
            raise invalid(self._full(name), f"Invalid string: {self._full(name)}")
        return value or None

    def required(self, name: str) -> str:
        """As `text`; `parameter_missing` without."""
        value = self.text(name)
        if value is None:
            raise missing(self._full(name))
        return value

    def whole(self, name: str) -> int | None:
        """An integer."""
        value = self.text(name)
        if value is None:
            return None
        if not _WHOLE.fullmatch(value):
            raise invalid(self._full(name), f"Invalid integer: {value}", code="parameter_invalid_integer")
        return int(value)

    def positive(self, name: str) -> int | None:
        """An integer above zero."""
        value = self.whole(name)
        if value is not None and value < 1:
            message = "This value must be greater than or equal to 1."
            raise invalid(self._full(name), message, code="parameter_invalid_integer")
        return value

    def flag(self, name: str) -> bool:
        """A boolean, false when not given."""
        value = self.text(name)
        if value is None:
            return False
        if value not in _TRUE_OR_FALSE:
            raise invalid(self._full(name), f"Invalid boolean: {value}")
        return _TRUE_OR_FALSE[value]

    def one_of(self, name: str, allowed: tuple[str, ...]) -> str | None:
        """One of the words that are allowed."""
        value = self.text(name)
        if value is not None and value not in allowed:
            raise invalid(
                self._full(name), f"Invalid {self._full(name)}: must be one of {', '.join(allowed)}"
            )
        return value

    def group(self, name: str) -> "Params":
        """The parameters below `name`, none when there are none."""
        value = self._take(name)
        if value is not None and not isinstance(value, dict):
            raise invalid(self._full(name), f"Invalid hash: {self._full(name)}")
        inner = Params(value or {}, self._full(name))
        self._inner.append(inner)
        return inner

    def texts(self, name: str) -> list[str]:
        """A list of strings."""
        value = self._take(name)
        if value is not None and not (isinstance(value, list) and all(isinstance(v, str) for v in value)):
            raise invalid(self._full(name), f"Invalid array: {self._full(name)}")
        return list(value or ())

    def metadata(self, before: Mapping[str, str] | None = None) -> dict[str, str]:
        """What `metadata` is afterwards: given keys are set, empty ones unset, others stay."""
        given = self._take("metadata")
        if given is not None and not isinstance(given, dict):
            return {}
        merged = {**(before or {}), **(given or {})}
        if len(merged) > _MAX_KEYS:
            raise invalid("metadata", f"Metadata can have at most {_MAX_KEYS} keys.")
        return {key: value for key, value in merged.items() if value != ""}

    def ignore(self, *names: str) -> None:
        """Accept parameters that make no difference here."""
        self._read.update(names)

    def require_all_read(self) -> None:
        """`parameter_unknown` for a parameter that nobody asked for."""
        for name in self._values:
            if name not in self._read:
                message = f"Received unknown parameter: {self._full(name)}"
                raise ApiError(message, code="parameter_unknown", param=self._full(name))
        for inner in self._inner:
            inner.require_all_read()

    def _take(self, name: str) -> Any:
        self._read.add(name)
        return self._values.get(name)

    def _full(self, name: str) -> str:
        return f"{self._path}[{name}]" if self._path else name


def shown(value: Any) -> Any:
    """A JSON value without the members that are the gateway's own (their names begin with `_`)."""
    if isinstance(value, dict):
        return {key: shown(item) for key, item in value.items() if not key.startswith("_")}
    if isinstance(value, list):
        return [shown(item) for item in value]
    return value


def expanded(value: Json, paths: Iterable[str], look_up: Any) -> Json:
    """`value` with the ids at `paths` (`latest_charge.balance_transaction`) replaced by their objects."""
    for path in paths:
        _expand(value, path.split("."), look_up, path)
    return value


def _expand(value: Any, keys: list[str], look_up: Any, path: str) -> None:
    if isinstance(value, list):
        for item in value:
            _expand(item, keys, look_up, path)
        return
    if not isinstance(value, dict) or keys[0] not in value:
        raise ApiError(f"This property cannot be expanded ({path}).", param="expand")
    inner = value[keys[0]]
    if isinstance(inner, str) and (found := look_up(inner)) is not None:
        value[keys[0]] = inner = found
    if len(keys) > 1 and inner is not None:
        _expand(inner, keys[1:], look_up, path)
