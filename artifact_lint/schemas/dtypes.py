"""The dtypes that the manifest's schema takes, and other spellings of them."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

#: What NumPy's, TensorFlow's and torch's own names are written after.
_PREFIX = re.compile(r"(?:np|numpy|tf|torch|pd|jnp)\.", re.IGNORECASE)
_SPELLINGS: Mapping[str, str] = {
    "categorical": "category",
    "nominal": "category",
    "integer64": "int64",
    "real": "double",
    "varchar": "string",
    "datetime64ns": "datetime64[ns]",
}


@cache
def _known() -> tuple[frozenset[str], re.Pattern[str]]:
    schema = json.loads(Path(__file__).with_name("model-artifact.v1.schema.json").read_text("utf-8"))
    choices = schema["$defs"]["feature"]["properties"]["type"]["anyOf"]
    names = frozenset(name for choice in choices for name in choice.get("enum", ()) if name)
    (pattern,) = (choice["pattern"] for choice in choices if "pattern" in choice)
    return names, re.compile(pattern)


def as_dtype(written: str) -> str | None:
    """A dtype as the manifest spells it, of a text by which others call it; None where it names none (`numeric`)."""
    names, pattern = _known()
    text = _PREFIX.sub("", written.strip())
    for candidate in (text, text.lower(), _SPELLINGS.get(text.lower(), "")):
        if candidate in names or pattern.search(candidate):
            return candidate
    return None
