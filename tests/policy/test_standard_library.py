"""No module of the standard library is trusted: every function that one has is judged as if a pickle called it."""

from __future__ import annotations

import importlib
import sys
import warnings
from typing import TYPE_CHECKING

import pytest

from artifact_lint.model import Use
from artifact_lint.policy.imports import Kind, VerdictKind, allowed_names, verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

CALLED = frozenset({Use.CALLED})
LISTED = allowed_names("python")

#: Importing these opens a window or a page, or prints.
_ACT_ON_IMPORT = {"antigravity", "idlelib", "this", "turtle", "turtledemo"}
#: Modules of which nothing but data types and arithmetic may be called; what else there is runs code or reaches out.
_WHOLLY_DENIED = [
    *("asyncio", "atexit", "bdb", "cProfile", "code", "codeop", "commands", "compileall", "ctypes", "dbm", "distutils"),
    *(
        "doctest",
        "ensurepip",
        "faulthandler",
        "fileinput",
        "ftplib",
        "gc",
        "glob",
        "gzip",
        "http",
        "idlelib",
        "imaplib",
    ),
    *("imp", "importlib", "inspect", "lib2to3", "linecache", "marshal", "mmap", "modulefinder", "multiprocessing"),
    *("netrc", "nt", "os", "pdb", "pickle", "pickletools", "pipes", "pkgutil", "platform", "plistlib", "posix"),
    *("profile", "pstats", "pty", "py_compile", "pyclbr", "pydoc", "runpy", "sched", "select", "selectors", "shelve"),
    *("shutil", "signal", "site", "smtplib", "socket", "socketserver", "sqlite3", "ssl", "subprocess", "sys"),
    *("sysconfig", "tarfile", "telnetlib", "tempfile", "test", "timeit", "tkinter", "trace", "tracemalloc", "turtle"),
    *("unittest", "venv", "webbrowser", "wsgiref", "xmlrpc", "zipapp", "zipfile", "zipimport"),
    *("_interpreters", "_xxsubinterpreters", "_posixsubprocess", "_pickle", "_imp", "_signal", "_socket"),
]

#: Enumerations and tuples of modules that act.
_VALUES = {"http:HTTPMethod", "http:HTTPStatus", "os:stat_result", "os:terminal_size"}


def _callables(module: str) -> Iterator[str]:
    if module in _ACT_ON_IMPORT:
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = importlib.import_module(module)
    except ImportError:
        return
    yield from (name for name, value in vars(found).items() if callable(value))


@pytest.mark.parametrize("module", sorted(sys.stdlib_module_names))
def test_nothing_of_a_module_may_be_called_but_what_a_line_allows(module: str) -> None:
    wrongly = []
    for name in (*_callables(module), "no_such_name"):
        judged = verdict(module, name, CALLED)
        kind = LISTED.get(f"{module}:{name}")
        may_be_called = kind is not None and Use.CALLED in kind.uses
        if (judged.kind is VerdictKind.ALLOWED) != may_be_called:
            wrongly.append(name)
    assert wrongly == []


@pytest.mark.parametrize("module", _WHOLLY_DENIED)
def test_every_name_of_a_module_that_acts_is_dangerous_but_its_values(module: str) -> None:
    names = [name for name in (*_callables(module), "x") if f"{module}:{name}" not in _VALUES]
    harmless = [name for name in names if verdict(module, name).kind is not VerdictKind.DANGEROUS]
    assert harmless == []


def test_what_may_be_called_are_data_types_and_the_functions_of_the_pickle_protocol() -> None:
    functions = {entry for entry, kind in LISTED.items() if kind is Kind.FUNCTION}
    assert functions == {
        "_codecs:encode",
        "array:_array_reconstructor",
        "copyreg:__newobj__",
        "copyreg:__newobj_ex__",
        "copyreg:_reconstructor",
        "re:_compile",
        "zoneinfo:ZoneInfo._unpickle",
    }
    lookups = {entry for entry, kind in LISTED.items() if kind is Kind.LOOKUP}
    assert lookups == {"decimal:getcontext", "logging:getLogger"}
    for entry, kind in LISTED.items():
        module, _, name = entry.partition(":")
        if kind is Kind.CONSTRUCTOR and not module.startswith("pathlib._local"):
            assert isinstance(getattr(importlib.import_module(module), name), type), entry
