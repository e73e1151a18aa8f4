"""Write frames of Zstandard with its own library: what the decoder of `artifact_lint.formats.zstandard` is tested on.

    python tools/make_zstandard_frames.py

It needs the package `zstandard`. Each line of tests/formats/zstandard_frames.jsonl is a frame in base64, the settings
that it was written with, and the length and the SHA-256 of its content.
"""

from __future__ import annotations

import base64
import hashlib
import json
import random
from importlib import import_module
from pathlib import Path

TARGET = Path(__file__).resolve().parents[1] / "tests" / "formats" / "zstandard_frames.jsonl"
#: Where a content is longer, only its first frame is kept: the others differ in little.
_LARGE = 50_000


def contents() -> dict[str, bytes]:
    """Contents that make blocks, literals and tables of all kinds."""
    chance = random.Random(5)
    weights = [1 / (value + 1) for value in range(256)]
    keys = b"".join(b'layer_%d.kernel/.zarray{"shape":[%d]}' % (index, index * 7 % 97) for index in range(4000))
    return {
        "nothing": b"",
        "a byte": b"a",
        "one byte often": b"x" * 300_000,
        "two bytes in turn": b"ab" * 1000,
        "no pattern": chance.randbytes(300),
        "few symbols": bytes(chance.choices(b"acgt", k=900)),
        "many symbols": bytes(chance.choices(range(256), weights=weights, k=3000)),
        "a few literals": bytes(chance.choices(range(256), weights=weights, k=70)),
        "keys": keys[:4000],
        "keys of several blocks": keys,
        "long matches": chance.randbytes(700) * 200,
    }


def main() -> None:
    zstandard = import_module("zstandard")
    lines = []
    for name, content in contents().items():
        settings = [{"level": level} for level in (-5, 1, 3, 19)]
        settings += [{"level": 3, "write_checksum": True}, {"level": 3, "write_content_size": False}]
        for setting in settings[:1] if len(content) > _LARGE else settings:
            frame = zstandard.ZstdCompressor(**setting).compress(content)
            told = {"content": name, **setting, "length": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            lines.append(json.dumps({**told, "frame": base64.b64encode(frame).decode()}))
    TARGET.write_text("\n".join(dict.fromkeys(lines)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
