"""The version of the protocol: two sides that speak the same version mean the same by every message."""

__all__ = ["VERSION"]

VERSION = 3  # of all messages, as described in `tests/schema`: `python -m tests.message_schema`
