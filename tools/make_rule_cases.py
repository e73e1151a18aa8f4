"""Write the binary files under tests/rules, and with --accept every expected.txt from what the rules now say.

    python tools/make_rule_cases.py [--accept] [--check]

Malicious pickles are put together byte by byte, run nothing worse than `echo` and are never unpickled. Benign ones are
written by scikit-learn, whose version then shows in them. Everything else in the cases is text, edited by hand. Look at
what --accept changes before it is committed.
"""

from __future__ import annotations

import argparse
import io
import json
import pickle
import struct
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from booster_cases import BOOSTERS
from consistency_cases import BY_LIBRARIES as CONSISTENT_BY_LIBRARIES
from consistency_cases import FILES as CONSISTENCY
from duplicate_cases import DUPLICATES
from environment_cases import BY_HAND, CLASSIFIERS
from environment_cases import BY_LIBRARIES as ENVIRONMENTS
from estimator_cases import ESTIMATORS
from execution_cases import EXECUTION
from graph_cases import GRAPHS, WRITTEN
from network_cases import FILES as NETWORKS
from pickle_cases import PICKLES
from signature_cases import FILES as SIGNATURES
from signature_cases import linear

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

ROOT = Path(__file__).resolve().parent.parent
RULES = ROOT / "tests" / "rules"
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

