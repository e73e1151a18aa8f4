"""The weights of the rule cases about environments, written by the libraries whose versions they then show."""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def _fitted() -> Any:  # noqa: ANN401  scikit-learn has no types
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415  only these cases need it

    return LogisticRegression().fit([[1.0, 20.0], [60.0, 80.0], [2.0, 90.0], [48.0, 30.0]], [1, 0, 1, 0])


def by_skops() -> bytes:
    """A fitted LogisticRegression as skops writes it."""
    import skops.io  # noqa: PLC0415  as above

    return bytes(skops.io.dumps(_fitted()))


def by_joblib_with_lz4() -> bytes:
    """A fitted LogisticRegression that joblib compressed with LZ4."""
    import joblib  # noqa: PLC0415  as above

    stream = io.BytesIO()
    joblib.dump(_fitted(), stream, compress=("lz4", 3))
    return stream.getvalue()


def by_cloudpickle() -> bytes:
    """A function by value, as cloudpickle keeps those of a script: the bytecode of this Python."""
    import cloudpickle  # noqa: PLC0415  as above

    return bytes(cloudpickle.dumps(lambda charges: charges / 100, protocol=4))


def _instance(module: str, name: str) -> Callable[[], bytes]:
    """A pickle of protocol 4 with an instance of a class and its state."""

    def make() -> bytes:
        words = (struct.pack("<B", len(word)) + word.encode() for word in (module, name, "offset"))
        module_word, name_word, state_word = (b"\x8c" + word for word in words)
        return b"\x80\x04" + module_word + name_word + b"\x93)\x81}" + state_word + b"K\x01sb."

    return make


#: What libraries write, by its path below tests/rules.
BY_LIBRARIES: dict[str, Callable[[], bytes]] = {
    "ENV103/bad-skops/churn.skops": by_skops,
    "ENV105/bad-lz4/churn.joblib": by_joblib_with_lz4,
    "ENV105/bad-skops/churn.skops": by_skops,
    "ENV105/good-lz4/churn.joblib": by_joblib_with_lz4,
    "ENV105/good/churn.skops": by_skops,
    "ENV106/bad-major/churn.pkl": by_cloudpickle,
    "ENV106/bad-nothing/churn.pkl": by_cloudpickle,
    "ENV106/bad-range/churn.pkl": by_cloudpickle,
    "ENV106/good-minor/churn.pkl": by_cloudpickle,
    "ENV106/good/churn.pkl": by_cloudpickle,
}

#: What is put together from bytes, likewise.
BY_HAND: dict[str, Callable[[], bytes]] = {
    "ENV101/bad-own-package/churn.pkl": _instance("churn_features", "LogTransformer"),
    "ENV101/good-namespace/churn.pkl": _instance("google.protobuf.struct_pb2", "Struct"),
    "ENV101/good-own-module/churn.pkl": _instance("churn_features", "LogTransformer"),
    "ENV101/good-unknown-package/churn.pkl": _instance("churn_features", "LogTransformer"),
    "ENV102/bad-main/churn.pkl": _instance("__main__", "ChurnModel"),
    "ENV102/bad-multiprocessing/churn.pkl": _instance("__mp_main__", "ChurnModel"),
    "ENV102/good/churn.pkl": _instance("churn_features", "LogTransformer"),
}

#: Where the classifier of the other cases lies.
CLASSIFIERS = (
    *(f"ENV101/{case}/churn.pkl" for case in ("bad-perhaps", "bad-scikit-learn", "good", "good-extra", "good-image")),
    *(f"ENV101/{case}/churn.pkl" for case in ("bad-marker", "bad-withdrawn")),
    *(f"ENV101/{case}/churn.pkl" for case in ("good-elsewhere", "good-local", "good-transitive")),
    *(f"ENV103/{case}/churn.pkl" for case in ("bad-patch", "bad-range", "bad-scikit-learn", "good", "good-range")),
    *(f"ENV103/{case}/churn.pkl" for case in ("good-build", "good-marker")),
    *(f"ENV104/{case}/churn.pkl" for case in ("bad-pin", "bad-range", "bad-transitive", "good", "good-stubs")),
    *("ENV104/good-unbound/churn.pkl", "ENV105/good-pickle/churn.pkl", "ENV106/good-by-reference/churn.pkl"),
)
