from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from documents import as_json, as_yaml, documents
from hypothesis import given, settings
from hypothesis import strategies as st
from trees import plant

from artifact_lint.adapters import huggingface, loaded_code, mlflow
from artifact_lint.adapters.huggingface_code import remote_code, templates
from artifact_lint.document import Limits, Syntax, parse
from artifact_lint.document.instantiation import instantiations, may_instantiate
from artifact_lint.model import CodeKind, Fact, Origin, Record, Stated
from artifact_lint.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

CONFIG = {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "transformers_version": "4.57.1"}


def supplied(root: Path, files: Mapping[str, str | bytes], place: str = "m", weights: tuple[str, ...] = ()) -> Record:
    """What is found around an artifact at a place, whose only record is what huggingface recognises there."""
    tree = plant(root, files)
    claims = list(huggingface.recognise(tree, place))
    record = huggingface.describe(tree, claims[0]) if claims else Record()
    return loaded_code.supply(tree, place, record, weights)


def code(record: Record) -> list[tuple[str, str, str, str | None, str | None]]:
    return [(f.value.kind.value, f.value.key, f.value.target, f.value.file, f.value.repository) for f in record.code]


def test_auto_map_tells_modules_files_and_repositories(tmp_path: Path) -> None:
    auto_map = {
        "AutoConfig": "configuration_tiny.TinyConfig",
        "AutoModel": "modeling_tiny.TinyModel",
        "AutoTokenizer": ["example/tiny--tokenization_tiny.TinyTokenizer", None],
    }
    files = {"m/config.json": json.dumps(CONFIG | {"auto_map": auto_map}), "m/configuration_tiny.py": ""}
    assert code(supplied(tmp_path, files)) == [
        ("remote", "auto_map", "configuration_tiny.TinyConfig", "m/configuration_tiny.py", None),
        ("remote", "auto_map", "modeling_tiny.TinyModel", None, None),
        ("remote", "auto_map", "tokenization_tiny.TinyTokenizer", None, "example/tiny"),
    ]


@pytest.mark.parametrize("name", ["tokenizer_config.json", "processor_config.json", "preprocessor_config.json"])
def test_auto_map_is_found_without_a_model_beside_it(tmp_path: Path, name: str) -> None:
    files = {f"m/components/tokenizer/{name}": '{"auto_map": {"AutoTokenizer": ["a.B", null]}}', "m/model.bin": ""}
    assert code(supplied(tmp_path, files)) == [("remote", "auto_map", "a.B", None, None)]


def test_a_switch_counts_where_it_is_true(tmp_path: Path) -> None:
    files = {
        "m/config.json": json.dumps(CONFIG | {"trust_remote_code": False}),
        "m/sentence_bert_config.json": '{"model_args": {"trust_remote_code": true}}',
        "m/generation_config.json": '{"trust_remote_code": "true", "custom_generate": "example/beam"}',
    }
    assert code(supplied(tmp_path, files)) == [
        ("remote", "custom_generate", "generate.py", None, "example/beam"),
        ("trusted", "trust_remote_code", "true", None, None),
    ]


def test_parts_of_other_libraries_are_told(tmp_path: Path) -> None:
    modules = [{"type": "sentence_transformers.models.Pooling"}, {"type": "sentence_transformers_x.Evil"}, {"type": 3}]
    files = {"m/modules.json": json.dumps(modules), "m/custom_generate/generate.py": ""}
    assert code(supplied(tmp_path, files)) == [
        ("remote", "type", "sentence_transformers_x.Evil", None, None),
        ("remote", "type", "3", None, None),
        ("remote", "custom_generate", "custom_generate/generate.py", "m/custom_generate/generate.py", None),
    ]