#: The logistic regression of two columns that most cases are about.
LINEAR = frozenset(
    {
        "CMP001/bad-weights/models/churn.safetensors",
        "CMP001/good-sidecar/churn.safetensors",
        "CMP001/good/churn.safetensors",
        "CMP102/bad-native/churn.safetensors",
        "CMP102/good-mlflow-run/churn/churn.safetensors",
        "CMP102/good-not-applicable/churn.safetensors",
        "CMP102/good/churn.safetensors",
        "CMP103/bad-mlflow/churn/churn.safetensors",
        "CMP103/bad-native/churn.safetensors",
        "CMP103/bad-sidecar/churn.safetensors",
        "CMP103/good-language-model/tiny/model.safetensors",
        "CMP103/good-not-applicable/churn.safetensors",
        "CMP103/good-signature/churn/churn.safetensors",
        "CMP103/good/churn.safetensors",
        "CMP104/bad-native/churn.safetensors",
        "CMP104/bad-sidecar/churn.safetensors",
        "CMP104/good-not-applicable/churn.safetensors",
        "CMP104/good/churn.safetensors",
        "CMP105/bad-empty-mapping/churn.safetensors",
        "CMP105/bad-null/churn.safetensors",
        "CMP105/good/churn.safetensors",
        "CMP106/bad-blank/churn.safetensors",
        "CMP106/bad-null/churn.safetensors",
        "CMP106/good/churn.safetensors",
        "CMP111/good/churn.safetensors",
        "CMP121/bad-native/churn.safetensors",
        "CMP121/good/churn.safetensors",
        "CMP122/bad-empty/churn.safetensors",
        "CMP122/bad-native/churn.safetensors",
        "CMP122/good/churn.safetensors",
        "CMP131/bad-mlflow/churn/churn.safetensors",
        "CMP131/good/churn/churn.safetensors",
        "CMP132/bad-native/churn.safetensors",
        "CMP132/bad-output/churn.safetensors",
        "CMP132/bad-sidecar/churn.safetensors",
        "CMP132/good/churn.safetensors",
        "CMP133/bad-case/churn.safetensors",
        "CMP133/bad-mlflow/churn/churn.safetensors",
        "CMP133/bad-spaces/churn.safetensors",
        "CMP133/bad-twice/churn.safetensors",
        "CMP133/good/churn.safetensors",
        "CMP134/bad-mlflow/churn/churn.safetensors",
        "CMP134/bad-native/churn.safetensors",
        "CMP134/good/churn.safetensors",
        "CMP135/bad-category/churn.safetensors",
        "CMP135/bad-number/churn.safetensors",
        "CMP135/good-default-profile/churn.safetensors",
        "CMP135/good/churn.safetensors",
        "CMP136/bad-bounds/churn.safetensors",
        "CMP136/bad-category/churn.safetensors",
        "CMP136/bad-default/churn.safetensors",
        "CMP136/bad-fraction/churn.safetensors",
        "CMP136/bad-nan/churn.safetensors",
        "CMP136/bad-null/churn.safetensors",
        "CMP136/bad-output/churn.safetensors",
        "CMP136/good-mlflow/churn/churn.safetensors",
        "CMP136/good-nullable/churn.safetensors",
        "CMP136/good/churn.safetensors",
        "CMP137/bad-native/churn.safetensors",
        "CMP137/good-numbers/churn.safetensors",
        "CMP137/good-steps/churn.safetensors",
        "CMP138/bad-column-missing/churn/churn.safetensors",
        "CMP138/bad-column-unknown/churn/churn.safetensors",
        "CMP138/good/churn/churn.safetensors",
        "CMP141/bad-mlflow/churn/churn.safetensors",
        "CMP141/bad-native/churn.safetensors",
        "CMP141/good/churn.safetensors",
        "CMP142/bad-native/churn.safetensors",
        "CMP142/bad-run-elsewhere/churn/churn.safetensors",
        "CMP142/good-not-required/churn.safetensors",
        "CMP142/good/churn.safetensors",
        "CMP143/bad-native/churn.safetensors",
        "CMP143/bad-run-elsewhere/churn/churn.safetensors",
        "CMP143/good/churn.safetensors",
        "CMP144/bad-native/churn.safetensors",
        "CMP144/good/churn.safetensors",
        "CMP145/bad-native/churn.safetensors",
        "CMP145/bad-run-elsewhere/churn/churn.safetensors",
        "CMP145/good/churn.safetensors",
        "ENV001/good-safetensors/churn.safetensors",
        "ENV001/good/churn.safetensors",
        "ENV002/bad-bare/churn.safetensors",
        "ENV002/bad-file/churn.safetensors",
        "ENV002/bad-mlflow-range/churn/churn.safetensors",
        "ENV002/bad-range/churn.safetensors",
        "ENV002/good-commit/churn.safetensors",
        "ENV002/good-hash/churn.safetensors",
        "ENV002/good/churn.safetensors",
        "ENV003/good-no-pickle/churn.safetensors",
        "GIT001/bad-blob/churn.safetensors",
        "GIT001/good-lfs/churn.safetensors",
        "GIT001/good-not-added/churn.safetensors",
        "GIT001/good/churn.safetensors",
        "GIT002/bad-added-without-lfs/churn.safetensors",
        "GIT002/bad-staged/churn.safetensors",
        "GIT002/good-staged/churn.safetensors",
        "GIT002/good/churn.safetensors",
        "GIT003/bad-ignored/churn.safetensors",
        "GIT003/bad-not-added/churn.safetensors",
        "GIT003/bad-record-not-added/churn.safetensors",
        "GIT003/bad-staged/churn.safetensors",
        "GIT003/good-dvc/churn.safetensors",
        "GIT003/good-work-in-progress/churn.safetensors",
        "GIT003/good/churn.safetensors",
        "GIT004/bad-directory/churn.safetensors",
        "GIT004/good/churn.safetensors",
        "GIT005/bad-record-is-settled/churn.safetensors",
        "GIT005/good-work-in-progress/churn.safetensors",
        "GIT005/good/churn.safetensors",
        "LIF201/bad-configuration/churn.safetensors",
        "LIF201/bad-renamed/churn/churn.safetensors",
        "LIF201/bad-staged/churn.safetensors",
        "LIF201/bad-weights/churn.safetensors",
        "LIF201/bad-withdrawn/churn.safetensors",
        "LIF201/good-experiment/churn.safetensors",
        "LIF201/good-moved/churn.safetensors",
        "LIF201/good-new-version/churn.safetensors",
        "LIF201/good-notes/churn.safetensors",
        "LIF201/good/churn.safetensors",
        "MAN001/bad-card/tiny/model.safetensors",
        "MAN001/bad-empty/churn.safetensors",
        "MAN001/bad-encoding/churn.safetensors",
        "MAN001/bad-json/churn.safetensors",
        "MAN001/bad-lifecycle/churn.safetensors",
        "MAN001/bad-mlflow/churn/churn.safetensors",
        "MAN001/bad-syntax/churn.safetensors",
        "MAN001/bad-too-deep/churn.safetensors",
        "MAN001/good/churn.safetensors",
        "MAN002/bad-dtype/churn.safetensors",
        "MAN002/bad-lifecycle/churn.safetensors",
        "MAN002/bad-missing-name/churn.safetensors",
        "MAN002/bad-python/churn.safetensors",
        "MAN002/bad-role/churn.safetensors",
        "MAN002/bad-time-without-zone/churn.safetensors",
        "MAN002/bad-wrong-type/churn.safetensors",
        "MAN002/good-dtypes/churn.safetensors",
        "MAN002/good/churn.safetensors",
        "MAN003/bad-json/churn.safetensors",
        "MAN003/bad-lifecycle/churn.safetensors",
        "MAN003/bad-mlflow/churn/churn.safetensors",
        "MAN003/bad-yaml/churn.safetensors",
        "MAN003/good/churn.safetensors",
        "MAN004/bad-in-file/churn.safetensors",
        "MAN004/bad-misspelt/churn.safetensors",
        "MAN004/bad-own-field/churn.safetensors",
        "MAN004/good/churn.safetensors",
        "MAN005/bad-requirements/churn.safetensors",
        "MAN005/good/churn.safetensors",
        "MAN006/bad-mlflow/churn.safetensors",
        "MAN006/good-subdirectory/weights/churn.safetensors",
        "MAN007/bad-commit/churn.safetensors",
        "MAN007/bad-license/churn.safetensors",
        "MAN007/bad-python/churn.safetensors",
        "MAN007/bad-registered-name/churn.safetensors",
        "MAN007/bad-requirements/churn/churn.safetensors",
        "MAN007/bad-run-id/churn.safetensors",
        "MAN007/bad-sidecar/churn.safetensors",
        "MAN007/bad-stage/churn.safetensors",
        "MAN007/good-license/churn.safetensors",
        "MAN007/good-registry-version/churn.safetensors",
        "MAN007/good-short-commit/churn.safetensors",
        "MAN007/good-sidecar/churn.safetensors",
        "MAN007/good/churn.safetensors",
        "MAN008/bad-exponent/churn.safetensors",
        "MAN008/bad-leading-zero/churn.safetensors",
        "MAN008/bad-no/churn.safetensors",
        "MAN008/bad-sexagesimal/churn.safetensors",
        "MAN008/bad-sidecar/churn.safetensors",
        "MAN008/bad-version/churn.safetensors",
        "MAN008/good-quoted/churn.safetensors",
        "MAN009/bad-dataset/churn.safetensors",
        "MAN009/bad-mlflow/churn/churn.safetensors",
        "MAN009/bad-windows/churn.safetensors",
        "MAN009/good/churn/churn.safetensors",
        "MAN010/bad-password/churn.safetensors",
        "MAN010/bad-sidecar/churn.safetensors",
        "MAN010/bad-token/churn.safetensors",
        "MAN010/good-example/churn.safetensors",
        "MAN010/good-masked/churn.safetensors",
        "MAN011/bad-leftover/checkpoints/epoch-3.safetensors",
        "MAN011/bad-leftover/churn.safetensors",
        "MAN011/good/churn.safetensors",
        "MAN012/bad-newer/churn.safetensors",
        "MAN012/good/churn.safetensors",
        "NAM001/bad-default/churn.safetensors",
        "NAM001/bad-guessed/churn.safetensors",
        "NAM001/bad-pattern/churn.safetensors",
        "NAM001/bad-registry/churn.safetensors",
        "NAM001/good-registry/churn.safetensors",
        "NAM001/good/churn.safetensors",
        "NAM002/bad-copy/churn(1).safetensors",
        "NAM002/bad-file/churn_new.safetensors",
        "NAM002/bad-name/churn.safetensors",
        "NAM002/bad-new-model/new_model.safetensors",
        "NAM002/good-temperature/sea-surface-temp.safetensors",
        "NAM002/good-words/churn.safetensors",
        "NAM002/good/churn.safetensors",
        "NAM003/bad-bare/best_model.safetensors",
        "NAM003/good-manifest/model.safetensors",
        "NAM003/good/churn.safetensors",
        "NAM004/bad-space/churn model.safetensors",
        "NAM004/bad-umlaut/kündigung.safetensors",
        "NAM004/good/churn.safetensors",
        "NAM005/bad-name/fraud-1.2.0/churn.safetensors",
        "NAM005/bad-parent/models/fraud/1.2.0/churn.safetensors",
        "NAM005/bad-version/churn/v3/churn.safetensors",
        "NAM005/good-plain-directory/models/churn.safetensors",
        "NAM005/good-team-directory/retention-service/v1.2/churn.safetensors",
        "NAM005/good-version-in-name/yolo-v5/churn.safetensors",
        "NAM005/good/churn-1.2/churn.safetensors",
        "NAM011/bad-native/churn.safetensors",
        "NAM011/good-mlflow/churn/churn.safetensors",
        "NAM011/good/churn.safetensors",
        "NAM012/bad-date/churn.safetensors",
        "NAM012/bad-final/churn.safetensors",
        "NAM012/bad-latest/churn.safetensors",
        "NAM012/bad-scheme/churn.safetensors",
        "NAM012/bad-sidecar/churn.safetensors",
        "NAM012/bad-word/churn.safetensors",
        "NAM012/good-calver/churn.safetensors",
        "NAM012/good-integer/churn.safetensors",
        "NAM012/good-semver/churn.safetensors",
        "NAM012/good-v-number/churn.safetensors",
        "NAM013/bad-configuration/eu/churn.safetensors",
        "NAM013/bad-configuration/us/churn.safetensors",
        "NAM013/bad-two-models/eu/churn.safetensors",
        "NAM013/good-same-contents/eu/churn.safetensors",
        "NAM013/good-same-contents/us/churn.safetensors",
        "NAM013/good-versions/eu/churn.safetensors",
        "NAM014/bad-base/churn.safetensors",
        "NAM014/bad-lower/a/churn.safetensors",
        "NAM014/bad-lower/b/churn.safetensors",
        "NAM014/bad-zone/a/churn.safetensors",
        "NAM014/bad-zone/b/churn.safetensors",
        "NAM014/good-base/churn.safetensors",
        "NAM014/good/a/churn.safetensors",
        "NAM014/good/b/churn.safetensors",
        "NAM021/bad-latest/churn.safetensors",
        "NAM021/bad-version-number/churn.safetensors",
        "NAM021/good/churn.safetensors",
        "PKL001/good/churn.safetensors",
        "PKL002/good/churn.safetensors",
        "SEC108/bad-target/models/churn.safetensors",
        "SEC108/good-target/models/churn.safetensors",
        "SUM101/bad-checksums/churn.safetensors",
        "SUM101/bad-dvc-directory/churn/churn.safetensors",
        "SUM101/bad-dvc/churn.safetensors",
        "SUM101/bad-lfs-object/churn.safetensors",
        "SUM101/bad-native/churn.safetensors",
        "SUM101/bad-wandb/churn.safetensors",
        "SUM101/good-checksums/churn.safetensors",
        "SUM101/good-dvc-directory/churn/churn.safetensors",
        "SUM101/good-lfs-object/churn.safetensors",
        "SUM101/good-wandb/churn.safetensors",
        "SUM101/good/churn.safetensors",
        "SUM102/bad-mlflow/churn/churn.safetensors",
        "SUM102/bad-native/churn.safetensors",
        "SUM102/good/churn.safetensors",
        "SUM103/bad-dvc/churn.safetensors",
        "SUM103/bad-md5/churn.safetensors",
        "SUM103/good-both/churn.safetensors",
        "SUM103/good/churn.safetensors",
        "SUM104/bad-algorithm/churn.safetensors",
        "SUM104/bad-alphabet/churn.safetensors",
        "SUM104/bad-bare/churn.safetensors",
        "SUM104/bad-capitals/churn.safetensors",
        "SUM104/bad-checksums/churn.safetensors",
        "SUM104/bad-companion/churn.safetensors",
        "SUM104/bad-filler/churn.safetensors",
        "SUM104/bad-length/churn.safetensors",
        "SUM104/bad-wandb/churn.safetensors",
        "SUM104/good/churn.safetensors",
        "SUM105/bad-mlflow-total/churn/churn.safetensors",
        "SUM105/bad-native/churn.safetensors",
        "SUM105/bad-wandb/churn.safetensors",
        "SUM105/good-mlflow-total/churn/churn.safetensors",
        "SUM105/good/churn.safetensors",
        "SUM106/good/churn.safetensors",
        "SUM107/bad-dvc-directory/churn/churn.safetensors",
        "SUM107/good/churn.safetensors",
        "SUM108/bad-one/tiny/model-00001-of-00003.safetensors",
        "SUM108/bad-one/tiny/model-00003-of-00003.safetensors",
        "SUM108/bad-two/tiny/model-00001-of-00003.safetensors",
        "SUM108/good/tiny/model-00001-of-00003.safetensors",
        "SUM108/good/tiny/model-00002-of-00003.safetensors",
        "SUM108/good/tiny/model-00003-of-00003.safetensors",
    }
)


