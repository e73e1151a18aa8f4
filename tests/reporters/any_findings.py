"""Findings of all kinds, for properties: any text anywhere, any position, bytes that are no text in paths."""

from __future__ import annotations

from hypothesis import strategies as st

from artifact_lint.model import Finding, Origin, Related, Severity

TEXTS = st.text(alphabet=st.characters(exclude_categories=[]), max_size=40)
_POSITIONS = st.integers(1, 2**40)
ORIGINS = st.builds(Origin, TEXTS, _POSITIONS, _POSITIONS, _POSITIONS, _POSITIONS, TEXTS)
FINDINGS = st.builds(
    Finding,
    code=st.from_regex(r"[A-Z]{3}[0-9]{3}", fullmatch=True),
    name=TEXTS,
    severity=st.sampled_from(Severity),
    message=TEXTS,
    help=TEXTS,
    origin=ORIGINS,
    artifact=TEXTS,
    file=st.none() | TEXTS,
    related=st.lists(st.builds(Related, ORIGINS, TEXTS), max_size=3).map(tuple),
    fixes=st.just(()),
    fingerprint=st.text("0123456789abcdef", min_size=16, max_size=16),
)
SEVERAL_FINDINGS = st.lists(FINDINGS, max_size=5).map(tuple)
