from __future__ import annotations

import pytest

from artifact_lint.model import Severity, Use
from artifact_lint.policy.execution import (
    judge_domain,
    judge_keras_object,
    judge_operator,
    judge_script_operator,
    judge_skops_type,
)
from artifact_lint.policy.imports import VerdictKind


@pytest.mark.parametrize("name", ["PyFunc", "EagerPyFunc", "PyFuncStateless", "ReadFile", "WriteFile", "MatchingFiles"])
def test_operators_that_reach_out_are_errors(name: str) -> None:
    judged = judge_operator(name)
    assert judged is not None
    assert judged.severity is Severity.ERROR


@pytest.mark.parametrize(
    "name",
    ["MatMul", "SaveV2", "RestoreV2", "MergeV2Checkpoints", "ShardedFilename", "StaticRegexFullMatch", "StringJoin"],
)
def test_operators_of_every_saved_model_are_quiet(name: str) -> None:
    assert judge_operator(name) is None


@pytest.mark.parametrize(
    "name",
    [
        *(
            "os:system",
            "builtins:eval",
            "subprocess:Popen",
            "keras.utils:get_file",
            "keras.src.utils.file_utils:get_file",
        ),
        *(
            "keras.models:load_model",
            "keras.src.saving.saving_api:load_model",
            "tf_keras.src.utils.data_utils:get_file",
        ),
        *("keras.layers:TFSMLayer", "keras.layers:TorchModuleWrapper", "keras.config:enable_unsafe_deserialization"),
        *("tensorflow.keras.utils:get_file", "keras.src.backend.torch:torch.load", "numpy:load"),
    ],
)
def test_gadgets_of_keras_configurations_are_errors(name: str) -> None:
    judged = judge_keras_object(name)
    assert judged is not None
    assert judged.severity is Severity.ERROR


@pytest.mark.parametrize(
    "name", ["my.layers:Mine", "my>Mine", "__main__:Mine", "keras.src.utils.x:helper", "tensorflow:f"]
)
def test_foreign_objects_are_warnings(name: str) -> None:
    judged = judge_keras_object(name)
    assert judged is not None
    assert judged.severity is Severity.WARNING


@pytest.mark.parametrize(
    "name",
    [
        *(
            "builtins:mean_squared_error",
            "keras.src.backend.torch.optimizers.torch_adam:Adam",
            "keras_hub>GPT2Backbone",
        ),
        *(
            "keras_nlp.src.models.bert.bert_backbone:BertBackbone",
            "Addons>GroupNormalization",
            "tf_keras.src.engine:Model",
        ),
        *(
            "tensorflow.python.ops.ragged.ragged_tensor:RaggedTensorSpec",
            "keras.src.trainers.compile_utils:MetricsList",
        ),
    ],
)
def test_the_family_of_keras_is_quiet(name: str) -> None:
    assert judge_keras_object(name) is None


def test_domains() -> None:
    assert judge_domain("com.microsoft:Gelu") is None
    foreign, python = judge_domain("com.acme:Ratio"), judge_domain("com.microsoft:PythonOp")
    assert foreign is not None
    assert foreign.severity is Severity.WARNING
    assert python is not None
    assert python.severity is Severity.ERROR


@pytest.mark.parametrize(
    ("module", "name", "use", "kind"),
    [
        ("sklearn.pipeline", "Pipeline", Use.INSTANTIATED, VerdictKind.ALLOWED),
        ("sklearn.tree._tree", "Tree", Use.CALLED, VerdictKind.ALLOWED),
        ("numpy.random", "PCG64", Use.CALLED, VerdictKind.ALLOWED),
        ("numpy.random", "seed", Use.CALLED, VerdictKind.UNLISTED),
        ("scipy.special._ufuncs", "expit", Use.NAMED, VerdictKind.ALLOWED),
        ("scipy.special._special_ufuncs", "ber", Use.NAMED, VerdictKind.ALLOWED),
        ("builtins", "map", Use.NAMED, VerdictKind.ALLOWED),
        ("builtins", "map", Use.CALLED, VerdictKind.DANGEROUS),
        ("os", "system", Use.NAMED, VerdictKind.DANGEROUS),
        ("operator", "methodcaller", Use.CALLED, VerdictKind.DANGEROUS),
        ("my", "Type", Use.INSTANTIATED, VerdictKind.UNLISTED),
    ],
)
def test_types_of_skops(module: str, name: str, use: Use, kind: VerdictKind) -> None:
    assert judge_skops_type(module, name, frozenset({use})).kind is kind


def test_operators_of_torchscript() -> None:
    assert judge_script_operator("torchvision::nms") is None
    for name, severity in (
        ("aten::save", Severity.NOTE),
        ("my::op", Severity.NOTE),
        ("native library x.so", Severity.WARNING),
    ):
        judged = judge_script_operator(name)
        assert judged is not None
        assert judged.severity is severity
