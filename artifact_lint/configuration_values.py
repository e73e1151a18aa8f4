"""The values of a configuration's tables, once their shape was checked: sizes, bounds, options and limits."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from artifact_lint.document import Limits
from artifact_lint.model import Component, NamingOptions, Options, PickleOptions, PicklePolicy
from artifact_lint.model.options import DEFAULT_RUN_FACTS, LARGEST_BLOB, StageOptions, Threshold

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from artifact_lint.document import Node

_SIZE: Final = r"\s*(\d+(?:\.\d+)?)\s*(?:([kKMGT])(i?))?[bB]?\s*"
_BOUND: Final = r"\s*(<=|>=|==|<|>)\s*(\S+)\s*"


def parse_size(value: int | str) -> int:
    """Bytes of `2 GB`, `1 GiB`, `500 kB` or a plain number.

    Raises:
        ValueError: It is none of these.
    """
    if isinstance(value, int):
        return value
    match = re.fullmatch(_SIZE, value)
    if match is None:
        raise ValueError(f"'{value}' is no size")
    number, prefix, binary = match.groups()
    power = "KMGT".index(prefix.upper()) + 1 if prefix else 0
    return int(float(number) * (1024 if binary else 1000) ** power)


def options_of(table: Node) -> Options:
    """What rules are told of the configuration."""
    stages = dict(stages_table.items()) if (stages_table := table.get("stages")) else {}
    policy = text(table, "pickle", "policy")
    required = texts(table, "components", "required", default=tuple(Component))
    blob = plain(table, "git", "max-size")
    return Options(
        required_components=frozenset(Component(name) for name in required),
        required_run_facts=frozenset(texts(table, "components", "run", default=DEFAULT_RUN_FACTS)),
        naming=NamingOptions(
            registry=text(table, "naming", "registry"),
            pattern=text(table, "naming", "pattern"),
            version_scheme=text(table, "naming", "version-scheme"),
        ),
        pickle=PickleOptions(
            policy=PicklePolicy(policy) if policy else None,
            allow=frozenset(texts(table, "pickle", "allow")),
        ),
        stage_pickle={
            name: PicklePolicy(stated) for name, stage in stages.items() if (stated := text(stage, "pickle"))
        },
        stages={name: _stage(stage) for name, stage in stages.items()},
        largest_blob=parse_size(blob) if isinstance(blob, int | str) else LARGEST_BLOB,
    )


def _stage(stage: Node) -> StageOptions:
    metrics = stage.get("metrics")
    signed = stage.get("signed")
    size = plain(stage, "max-size")
    return StageOptions(
        requires=texts(stage, "requires"),
        metrics=tuple(_threshold(name, node.text or "") for name, node in metrics.items()) if metrics else (),
        signed=signed is not None and signed.value is True,
        max_size=parse_size(size) if isinstance(size, int | str) else None,
    )


def _threshold(metric: str, written: str) -> Threshold:
    match = re.fullmatch(_BOUND, written)
    if match is None:
        raise ValueError(f"'{written}' is no bound")
    return Threshold(metric, match[1], float(match[2]))


def limits_of(table: Node) -> Limits:
    """How much of a document is read."""
    defaults = Limits()
    size = plain(table, "limits", "document-size")
    depth = plain(table, "limits", "document-depth")
    aliases = plain(table, "limits", "document-aliases")
    return Limits(
        size=parse_size(size) if isinstance(size, int | str) else defaults.size,
        depth=depth if isinstance(depth, int) else defaults.depth,
        aliases=aliases if isinstance(aliases, int) else defaults.aliases,
    )


def plain(node: Node, *keys: str) -> object:
    """The value below a chain of keys, None where there is none."""
    found = node.get(*keys)
    return None if found is None else found.value


def text(node: Node, *keys: str) -> str | None:
    """The text below a chain of keys, None where there is none."""
    found = node.get(*keys)
    return None if found is None else found.text


def texts(node: Node, *keys: str, default: Sequence[str] = ()) -> tuple[str, ...]:
    """The texts of a list below a chain of keys."""
    found = node.get(*keys)
    return tuple(default) if found is None else tuple(element.text or "" for element in found.elements())


def one_or_many(node: Node | None) -> Iterable[Node]:
    """The elements of a list, or the one value that stands for a list of it."""
    if node is not None and node.is_sequence:
        yield from node.elements()
    elif node is not None:
        yield node
