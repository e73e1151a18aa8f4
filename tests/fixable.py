"""Repositories with something to fix, and `--fix` in this process."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from artifact_lint.cli.fixing import Tally, Workplace, fix
from artifact_lint.document import Limits
from artifact_lint.engine import Request, lint
from artifact_lint.settings import Settings
from artifact_lint.stores.local import LocalStore

if TYPE_CHECKING:
    from pathlib import Path

    from artifact_lint.model.report import Report

HEAD = "schema_version: 1\nname: churn\n"


def tensor(content: bytes = bytes(4)) -> bytes:
    """A whole safetensors file: the header's length, the header, one number."""
    header = json.dumps({"weight": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    return len(header).to_bytes(8, "little") + header + content


def digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


WEIGHTS = {name: tensor(name[:1].encode() * 4) for name in ("a.safetensors", "b.safetensors", "c.safetensors")}
DIGEST = {name: digest(data) for name, data in WEIGHTS.items()}
SIZE = len(WEIGHTS["a.safetensors"])


def repository(root: Path, manifest: str | bytes, name: str = "model-artifact.yaml") -> Path:
    """A repository of a manifest and the weight files that it names; returns the manifest."""
    (root / ".git").mkdir(parents=True, exist_ok=True)
    text = manifest if isinstance(manifest, bytes) else manifest.encode()
    for path, data in WEIGHTS.items():
        if path.encode() in text or path.encode("utf-16-le") in text:
            (root / path).write_bytes(data)
    place = root / name
    place.write_bytes(text)
    return place


def linted(root: Path) -> Report:
    return lint([str(root)], Request(Settings()))


def said(report: Report, code: str) -> list[str]:
    return [finding.message for finding in report.findings if finding.code == code]


def fixed(root: Path, *, unsafe: bool = False) -> tuple[Report, Tally]:
    """What is left to say of a repository after `--fix`, and what was fixed."""
    tally = Tally()
    where = Workplace(root, LocalStore(root), Limits())
    return fix(linted(root), lambda: linted(root), where, tally, unsafe=unsafe), tally
