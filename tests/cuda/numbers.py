"""All numbers of a message, for comparing those of two devices."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from msgspec.structs import asdict

__all__ = ["numbers"]


def numbers(value: Any) -> Iterator[np.ndarray[Any, Any]]:
    """Yield every array and float of a message, in order."""
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, float):
        yield np.array(value)
    elif isinstance(value, tuple | list):
        for each in value:
            yield from numbers(each)
    elif hasattr(value, "__struct_fields__"):
        yield from numbers(list(asdict(value).values()))
