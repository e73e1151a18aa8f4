"""Damage of the kind that files take, and that attackers do to them on purpose."""

from __future__ import annotations

from hypothesis import strategies as st


@st.composite
def mutated(draw: st.DrawFn, content: bytes) -> bytes:
    """A file with some bytes changed, and maybe cut, or with a stretch of it taken out or repeated."""
    changed = bytearray(content)
    for _ in range(draw(st.integers(0, 6))):
        changed[draw(st.integers(0, len(changed) - 1))] = draw(
            st.sampled_from([0, 1, 0x7F, 0x80, 0xFE, 0xFF]) | st.integers(0, 255)
        )
    start = draw(st.integers(0, len(changed)))
    stop = draw(st.integers(start, len(changed)))
    match draw(st.sampled_from(["", "cut", "out", "twice"])):
        case "cut":
            del changed[start:]
        case "out":
            del changed[start:stop]
        case "twice":
            changed[stop:stop] = changed[start:stop]
        case _:
            pass
    return bytes(changed)