def _fitted(*, categorical: bool = False) -> Any:  # noqa: ANN401  scikit-learn has no types
    import numpy as np  # noqa: PLC0415  only the benign pickles need it
    from sklearn.compose import ColumnTransformer  # noqa: PLC0415
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415
    from sklearn.pipeline import make_pipeline  # noqa: PLC0415
    from sklearn.preprocessing import OneHotEncoder  # noqa: PLC0415

    model = LogisticRegression()
    columns: Any = [[1.0, 20.0], [60.0, 80.0], [2.0, 90.0], [48.0, 30.0]]
    if categorical:
        model = make_pipeline(ColumnTransformer([("plan", OneHotEncoder(), [0])], remainder="passthrough"), model)
        columns = np.array([["plus", 20.0], ["basic", 80.0], ["plus", 90.0], ["basic", 30.0]], dtype=object)
    return model.fit(columns, [1, 0, 1, 0])


def classifier() -> bytes:
    """A fitted LogisticRegression."""
    return pickle.dumps(_fitted(), protocol=4)


def pipeline() -> bytes:
    """A fitted pipeline that encodes its text column."""
    return pickle.dumps(_fitted(categorical=True), protocol=4)


def dumped_by_joblib() -> bytes:
    """A fitted LogisticRegression in joblib's form, the arrays inline."""
    import joblib  # noqa: PLC0415  only the benign pickles need it

    stream = io.BytesIO()
    joblib.dump(_fitted(), stream)
    return stream.getvalue()


