"""How settings are read: Kafka's dotted names into the fields of a frozen dataclass, or one sentence why not.

`linger.ms` in a dict becomes the field `linger_ms`. A name that nobody knows is refused together with the nearest one
that exists.

What we leave out: Kafka's validators beyond type and choice; relations between settings are held by the dataclasses.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import Field, fields, replace
from functools import cache
from typing import Any, TypeVar

Role = TypeVar("Role")


class ConfigError(ValueError):
    """A setting is unknown, has a wrong value, or contradicts another; the message is one sentence."""


def one_of(name: str, value: str, known: tuple[str, ...]) -> None:
    """Raise `ConfigError` unless the value is one of those that exist."""
    if value not in known:
        raise ConfigError(f"{name} is {value!r}, but must be {', '.join(known[:-1])} or {known[-1]}.")


def dotted(field_name: str) -> str:
    """Kafka's name of a field: `linger_ms` → `linger.ms`."""
    return field_name.replace("_", ".")


def read_settings(role: type[Role], settings: Mapping[str, Any], who: str) -> Role:
    """Make the dataclass `role` from dotted names. Raises `ConfigError` for an unknown name or a wrong value."""
    return role(**_values(role, settings, who))


def overridden(config: Role, settings: Mapping[str, Any], who: str) -> Role:
    """The same settings but for those named here. Raises `ConfigError` as `read_settings` does."""
    changed: Role = replace(config, **_values(type(config), settings, who))  # type: ignore[type-var]
    return changed


def _values(role: type[Any], settings: Mapping[str, Any], who: str) -> dict[str, Any]:
    known = _known(role)  # type: ignore[arg-type]  # mypy does not see that a class can be hashed
    values: dict[str, Any] = {}
    for name, value in settings.items():
        if name not in known:
            raise ConfigError(unknown_name(f"{who} setting", name, list(known)))
        values[known[name].name] = _converted(name, value, str(known[name].type))
    return values


@cache
def _known(role: type[Any]) -> dict[str, Field[Any]]:
    """The fields of a role by Kafka's names."""
    return {dotted(item.name): item for item in fields(role)}


def unknown_name(what: str, name: str, known: list[str]) -> str:
    """One sentence for a name that does not exist: with the nearest that does, or else with all there are."""
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    if near:
        return f"There is no {what} {name!r}. Did you mean {near[0]!r}?"
    return f"There is no {what} {name!r}. There are: {', '.join(sorted(known)) or 'none'}."


def _converted(name: str, value: Any, wanted: str) -> Any:
    if wanted == "Any":
        return value
    text = str(value).strip()
    if wanted in {"bool", "bool | None"}:
        if text.lower() in {"true", "false"}:
            return text.lower() == "true"
        raise ConfigError(f"{name} is {value!r}, but must be true or false.")
    if wanted == "float":
        try:
            return float(text)
        except ValueError:
            raise ConfigError(f"{name} is {value!r}, but must be a number.") from None
    if wanted in {"int", "Millis"}:
        try:
            return int(text)
        except ValueError:
            raise ConfigError(f"{name} is {value!r}, but must be a whole number.") from None
    return text
