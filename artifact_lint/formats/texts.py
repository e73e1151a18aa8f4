"""Whether bytes are plain text, which no weights are: Python's own path files share the suffix `.pth` with PyTorch."""

from __future__ import annotations

import codecs

_WHITESPACE = "\t\n\r\f"


def is_plain_text(head: bytes) -> bool:
    """Whether the first bytes of a file are printable UTF-8 text, maybe cut within a character; nothing is none."""
    try:
        text = codecs.getincrementaldecoder("utf-8-sig")().decode(head)
    except UnicodeDecodeError:
        return False
    return bool(text) and all(character.isprintable() or character in _WHITESPACE for character in text)