def test_a_pipeline_names_its_own_modules(tmp_path: Path) -> None:
    index = {
        "_class_name": ["pipeline_tiny", "TinyPipeline"],
        "_diffusers_version": "0.35.1",
        "unet": ["unet_tiny", "TinyUNet"],
        "safety_checker": ["stable_diffusion", "StableDiffusionSafetyChecker"],
        "vae": [None, None],
    }
    files = {"m/model_index.json": json.dumps(index), "m/unet/unet_tiny.py": "", "m/text_encoder/config.json": "{}"}
    assert code(supplied(tmp_path, files)) == [
        ("remote", "_class_name", "pipeline_tiny.TinyPipeline", None, None),
        ("remote", "unet", "unet_tiny.TinyUNet", "m/unet/unet_tiny.py", None),
    ]


def test_templates_are_found_wherever_they_are_kept(tmp_path: Path) -> None:
    named = [{"name": "default", "template": "list"}, {"name": "tool_use", "template": "list too"}]
    files = {
        "m/config.json": json.dumps(CONFIG),
        "m/tokenizer_config.json": json.dumps({"chat_template": named}),
        "m/processor_config.json": '{"chat_template": "text"}',
        "m/chat_template.json": '{"chat_template": {"default": "mapping"}}',
        "m/chat_template.jinja": "file",
        "m/additional_chat_templates/rag.jinja": "another",
        "m/templates/page.jinja": "<html>",
        "m/page.jinja": "<html>",
    }
    found = {fact.value: fact.origin.path for fact in supplied(tmp_path, files).templates}
    assert found == {
        "list": "m/tokenizer_config.json",
        "list too": "m/tokenizer_config.json",
        "text": "m/processor_config.json",
        "mapping": "m/chat_template.json",
        "file": "m/chat_template.jinja",
        "another": "m/additional_chat_templates/rag.jinja",
    }


def test_a_template_beyond_the_limit_is_unread(tmp_path: Path) -> None:
    record = supplied(tmp_path, {"m/config.json": json.dumps(CONFIG), "m/chat_template.jinja": "x" * (5 << 20)})
    assert [(fact.value.kind, fact.value.target) for fact in record.code] == [
        (CodeKind.UNREAD_TEMPLATE, "it is larger than 4,194,304 bytes")
    ]


TARGETS = """\
model:
  _target_: os.system
callbacks:
  - class_path: a.B
  - _component_: c.D
  - {target: e.F, params: {x: 1}}
  - {target: column.one}
  - {_target_: plain}
"""


@pytest.mark.parametrize("name", ["config.yaml", "conf/model.yml", "configs/deep/../x.yaml", ".hydra/config.yaml"])
def test_targets_are_found_in_the_configurations_of_an_artifact(tmp_path: Path, name: str) -> None:
    record = supplied(tmp_path, {"m/model.ckpt": "", f"m/{name}": TARGETS}, weights=("m/model.ckpt",))
    assert [(key, target) for _, key, target, _, _ in code(record)] == [
        ("_target_", "os.system"),
        ("class_path", "a.B"),
        ("_component_", "c.D"),
        ("target", "e.F"),
    ]
    assert record.code[0].origin.line == 2


def test_a_configuration_above_checkpoints_belongs_to_them(tmp_path: Path) -> None:
    files = {"m/checkpoints/last.ckpt": "", "m/hparams.yaml": "a: !!python/object/apply:os.system [echo]\n"}
    record = supplied(tmp_path, files, "m/checkpoints/last.ckpt", ("m/checkpoints/last.ckpt",))
    assert code(record) == [("tag", "!!python/object/apply", "os.system", None, None)]
    assert record.remarks == ()


