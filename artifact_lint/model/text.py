"""Text of files and of their names, as every reader of a report takes it."""

from __future__ import annotations


def encodable(text: str) -> str:
    """Text that UTF-8 can hold: a byte of a file name that is no character (PEP 383) is spelled out in ASCII."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
