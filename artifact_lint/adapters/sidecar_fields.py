"""A hand-written document's values by the names that the alias table knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from artifact_lint.adapters import sidecar_keys as keys
from artifact_lint.adapters.reading import as_text, fact
from artifact_lint.model import Stated

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from artifact_lint.document import Node

_OF_THE_MODEL = frozenset((*keys.NAME, *keys.VERSION, *keys.DESCRIPTION, *keys.STAGE))


class Fields:
    """A mapping's values by their normal names; what stands in a group (`model: {...}`) counts as if it stood above.

    A group about the run adds neither a name nor a version: those would be the run's.
    """

    def __init__(self, root: Node) -> None:
        self.by_name: dict[str, Node] = {}
        self._add(root, frozenset())
        for groups, foreign in ((keys.MODEL_GROUPS, frozenset[str]()), (keys.RUN_GROUPS, _OF_THE_MODEL)):
            for group in [self.by_name[name] for name in groups if name in self.by_name]:
                self._add(group, foreign)

    def _add(self, group: Node, foreign: frozenset[str]) -> None:
        for key, value in group.items():
            name = keys.normal(key)
            if name not in foreign:
                self.by_name.setdefault(name, value)

    def all(self, names: Iterable[str]) -> Iterator[Node]:
        """The values by these names that are not null, in the table's order."""
        return (node for name in names if (node := self.by_name.get(name)) is not None and not node.is_null)

    def first(self, names: Iterable[str]) -> Node | None:
        """The first of them."""
        return next(self.all(names), None)

    def mapping(self, names: Iterable[str]) -> Node | None:
        """The first of them that is a mapping."""
        return next((node for node in self.all(names) if node.is_mapping), None)

    def scalar(self, names: Iterable[str]) -> Node | None:
        """The first of them that is a scalar and says something."""
        return next((node for node in self.all(names) if as_text(node) is not None), None)

    def text(self, names: Iterable[str]) -> Stated[str]:
        """What the first such scalar states, guessed."""
        found = fact(self.scalar(names), guessed=True)
        return Stated((found,)) if found else Stated()
