"""Templates read by Jinja's own parser (an extra): parsed into a tree that is walked, never compiled or rendered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jinja2 import Environment, TemplateSyntaxError, nodes
from jinja2.ext import Extension

from artifact_lint.policy.template_steps import ATTRIBUTE_FILTERS, BUILDERS, RENDERED, Event, Key, Step, TemplateError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from jinja2.parser import Parser

_LOADING = {nodes.Extends: "extends", nodes.FromImport: "from", nodes.Import: "import", nodes.Include: "include"}
_ARITHMETIC = (nodes.Add, nodes.Mul, nodes.Mod)


class _Generation(Extension):
    """The tag with which transformers' templates mark what the assistant says: its content, and nothing else."""

    tags = frozenset({"generation"})  # type: ignore[assignment]  # a set that nobody changes

    def parse(self, parser: Parser) -> list[nodes.Node]:
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


def events(text: str) -> list[Event]:
    """What a template does, told by its syntax tree.

    Raises:
        TemplateError: Jinja does not parse it.
    """
    environment = Environment(extensions=["jinja2.ext.loopcontrols", "jinja2.ext.do", _Generation])  # noqa: S701  nothing is rendered
    try:
        tree = environment.parse(text)
    except TemplateSyntaxError as error:
        raise TemplateError(f"{error.message or 'not Jinja'} (line {error.lineno})") from None
    except (RecursionError, ValueError, OverflowError) as error:
        raise TemplateError(f"Jinja's parser gives up: {type(error).__name__}") from None
    return list(_walk(tree))


def _walk(tree: nodes.Node) -> Iterator[Event]:
    waiting: list[nodes.Node] = [tree]
    while waiting:
        node = waiting.pop()
        yield from _steps(node)
        waiting.extend(node.iter_child_nodes())


def _steps(node: nodes.Node) -> Iterator[Event]:
    line = node.lineno
    match node:
        case nodes.Getattr():
            yield Event(Step.ATTRIBUTE, line, node.attr)
            yield from _walked(node.node)
        case nodes.Getitem():
            if not isinstance(node.arg, nodes.Slice):
                yield Event(Step.LOOKUP, line, key=_key(node.arg))
            yield from _walked(node.node)
        case nodes.Filter() if node.name in ATTRIBUTE_FILTERS:
            yield from _attribute_filter(node)
        case nodes.Const() if isinstance(node.value, str):
            yield Event(Step.TEXT, line, node.value)
        case nodes.Name():
            yield Event(Step.NAME, line, node.name)
        case nodes.Keyword():
            yield Event(Step.NAME, line, node.key)
        case nodes.Extends() | nodes.FromImport() | nodes.Import() | nodes.Include():
            yield Event(Step.LOADED, line, _LOADING[type(node)])
        case _:
            yield from _assignments(node)


def _walked(base: nodes.Node) -> Iterator[Event]:
    if isinstance(base, nodes.Name):
        yield Event(Step.WALKED, base.lineno, base.name)


def _attribute_filter(node: nodes.Filter) -> Iterator[Event]:
    first = node.args[0] if node.args else None
    is_literal = isinstance(first, nodes.Const)
    maps_attribute = node.name == "map" and not (is_literal and getattr(first, "value", None) != "attr")
    for index, argument in enumerate(node.args):
        is_attribute = node.name == "attr" or (maps_attribute and index > 0)
        yield Event(Step.LOOKUP, node.lineno, key=_key(argument), is_attribute=is_attribute)
    for keyword in node.kwargs:
        yield Event(Step.LOOKUP, node.lineno, key=_key(keyword.value), is_attribute=keyword.key == "attribute")
    for dynamic in (node.dyn_args, node.dyn_kwargs):
        if dynamic is not None:
            yield Event(Step.LOOKUP, node.lineno, key=_key(dynamic), is_attribute=True)


