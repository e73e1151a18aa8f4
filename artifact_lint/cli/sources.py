"""The lines of text files, for the excerpts of a report."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from artifact_lint.model import Lazy
from artifact_lint.stores.base import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from artifact_lint.stores.base import Store

#: What is read of one file, in bytes.
LIMIT: Final = 4 << 20
_LINE_BREAK: Final = re.compile(r"\r\n|\n|\r")
_BYTE_ORDER_MARKS: Final = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))


class Lines:
    """Reads each file once, from the first store that has it; the lines are those that positions count.

    The stores are opened when lines are first asked for: a report without findings shows none.
    """

    def __init__(self, open_stores: Callable[[], Sequence[Store]]) -> None:
        self._stores = Lazy(open_stores)
        self._known: dict[str, Sequence[str] | None] = {}

    def __call__(self, path: str) -> Sequence[str] | None:
        """The lines of a text file; None where it is no text or cannot be read."""
        if path not in self._known:
            texts = (_read(store, path) for store in self._stores.value)
            self._known[path] = next((lines for lines in texts if lines is not None), None)
        return self._known[path]


def _read(store: Store, path: str) -> Sequence[str] | None:
    try:
        with store.open(path) as source:
            data = source.read(0, LIMIT)
    except StoreError:
        return None
    mark, encoding = next(((mark, name) for mark, name in _BYTE_ORDER_MARKS if data.startswith(mark)), (b"", "utf-8"))
    text = data[len(mark) :].decode(encoding, "ignore" if len(data) == LIMIT else "replace")
    return None if "\0" in text or "\ufffd" in text else _LINE_BREAK.split(text)