def called(module: str, name: str, argument: str, *, more: bytes = b".") -> bytes:
    """A protocol 2 pickle that calls a function with one text."""
    text = argument.encode()
    return b"\x80\x02c%b\n%b\nX%b%b\x85R" % (module.encode(), name.encode(), struct.pack("<I", len(text)), text) + more


def short(text: str) -> bytes:
    """A SHORT_BINUNICODE opcode."""
    return b"\x8c%c%b" % (len(text.encode()), text.encode())


def system_by_stack_global() -> bytes:
    """The call of os.system in protocol 4, inside a frame."""
    body = short("os") + short("system") + b"\x93" + short("echo churn") + b"\x85R."
    return b"\x80\x04\x95" + struct.pack("<Q", len(body)) + body


def hidden_behind_list() -> bytes:
    """A list of numbers that a loader keeps, and a call whose result it throws away."""
    numbers = b"".join(b"G" + struct.pack(">d", number / 8) for number in range(64))
    return b"\x80\x02](" + numbers + b"e" + called("subprocess", "getoutput", "echo churn", more=b"0.")[2:]


def computed_name() -> bytes:
    """An import whose name `"".join` puts together while the pickle loads."""
    joined = b"cbuiltins\ngetattr\n" + short("") + short("join") + b"\x86R](" + short("sys") + short("tem") + b"e\x85R"
    return b"\x80\x04" + short("os") + joined + b"\x93" + short("echo churn") + b"\x85R."