def _assignments(node: nodes.Node) -> Iterator[Event]:
    match node:
        case nodes.Assign():
            yield from _assigned(node.target, _key(node.node))
            yield from _namespace(node)
        case nodes.AssignBlock():
            yield from _assigned(node.target, RENDERED)
        case nodes.For():
            yield from _assigned(node.target, _key(node.iter))
        case nodes.With():
            for target, value in zip(node.targets, node.values, strict=True):
                yield from _assigned(target, _key(value))
        case nodes.Macro() | nodes.CallBlock():
            if isinstance(node, nodes.Macro):
                yield Event(Step.ASSIGNED, node.lineno, f"{node.name}()", RENDERED)
            start = len(node.args) - len(node.defaults)
            for argument, default in zip(node.args[start:], node.defaults, strict=True):
                yield from _assigned(argument, _key(default))


def _namespace(node: nodes.Assign) -> Iterator[Event]:
    """What a namespace holds from the start: `set ns = namespace(name=value)`."""
    made = node.node
    if isinstance(made, nodes.Call) and isinstance(made.node, nodes.Name) and made.node.name == "namespace":
        base = node.target.name if isinstance(node.target, nodes.Name) else ""
        for keyword in made.kwargs:
            yield Event(Step.ASSIGNED, keyword.lineno, f"{base}.{keyword.key}", _key(keyword.value))


def _assigned(target: nodes.Node, key: Key) -> Iterator[Event]:
    waiting: list[nodes.Node] = [target]
    while waiting:
        node = waiting.pop()
        if isinstance(node, nodes.Name):
            yield Event(Step.ASSIGNED, node.lineno, node.name, key)
        elif isinstance(node, nodes.NSRef):
            yield Event(Step.ASSIGNED, node.lineno, f"{node.name}.{node.attr}", key)
        else:
            waiting.extend(node.iter_child_nodes())


def _key(expression: nodes.Node) -> Key:
    texts: list[str] = []
    names: list[str] = []
    is_built = is_summed = False
    waiting: list[nodes.Node] = [expression]
    while waiting:
        node = waiting.pop()
        is_built = is_built or _is_built(node)
        is_summed = is_summed or isinstance(node, _ARITHMETIC) or _is_slice(node)
        name = _variable(node)
        if name:
            names.append(name)
        if isinstance(node, nodes.Const) and isinstance(node.value, str):
            texts.append(node.value)
        waiting.extend(_parts(node))
    return Key(tuple(texts), tuple(names), is_built, is_summed)


def _is_slice(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Slice)


def _is_built(node: nodes.Node) -> bool:
    match node:
        case nodes.Concat():
            return True
        case nodes.Filter():
            return node.name in BUILDERS
        case nodes.Call():
            return isinstance(node.node, nodes.Getattr) and node.node.attr in BUILDERS
        case nodes.Getitem():
            return isinstance(node.arg, nodes.Slice) and node.arg.step is not None
    return False


def _variable(node: nodes.Node) -> str:
    """The name under which a value is held: `name`, `namespace.name`, `macro()`; empty for any other expression."""
    match node:
        case nodes.Name():
            return node.name
        case nodes.Getattr(node=nodes.Name() as base):
            return f"{base.name}.{node.attr}"
        case nodes.Getitem(node=nodes.Name() as base, arg=nodes.Const() as index) if isinstance(index.value, str):
            return f"{base.name}.{index.value}"
        case nodes.Call(node=nodes.Name() as base):
            return f"{base.name}()"
    return ""


def _parts(node: nodes.Node) -> Iterable[nodes.Node]:
    """The expressions whose texts the value of an expression can be made of."""
    match node:
        case nodes.Getattr() | nodes.Getitem():
            return () if _variable(node) or isinstance(node, nodes.Getattr) else (node.node,)
        case nodes.Call():
            base = node.node.node if isinstance(node.node, nodes.Getattr) else node.node
            return (*(() if _variable(node) else (base,)), *node.args, *node.kwargs)
        case nodes.CondExpr():
            return (node.expr1, *(() if node.expr2 is None else (node.expr2,)))
        case nodes.Compare() | nodes.Test() | nodes.Not():
            return ()
    return node.iter_child_nodes()
