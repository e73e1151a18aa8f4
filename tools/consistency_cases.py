"""The files of the rule cases about schemas and weights: small models of scikit-learn and ONNX."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import TYPE_CHECKING, Any

from execution_cases import archive
from signature_cases import shard

if TYPE_CHECKING:
    from collections.abc import Callable

DESCRIBED = Path(__file__).resolve().parent.parent / "tests" / "described"

NUMBERS = [[1.0, 20.0], [60.0, 80.0], [2.0, 90.0], [48.0, 30.0]]
PLANS = [["plus"], ["basic"], ["plus"], ["basic"]]


def named(estimator: Any, *names: str) -> Any:  # noqa: ANN401  scikit-learn has no types
    """An estimator with the names that fitting it on a data frame would have kept; there is no pandas here."""
    import numpy as np  # noqa: PLC0415  only these cases need it

    estimator.feature_names_in_ = np.array(names, dtype=object)
    return estimator


def _logistic(labels: list[Any], rows: list[list[float]] | None = None) -> Any:  # noqa: ANN401  as above
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415  as above

    return LogisticRegression().fit(NUMBERS if rows is None else rows, labels)


def fitted_on_a_frame() -> bytes:
    """A LogisticRegression of tenure and charges with the classes no and yes."""
    return pickle.dumps(named(_logistic(["yes", "no", "yes", "no"]), "tenure", "charges"), protocol=4)


def fitted_on_an_array() -> bytes:
    """A LogisticRegression of two columns without names, with the classes 0 and 1."""
    return pickle.dumps(_logistic([1, 0, 1, 0]), protocol=4)


def after_a_preprocessor() -> bytes:
    """A LogisticRegression of four columns that a preprocessor makes."""
    return pickle.dumps(_logistic([1, 0, 1, 0], [[*row, *row] for row in NUMBERS]), protocol=4)


def preprocessor() -> bytes:
    """A StandardScaler of tenure and charges."""
    from sklearn.preprocessing import StandardScaler  # noqa: PLC0415  as above

    return pickle.dumps(named(StandardScaler().fit(NUMBERS), "tenure", "charges"), protocol=4)


def _encoding(**options: Any) -> bytes:  # noqa: ANN401  as above
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415  as above
    from sklearn.pipeline import make_pipeline  # noqa: PLC0415  as above
    from sklearn.preprocessing import OneHotEncoder  # noqa: PLC0415  as above

    model = make_pipeline(OneHotEncoder(**options), LogisticRegression()).fit(PLANS, [1, 0, 1, 0])
    named(model[0], "plan")
    return pickle.dumps(model, protocol=4)


def encoder() -> bytes:
    """A pipeline that encodes the plans basic and plus, and refuses others."""
    return _encoding()


def lenient_encoder() -> bytes:
    """A pipeline that encodes the plans basic and plus, and ignores others."""
    return _encoding(handle_unknown="ignore")


def matrix() -> bytes:
    """An ONNX graph that takes two columns as one tensor of numbers, and gives one number for each row."""
    from onnx import TensorProto, helper  # noqa: PLC0415  as above

    taken = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["rows", 2])
    given = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["rows", 1])
    weights = helper.make_tensor("w", TensorProto.FLOAT, [2, 1], [0.5, -0.25])
    graph = helper.make_graph([helper.make_node("MatMul", ["x", "w"], ["y"])], "churn", [taken], [given], [weights])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], producer_name="churn")
    model.ir_version = 8
    return bytes(model.SerializeToString())


def boosted() -> bytes:
    """A LightGBM model of age, monthly_charge, has_card and score, in this order."""
    return (DESCRIBED / "boosters-new" / "lgb-binary.txt").read_bytes()


def network() -> bytes:
    """A safetensors file with an embedding of 1,000 rows and a head."""
    return shard({"embed.weight": [100, 8], "head.bias": [1], "head.weight": [1, 8]})


def state_dict() -> bytes:
    """An empty state dict, as torch.save writes it."""
    return archive({"archive/data.pkl": b"\x80\x02}.", "archive/version": b"3\n"})


#: Each file of a case with what writes it.
FILES: dict[str, Callable[[], bytes]] = {
    **dict.fromkeys(
        (
            "CON101/good/churn.pkl",
            "CON101/good-optional/churn.pkl",
            "CON101/bad-missing/churn.pkl",
            "CON101/bad-unknown/churn.pkl",
            "CON101/bad-mlflow/churn/model.pkl",
            "CON101/bad-sidecar/churn.pkl",
            "CON102/good/churn.pkl",
            "CON102/bad-renamed/churn.pkl",
            "CON102/bad-case/churn.pkl",
            "CON103/good/churn.pkl",
            "CON103/bad-scikit-learn/churn.pkl",
            "CON104/bad-scikit-learn/churn.pkl",
            "CON107/good/churn.pkl",
            "CON111/good/churn.pkl",
            "CON111/good-probabilities/churn.pkl",
            "CON111/bad-schema/churn.pkl",
            "CON112/good/churn.pkl",
            "CON112/bad-schema/churn.pkl",
            "CON112/bad-probabilities/churn.pkl",
            "CON151/good/churn.pkl",
            "CON151/bad-framework/churn.pkl",
            "CON153/good/churn/model.pkl",
            "CON153/bad-optional/churn/model.pkl",
            "CON153/bad-version/churn/model.pkl",
        ),
        fitted_on_a_frame,
    ),
    "CON101/good-preprocessor/churn.pkl": after_a_preprocessor,
    "CON101/good-preprocessor/preprocessor.pkl": preprocessor,
    "CON101/bad-tensor/churn.onnx": matrix,
    "CON103/bad-lightgbm/churn.txt": boosted,
    "CON104/good/churn.onnx": matrix,
    "CON104/bad-onnx/churn.onnx": matrix,
    "CON105/good/churn.pkl": encoder,
    "CON105/good-ignored/churn.pkl": lenient_encoder,
    "CON105/bad-unseen/churn.pkl": encoder,
    "CON107/bad-array/churn.pkl": fitted_on_an_array,
    "CON112/good-numbers/churn.pkl": fitted_on_an_array,
    "CON151/bad-format/churn.bin": state_dict,
    **dict.fromkeys(
        (
            "CON111/good-huggingface/tiny/model.safetensors",
            "CON111/bad-huggingface/tiny/model.safetensors",
            "CON112/bad-huggingface/tiny/model.safetensors",
            "CON152/good/churn.safetensors",
            "CON152/bad-number/churn.safetensors",
            "CON152/bad-size/churn.safetensors",
        ),
        network,
    ),
}

#: Those that a library writes, or that are copies of what one wrote.
BY_LIBRARIES = frozenset(
    {
        fitted_on_a_frame,
        fitted_on_an_array,
        after_a_preprocessor,
        preprocessor,
        encoder,
        lenient_encoder,
        matrix,
        boosted,
    }
)