def test_a_configuration_beside_several_files_is_told_once(tmp_path: Path) -> None:
    tree = plant(tmp_path, {"a.pt": "", "b.pt": "", "config.yaml": TARGETS})
    told = [len(loaded_code.supply(tree, name, Record(), (name,)).code) for name in ("a.pt", "b.pt")]
    assert told == [4, 0]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("config.json", '{"\\u005ftarget_": "os.system"}'),
        ("config.yaml", '"\\x5ftarget_": os.system\n'),
        ("config.yaml", '? "_tar\\\n  get_"\n: os.system\n'),
        ("config.yaml", "a: !<tag:yaml.org,2002:python/object/apply:os.system> [echo]\n"),
        ("config.yaml", "a: !!pyth%6fn/object/apply:os.system [echo]\n"),
        ("config.yaml", "%TAG !x! tag:yaml.org,2002:pyth\n---\na: !x!on/object/apply:os.system [echo]\n"),
        ("config.yaml", "﻿_target_: os.system\n".encode("utf-16-le")),
        ("hparams.yml", "_target_: os.system\n"),
    ],
)
def test_no_spelling_hides_a_target(tmp_path: Path, name: str, text: str | bytes) -> None:
    record = supplied(tmp_path, {"m/model.ckpt": "", f"m/{name}": text}, weights=("m/model.ckpt",))
    assert [target for _, _, target, _, _ in code(record)] == ["os.system"]


def test_a_configuration_that_cannot_be_read_is_told_where_it_surely_calls(tmp_path: Path) -> None:
    files = {
        "m/model.ckpt": "",
        "m/a.yaml": "a: 1\n _target_: os.system\n",
        "m/b.yaml": "target: a.b\n x: {{ helm }}\n",
    }
    record = supplied(tmp_path, files, weights=("m/model.ckpt",))
    assert [(fact.value.kind, fact.origin.path, fact.origin.line) for fact in record.code] == [
        (CodeKind.UNREAD, "m/a.yaml", 2)
    ]


def test_a_configuration_beyond_the_limit_is_unread(tmp_path: Path) -> None:
    plant(tmp_path, {"m/model.ckpt": "", "m/config.yaml": TARGETS, "m/vocab.json": "[" + "1," * 50 + "1]"})
    whole = plant(tmp_path, {})
    tree = Tree(whole.store, whole.store.entries(), Limits(size=64))
    record = loaded_code.supply(tree, "m", Record(), ("m/model.ckpt",))
    assert [(kind, target) for kind, _, target, _, _ in code(record)] == [("unread", f"it has {len(TARGETS)} bytes")]


def test_directories_of_others_are_left_alone(tmp_path: Path) -> None:
    files = {"m/model.ckpt": "", "m/other/config.yaml": TARGETS, "config.yaml": TARGETS}
    assert supplied(tmp_path, files, weights=("m/model.ckpt",)).code == ()


def test_a_record_that_speaks_for_all_below_is_read_through(tmp_path: Path) -> None:
    tree = plant(tmp_path, {"m/MLmodel": "flavors: {}\n", "m/data/deep/settings.yaml": TARGETS})
    record = Record(conventions=("mlflow",), sources=(Origin("m/MLmodel"),))
    assert len(loaded_code.supply(tree, "m", record, ()).code) == 4


def test_more_documents_than_anybody_has_are_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loaded_code, "_MOST_DOCUMENTS", 3)
    record = supplied(tmp_path, {f"m/{number}.yaml": "a: 1\n" for number in range(5)})
    assert [(kind, target) for kind, _, target, _, _ in code(record)] == [
        ("unread", "there are more than 3 configurations")
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            "".join(f"- !!python/name:a.b{n}\n" for n in range(1000)) + "- !!python/name:os.system\n",
            "1,000 irregularities",
        ),
        ("".join(f"- _target_: a.b{n}\n" for n in range(20_000)) + "- _target_: os.system\n", "20,000 targets"),
    ],
)
def test_nothing_hides_behind_a_thousand_others(tmp_path: Path, text: str, reason: str) -> None:
    record = supplied(tmp_path, {"m/model.ckpt": "", "m/config.yaml": text}, weights=("m/model.ckpt",))
    assert [target for kind, _, target, _, _ in code(record) if kind == "unread"] == [f"it has more than {reason}"]


def test_what_is_named_often_hides_nothing(tmp_path: Path) -> None:
    text = "- _target_: a.b\n" * 2000 + "- _target_: os.system\n"
    record = supplied(tmp_path, {"m/model.ckpt": "", "m/config.yaml": text}, weights=("m/model.ckpt",))
    assert code(record)[-1][:3] == ("target", "_target_", "os.system")


