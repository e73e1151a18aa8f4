"""Any JSON or YAML document, with the keys that adapters look for more often than others."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import yaml
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Iterable

_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.just(10**400)
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(
        [
            "model.pkl",
            "../x.pkl",
            "/etc/x.pkl",
            "C:\\x.pkl",
            "a\0b.pkl",
            "sha256:zz",
            "[{",
            '[{"name": 1}]',
            "1.10",
            "double",
        ]
    )
)


def documents(keys: Iterable[str]) -> st.SearchStrategy[object]:
    """Plain values of any form, whose mappings have these keys and others."""
    names = st.sampled_from(sorted(keys)) | st.text(max_size=6)
    return st.recursive(
        _SCALARS,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=8),
        max_leaves=30,
    )


def as_json(value: object) -> bytes:
    return json.dumps(value).encode()


def as_yaml(value: object) -> bytes:
    return yaml.safe_dump(value, allow_unicode=True).encode("utf-8", "surrogatepass")
