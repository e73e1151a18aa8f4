"""What the fuzzer once found stays mended, and its targets hold on streams from hypothesis as well."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from targets import TARGETS, imports_of_cpython, imports_of_machine, imports_of_prescan, pickles

REGRESSIONS = Path(__file__).parent / "regressions"
FILES = sorted(path for path in REGRESSIONS.rglob("*") if path.is_file() and path.name != ".gitkeep")

#: Opcodes and operands that make streams which mostly run, so that their imports are reached.
PIECES = st.sampled_from(
    [
        *(b"N", b"]", b"}", b")", b"(", b"0", b"2", b"t", b"l", b"d", b"e", b"a", b"s", b"u", b"1"),
        *(b"\x85", b"\x86", b"\x87", b"\x88", b"\x81", b"\x92", b"R", b"b", b"o", b"\x93", b"\x94"),
        *(b"q\0", b"q\1", b"q\2", b"h\0", b"h\1", b"h\2", b"r\3\0\0\0", b"j\3\0\0\0", b"p0\n", b"g0\n"),
        *(b"K\1", b"M\1\2", b"I1\n", b"L2L\n", b"F0.5\n", b"\x8a\1\5", b"\x8f", b"\x90", b"\x91"),
        *(b"\x8c\5posix", b"\x8c\6system", b"X\2\0\0\0os", b"Vos\n", b"S'os'\n", b"U\2os", b"C\2ab", b"\x8c\1a"),
        *(b"cposix\nsystem\n", b"cos\npopen\n", b"iposix\nsystem\n", b"ccollections\nOrderedDict\n"),
        *(b"\x80\2", b"\x80\4", b"\x95" + bytes(8), b"Pid\n", b"Q", b"\x98", b"\x97"),
    ]
)
STREAMS = st.builds(
    lambda start, pieces, end: start + b"".join(pieces) + end,
    st.sampled_from([b"", b"\x80\2", b"\x80\3", b"\x80\4", b"\x80\5"]),
    st.lists(PIECES, max_size=60),
    st.sampled_from([b"", b".", b"N."]),
)


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_what_was_found_stays_mended(path: Path) -> None:
    TARGETS[path.parent.name](path.read_bytes())


@given(STREAMS)
@settings(max_examples=2000, deadline=None)
def test_whatever_cpython_would_import_is_found(stream: bytes) -> None:
    pickles(stream)


@pytest.mark.parametrize("protocol", range(6))
def test_the_oracle_sees_what_a_stream_imports(protocol: int) -> None:
    stream = pickle.dumps([complex(1, 2), Path], protocol)
    asked = set(imports_of_cpython(stream))
    assert len(asked) >= 2
    assert imports_of_machine(stream) == (asked, False)
    assert imports_of_prescan(stream) == (asked, False)