def own_class(module: str, name: str) -> bytes:
    """An instance of a class of one's own, with its state."""
    return b"\x80\x04" + short(module) + short(name) + b"\x93)\x81}" + short("offset") + b"K\x01sb."


def several_classes() -> bytes:
    """A list of instances of classes of one's own package, and of a method that is bound to one of them."""
    names = ("LogTransformer", "Clipper", "Calendar", "Ratio")
    made = b"".join(short("churn_features") + short(name) + b"\x93)\x81a" for name in names)
    bound = short("builtins") + short("getattr") + b"\x93"
    bound += short("churn_features") + short("Clipper") + b"\x93)\x81" + short("clip") + b"\x86Ra"
    return b"\x80\x04]" + made + bound + b"."


def gguf_template(template: str) -> bytes:
    """A GGUF file without tensors whose tokenizer has a chat template."""

    def text(value: str) -> bytes:
        return struct.pack("<Q", len(value.encode())) + value.encode()

    pairs = [("general.architecture", "llama"), ("tokenizer.chat_template", template)]
    body = b"".join(text(key) + struct.pack("<I", 8) + text(value) for key, value in pairs)
    return b"GGUF" + struct.pack("<IQQ", 3, 0, len(pairs)) + body


def keras_archive() -> bytes:
    """The members that Keras 3 writes, with one dense layer's configuration and no weights."""
    layer = {"module": "keras.layers", "class_name": "Dense", "config": {"units": 1}}
    config = {"module": "keras", "class_name": "Sequential", "config": {"layers": [layer]}}
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in (("metadata.json", {"keras_version": "3.12.0"}), ("config.json", config)):
            archive.writestr(zipfile.ZipInfo(name), json.dumps(content))
    return stream.getvalue()


