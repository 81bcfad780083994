"""How a message is made: a dataclass that nobody changes, and that costs no more than any other object.

A simulation makes thousands of messages a second. Python's own `frozen=True` calls a function for each field of each of
them, to get past its own refusal; here mypy refuses instead, and a test plays schedules and compares what arrives with
what was sent.

What we leave out: a refusal while the program runs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar, dataclass_transform

Kind = TypeVar("Kind")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def message(kind: type[Kind]) -> type[Kind]:
    """A message, or a part of one: compared and hashed by what is in it, never changed after it was made."""
    return dataclass(slots=True, unsafe_hash=True)(kind)