SPELLINGS = {
    "percent": "x: !!python%2Fobject/apply:os.system ['true']\n",
    "percent of a letter": "x: !!pyth%6Fn/object/apply:os.system ['true']\n",
    "percent in capitals": "x: !!%70%79%74%68%6F%6E%2F%6f%62ject/apply:os.system ['true']\n",
    "verbatim": "x: !<tag:yaml.org,2002:python/object/apply:os.system> ['true']\n",
    "verbatim percent": "x: !<tag:yaml.org%2C2002:python%2fobject/apply:os.system> ['true']\n",
    "directive": "%TAG ! tag:yaml.org,2002:python/\n---\nx: !object/apply:os.system ['true']\n",
    "directive of the whole": "%TAG !p! tag:yaml.org,2002:python/object/apply:\n---\nx: !p!os.system ['true']\n",
    "anchored": "_target_: &a os.system\n",
    "aliased": "x: &a os.system\ny:\n  _target_: *a\n",
    "aliased key": "k: &k _target_\n*k : os.system\n",
    "aliased plain key": "k: &k target\n*k : os.system\nparams: {}\n",
    "tagged": "_target_: !!str os.system\n",
    "folded": "_target_: >-\n  os.system\n",
    "explicit": "? _target_\n: os.system\n",
    "behind a comment": "_target_:  # what\n  os.system\n",
    "escaped": '"_\\x74arget_": "o\\x73.system"\n',
    "continued": '? "_tar\\\n  get_"\n: os.system\n',
    "quoted": "_target_: ' os.system'\n",
    "interpolated": "t: os.system\n_target_: ${t}\n",
    "interpolated in part": "a:\n  b: [x, os]\n_target_: ${a.b[1]}.system\n",
    "interpolated twice": "n: b\na: {b: os.system}\n_target_: ${a.${n}}\n",
    "interpolated from beside": "x:\n  t: os.system\n  _target_: ${.t}\n",
    "interpolated from above": "t: os.system\nx:\n  _target_: ${..u}\nu: ${t}\n",
    "plain key": "target: &a os.system\nparams: {command: 'true'}\n",
}


@pytest.mark.parametrize("text", SPELLINGS.values(), ids=SPELLINGS)
def test_a_target_is_found_however_it_is_spelled(tmp_path: Path, text: str) -> None:
    for encoding in ("utf-8", "utf-16"):
        files: dict[str, str | bytes] = {"m/model.ckpt": "", "m/config.yaml": text.encode(encoding)}
        record = supplied(tmp_path / encoding, files, weights=("m/model.ckpt",))
        assert [target for kind, _, target, _, _ in code(record) if kind in {"target", "tag"}] == ["os.system"]


@pytest.mark.parametrize(
    "value",
    [
        "${oc.env:TARGET}",
        "${elsewhere.name}",
        "${..above}",
        "${_target_}",
        "${",
        "${${${${a}}}}",
        "${a}" * 300,
        "${list}",
        "${list[7]}",
        "${}",
    ],
)
def test_a_target_that_is_computed_is_unknown(tmp_path: Path, value: str) -> None:
    files = {"m/model.ckpt": "", "m/config.yaml": f"a: {value}\nlist: [1]\n_target_: {value}\n"}
    record = supplied(tmp_path, files, weights=("m/model.ckpt",))
    assert [kind for kind, *_ in code(record)] == ["unread"]


def test_references_that_multiply_end(tmp_path: Path) -> None:
    lines = [f"a{n}: " + f"${{a{n + 1}}}" * 10 for n in range(7)]
    text = "\n".join([*lines, "a7: x", "_target_: ${a0}", ""])
    record = supplied(tmp_path, {"m/model.ckpt": "", "m/config.yaml": text}, weights=("m/model.ckpt",))
    assert [kind for kind, *_ in code(record)] == ["unread"]