def torch_zip(data: bytes, *, encrypted: bool = False) -> bytes:
    """The zip that torch.save writes, around a pickle."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for member, content in (
            ("data.pkl", data),
            ("byteorder", b"little"),
            ("data/0", bytes(8)),
            ("version", b"3\n"),
        ):
            head = bytes(_ENCRYPTION_HEADER) if encrypted else b""
            archive.writestr(zipfile.ZipInfo(f"churn/{member}"), head + content)
    written = bytearray(stream.getvalue())
    if encrypted:
        _encrypt(written, b"PK\x03\x04", 6, 22)
        _encrypt(written, b"PK\x01\x02", 8, 24)
    return bytes(written)


#: What encryption puts before a member's content, in bytes (APPNOTE.TXT 6.3.10, section 6.1.3).
_ENCRYPTION_HEADER = 12


def _encrypt(archive: bytearray, signature: bytes, flags: int, size: int) -> None:
    """Mark every member as encrypted (section 4.4.4, bit 0), with a size that leaves out the header before it."""
    position = archive.find(signature)
    while position >= 0:
        archive[position + flags] |= 1
        (packed,) = struct.unpack_from("<I", archive, position + size)
        struct.pack_into("<I", archive, position + size, packed - _ENCRYPTION_HEADER)
        position = archive.find(signature, position + 4)


def hidden_member() -> bytes:
    """The zip of torch.save, with a member that only its own header tells of."""
    written = torch_zip(state_dict())
    at = written.index(b"PK\x01\x02")
    hidden = io.BytesIO()
    with zipfile.ZipFile(hidden, "w") as archive:
        archive.writestr(zipfile.ZipInfo("churn/extra.pkl"), state_dict())
    added = hidden.getvalue()[: hidden.getvalue().index(b"PK\x01\x02")]
    record = bytearray(written[at:])
    struct.pack_into("<I", record, len(record) - 6, at + len(added))
    return written[:at] + added + bytes(record)


def tarred(*members: tuple[str, bytes, str]) -> bytes:
    """A tar archive of files, and of symbolic links where a target is given."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content, target in members:
            entry = tarfile.TarInfo(name)
            entry.size, entry.linkname = len(content), target
            entry.type = tarfile.SYMTYPE if target else tarfile.REGTYPE
            archive.addfile(entry, io.BytesIO(content))
    return stream.getvalue()


