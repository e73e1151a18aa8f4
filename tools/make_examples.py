"""Write everything under examples/ with the libraries that people use, and say which versions wrote it.

    python tools/make_examples.py

needs what tools/requirements-examples.txt lists, which the script writes again from what is installed. Seeds and times
are fixed, and nothing names the machine: the script ends with an error if a file does.
"""

from __future__ import annotations

import getpass
import socket
import sys
import tempfile
from importlib import import_module
from pathlib import Path

from example_kinds.common import pins, write_text

ROOT = Path(__file__).resolve().parent.parent
KINDS = (
    "mlflow_sklearn",
    "pytorch_state_dict",
    "xgboost_native",
    "huggingface_tiny",
    "joblib_sidecar",
    "lfs_pointer",
    "bad_records",
    "bad_weights",
)
LIBRARIES = (
    "joblib",
    "mlflow",
    "numpy",
    "pandas",
    "safetensors",
    "scikit-learn",
    "skops",
    "tokenizers",
    "torch",
    "transformers",
    "xgboost",
)


def main() -> None:
    for kind in KINDS:
        import_module(f"example_kinds.{kind}").write(ROOT / "examples")
        print(f"wrote {kind}")
    text = "# What tools/make_examples.py last ran with.\n" + "".join(f"{pin}\n" for pin in pins(*LIBRARIES))
    write_text(ROOT / "tools" / "requirements-examples.txt", text)
    leaks = [f"{path}: {word}" for path in sorted((ROOT / "examples").rglob("*")) for word in leaked(path)]
    if leaks:
        sys.exit("these examples name the machine that wrote them:\n" + "\n".join(leaks))


def leaked(path: Path) -> list[str]:
    """What a file says of this machine."""
    if not path.is_file():
        return []
    data = path.read_bytes()
    words = {str(ROOT), str(Path.home()), tempfile.gettempdir(), socket.gethostname(), f'"{getpass.getuser()}"'}
    return [word for word in sorted(words) if word.encode() in data]


if __name__ == "__main__":
    main()