def test_a_class_path_is_no_reference_to_what_is_elsewhere(tmp_path: Path) -> None:
    files = {"m/model.ckpt": "", "m/config.yaml": "class_path: ${HOME}/lib.jar\n"}
    assert supplied(tmp_path, files, weights=("m/model.ckpt",)).code == ()


def described(root: Path, files: Mapping[str, str | bytes]) -> Record:
    tree = plant(root, files)
    (claim,) = mlflow.recognise(tree, "m")
    return mlflow.describe(tree, claim)


@pytest.mark.parametrize(
    ("stated", "file"),
    [("code: code", "m/code/own/loader.py"), ("code: code", "m/code/own/loader/__init__.py"), ("env: x", None)],
)
def test_a_loader_is_looked_for_in_the_code_of_the_model(tmp_path: Path, stated: str, file: str | None) -> None:
    text = f"flavors:\n  python_function:\n    {stated}\n    loader_module: own.loader\n"
    record = described(tmp_path, {"m/MLmodel": text} | ({file: ""} if file else {}))
    assert code(record) == [("loader", "loader_module", "own.loader", file, None)]
    assert record.code[0].origin.line == 4


def test_scripts_and_module_files_of_a_model_are_told(tmp_path: Path) -> None:
    text = """\
flavors:
  python_function:
    data: data
    loader_module: mlflow.pytorch
    model_code_path: C:/Users/anna/agent.py
  langchain:
    model_code_path: C:/Users/anna/agent.py
"""
    files = {
        "m/MLmodel": text,
        "m/agent.py": "",
        "m/data/pickle_module_info.txt": "evil\n",
        "m/data/keras_module.txt": "",
    }
    assert sorted(code(described(tmp_path, files))) == [
        ("loader", "loader_module", "mlflow.pytorch", None, None),
        ("loader", "pickle_module_info.txt", "evil", None, None),
        ("script", "model_code_path", "C:/Users/anna/agent.py", "m/agent.py", None),
    ]


KEYS = (
    "auto_map",
    "chat_template",
    "trust_remote_code",
    "custom_pipelines",
    "impl",
    "custom_generate",
    "type",
    "template",
)


@settings(max_examples=100)
@given(
    documents((*KEYS, "_target_", "class_path", "target", "params", "auto_mapping", "parent_library", "_class_name"))
)
def test_documents_of_any_form_are_read(tmp_path_factory: pytest.TempPathFactory, value: object) -> None:
    tree = plant(tmp_path_factory.mktemp("any"), {})
    json_document = parse("m/config.json", as_json(value), Syntax.JSON)
    for name in ("config.json", "modules.json", "model_index.json", "adapter_config.json"):
        assert isinstance(list(remote_code(tree, f"m/{name}", json_document.root)), list)
    assert all(isinstance(fact, Fact) for fact in templates(json_document.root))
    assert isinstance(list(instantiations(json_document)), list)


@given(documents(("_target_", "class_path", "target", "params")))
def test_what_has_a_target_is_worth_parsing(value: object) -> None:
    for data, syntax in ((as_json(value), Syntax.JSON), (as_yaml(value), Syntax.YAML)):
        if list(instantiations(parse("x", data, syntax))):
            assert may_instantiate(data, is_json=syntax is Syntax.JSON)


@given(st.binary(max_size=60), st.booleans())
def test_any_bytes_can_be_asked(data: bytes, is_json: bool) -> None:  # noqa: FBT001  hypothesis gives it by position
    assert isinstance(may_instantiate(data, is_json=is_json), bool)


def test_a_framework_that_is_stated_decides_on_the_reach(tmp_path: Path) -> None:
    tree = plant(tmp_path, {"m/unet/settings.json": '{"_target_": "a.B"}'})
    origin = Origin("m/model_index.json")
    record = Record(framework=Stated((Fact("diffusers", origin),)), sources=(origin,))
    assert len(loaded_code.supply(tree, "m", record, ()).code) == 1