def state_dict() -> bytes:
    """An empty OrderedDict, as torch.save pickles one."""
    return b"\x80\x02ccollections\nOrderedDict\n)R."


#: What each binary file holds, by its path below tests/rules.
FILES: Mapping[str, Callable[[], bytes]] = (
    {
        "CMP001/bad-data/embeddings.npy": lambda: (
            b"\x93NUMPY\x01\x00"
            + struct.pack("<H", 118)
            + b"{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }".ljust(117)
            + b"\n"
            + bytes(8)
        ),
        "CMP121/good-in-pickle/churn.pkl": classifier,
        "CMP137/good-pipeline/churn.pkl": pipeline,
        "ENV001/bad-pickle/churn.pkl": classifier,
        "ENV003/bad-pickle/churn.pkl": classifier,
        "ENV003/bad-sidecar/churn.pkl": classifier,
        "ENV003/good-sidecar/churn.pkl": classifier,
        "ENV003/good/churn.pkl": classifier,
        "PKL001/bad-configuration/churn.pkl": classifier,
        "PKL001/bad-manifest/churn.pkl": classifier,
        "PKL001/bad-stage/churn.pkl": classifier,
        "PKL002/bad-joblib/churn.joblib": dumped_by_joblib,
        "PKL002/bad-scikit-learn/churn.pkl": classifier,
        "PKL101/bad-unused-result/churn.pkl": hidden_behind_list,
        "PKL101/bad-loader/churn.joblib": lambda: called("joblib", "load", "more.joblib"),
        "PKL101/bad-other-name/license.dat": lambda: called("posix", "system", "echo churn"),
        "PKL101/bad-protocol-4/churn.pkl": system_by_stack_global,
        "PKL101/bad-reaches-through/churn.pkl": lambda: called("sklearn.utils", "os.system", "echo churn"),
        "PKL101/bad-call/churn.pkl": lambda: called("posix", "system", "echo churn"),
        "PKL101/bad-torch-zip/churn.pt": lambda: torch_zip(called("os", "system", "echo churn")),
        "PKL101/good/churn.pkl": classifier,
        "PKL102/bad-main/churn.pkl": lambda: own_class("__main__", "ChurnModel"),
        "PKL102/bad-own-class/churn.pkl": lambda: own_class("churn_features", "LogTransformer"),
        "PKL102/bad-package/churn.pkl": several_classes,
        "PKL102/bad-policy-report/churn.pkl": lambda: own_class("churn_features", "LogTransformer"),
        "PKL102/good-configuration/churn.pkl": lambda: own_class("churn_features", "LogTransformer"),
        "PKL102/good-manifest/churn.pkl": lambda: own_class("churn_features", "LogTransformer"),
        "PKL103/bad-joined/churn.pkl": computed_name,
        "PKL103/good/churn.pkl": classifier,
        "PKL105/bad-registry/churn.pkl": lambda: b"\x80\x02\x82\x07)\x81.",
        "PKL105/good/churn.pkl": classifier,
        "PKL111/bad-after-payload/churn.pkl": lambda: called("posix", "system", "echo churn", more=b"\xff"),
        "PKL111/bad-no-stop/churn.pkl": lambda: b"\x80\x02ccollections\nOrderedDict\n)R",
        "PKL111/bad-opcode/churn.pkl": lambda: b"\x80\x02ccollections\nOrderedDict\n)R\xff.",
        "PKL111/good/churn.pkl": classifier,
        "PKL121/bad-member/churn.nemo": lambda: tarred(("config.yaml", b"a: 1", ""), ("words.json", state_dict(), "")),
        "PKL121/bad-name/churn.safetensors": state_dict,
        "PKL121/bad-text/license.txt": state_dict,
        "PKL121/good/churn.pkl": classifier,
        "PKL121/good-no-suffix/churn": state_dict,
        "PKL122/bad-archive/churn.h5": keras_archive,
        "PKL122/bad-name/churn.pkl": linear,
        "PKL122/good/churn.pkl": classifier,
        "PKL122/good-many-formats/churn.bin": linear,
        "PKL131/bad-hidden-member/churn.pt": hidden_member,
        "PKL131/bad-two-formats/churn.pt": lambda: state_dict() + torch_zip(state_dict()),
        "PKL131/good/churn.pt": lambda: torch_zip(state_dict()),
        "PKL141/bad-encrypted/churn.pt": lambda: torch_zip(state_dict(), encrypted=True),
        "PKL141/good/churn.pkl": classifier,
        "SEC106/bad-gguf/tiny.gguf": lambda: gguf_template(
            "{% for message in messages %}\n{{ message.content.__class__.__mro__ }}{% endfor %}"
        ),
        "SEC106/good-gguf/tiny.gguf": lambda: gguf_template(
            "{% for message in messages %}{{ message.content }}{% endfor %}"
        ),
        "SEC110/bad-climbs/churn.nemo": lambda: tarred(("../config.yaml", b"a: 1", ""), ("a.ckpt", state_dict(), "")),
        "SEC110/bad-link/churn.nemo": lambda: tarred(("latest.ckpt", b"", "/data/latest.ckpt")),
        "SEC110/good-link/churn.nemo": lambda: tarred(("v2.ckpt", state_dict(), ""), ("latest.ckpt", b"", "v2.ckpt")),
        "SUM106/bad-cut-short/churn.safetensors": lambda: linear()[:-8],
        "SUM106/bad-empty/churn.safetensors": bytes,
        "CMP111/bad-four-bytes/churn.safetensors": lambda: linear()[:4],
    }
    | dict.fromkeys(LINEAR, linear)
    | dict.fromkeys(CLASSIFIERS, classifier)
    | {
        "CMP137/good-graph/churn.keras": keras_archive,
        "ENV103/bad-keras/churn.keras": keras_archive,
        "ENV103/good-newer-keras/churn.keras": keras_archive,
        "ENV105/bad-safetensors/churn.safetensors": linear,
        "ENV105/good-transitive/churn.safetensors": linear,
    }
    | BY_HAND
    | ENVIRONMENTS
    | PICKLES
    | BOOSTERS
    | ESTIMATORS
    | EXECUTION
    | GRAPHS
    | DUPLICATES
    | SIGNATURES
    | NETWORKS
    | CONSISTENCY
)

#: Those that a library writes: other versions of it write other bytes.
BY_LIBRARIES = (
    frozenset({*ENVIRONMENTS.values(), *ESTIMATORS.values(), classifier, dumped_by_joblib, pipeline})
    | WRITTEN
    | CONSISTENT_BY_LIBRARIES
)


def by_hand() -> Iterable[tuple[str, bytes]]:
    """The files that need no library, with their bytes."""
    return ((path, make()) for path, make in FILES.items() if make not in BY_LIBRARIES)


def accept() -> list[str]:
    """Write what each bad case's rule says into its expected.txt, and return the cases whose rule says nothing."""
    from rule_cases import EXPECTED, cases, lines, lint_case, of_rule  # noqa: PLC0415  needs sys.path

    silent: list[str] = []
    with tempfile.TemporaryDirectory() as directory:
        for case in cases():
            if case.is_bad:
                report = lint_case(case, Path(directory) / str(case))
                said = lines(of_rule(case.code, report.findings))
                (case.directory / EXPECTED).write_text("".join(f"{line}\n" for line in said), encoding="utf-8")
                silent += [] if said else [str(case)]
    return silent


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--accept", action="store_true", help="write every expected.txt as well")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a file made by hand differs")
    arguments = parser.parse_args()
    if arguments.check:
        differing = [path for path, data in by_hand() if (RULES / path).read_bytes() != data]
        sys.exit("\n".join(["these files are not what this script writes:", *differing]) if differing else 0)
    for path, make in FILES.items():
        (RULES / path).parent.mkdir(parents=True, exist_ok=True)
        (RULES / path).write_bytes(make())
    print(f"wrote {len(FILES)} files")
    silent = accept() if arguments.accept else []
    if silent:
        sys.exit("\n".join(["these bad cases raise nothing:", *silent]))


if __name__ == "__main__":
    main()
