"""Which files become artifacts, and who owns what."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import pytest

from artifact_lint.discover import Found, discover
from artifact_lint.stores.local import LocalStore
from artifact_lint.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PICKLE: str | bytes = pickle.dumps({"coefficients": [0.5, 0.25], "intercept": 1.0})
SAFETENSORS: str | bytes = (2).to_bytes(8, "little") + b"{}"
MLMODEL = "flavors:\n  sklearn:\n    pickled_model: model.pkl\n    serialization_format: pickle\nrun_id: abc\n"
TRANSFORMERS_MLMODEL = "flavors:\n  transformers:\n    model_binary: model\n    source_model_name: tiny\nrun_id: abc\n"
HUGGING_FACE = '{"model_type": "bert", "architectures": ["BertModel"], "transformers_version": "5.0"}'
MANIFEST = "schema_version: 1\nname: churn\nweights: {{files: [{{path: {path}}}]}}\n"
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "a" * 64 + "\nsize 12345\n"
SIDECAR = '{"model_name": "churn", "model_type": "LogisticRegression", "metrics": {"accuracy": 0.9}}'


def found_in(root: Path, files: Mapping[str, str | bytes], named: tuple[str, ...] = ()) -> dict[str, Found]:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    store = LocalStore(root)
    return {one.path: one for one in discover(Tree(store, store.entries()), named)}


def owned(found: Found) -> set[str]:
    return {candidate.path for candidate in found.candidates}


def conventions(found: Found) -> list[str]:
    return sorted(claim.convention for claim in found.claims)


def test_a_directory_with_a_recognised_record_is_one_artifact(tmp_path: Path) -> None:
    found = found_in(tmp_path, {"models/churn/MLmodel": MLMODEL, "models/churn/model.pkl": PICKLE})
    assert list(found) == ["models/churn"]
    assert owned(found["models/churn"]) == {"models/churn/model.pkl"}


def test_a_record_at_the_root_owns_the_root(tmp_path: Path) -> None:
    found = found_in(tmp_path, {"MLmodel": MLMODEL, "model.pkl": PICKLE})
    assert list(found) == [""]


def test_weights_that_nobody_describes_are_one_artifact_each(tmp_path: Path) -> None:
    found = found_in(tmp_path, {"a.pkl": PICKLE, "b.safetensors": SAFETENSORS})
    assert list(found) == ["a.pkl", "b.safetensors"]
    assert not any(one.claims for one in found.values())


def test_a_pickle_is_found_whatever_it_is_called(tmp_path: Path) -> None:
    found = found_in(tmp_path, {"license.dat": PICKLE, "NOTICE": PICKLE, "docs/readme.txt": PICKLE})
    assert set(found) == {"license.dat", "NOTICE", "docs/readme.txt"}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("README.md", "# Models\n\nWe keep our models elsewhere.\n"),
        ("train.py", "import pickle\nwith open('model.pkl', 'rb') as f:\n    model = pickle.load(f)\n"),
        ("words.txt", "cat\ndog\nfish\n"),
        ("data.csv", "a,b\n1,2\n"),
        ("metadata.json", '{"name": "my-package", "version": "1.0.0", "license": "MIT"}'),
        ("package.json", '{"name": "frontend", "version": "1.0.0"}'),
        ("config.json", '{"debug": true, "port": 8080}'),
        ("model.py", "class Model:\n    pass\n"),
        ("photo.png", b"\x89PNG\r\n\x1a\n" + bytes(64)),
        ("empty", b""),
        ("distutils-precedence.pth", "import os; enabled = os.environ.get('SETUPTOOLS_USE_DISTUTILS')\n"),
        ("notes.md", "GGUF is a format for language models.\n"),
        ("MLmodel", "import requests\n\nresponse = requests.post('https://example.org')\n"),
        ("figure.npy.png", b"\x89PNG\r\n\x1a\n" + bytes(64)),
    ],
)
def test_what_is_no_model_is_left_alone(tmp_path: Path, name: str, content: str | bytes) -> None:
    assert found_in(tmp_path, {name: content}) == {}


def test_nested_artifacts_belong_to_themselves(tmp_path: Path) -> None:
    found = found_in(
        tmp_path,
        {
            "out/config.json": HUGGING_FACE,
            "out/model.safetensors": SAFETENSORS,
            "out/checkpoint-5/config.json": HUGGING_FACE,
            "out/checkpoint-5/model.safetensors": SAFETENSORS,
        },
    )
    assert {path: owned(one) for path, one in found.items()} == {
        "out": {"out/model.safetensors"},
        "out/checkpoint-5": {"out/checkpoint-5/model.safetensors"},
    }


def test_an_mlflow_directory_holds_the_hugging_face_directory_inside_it(tmp_path: Path) -> None:
    found = found_in(
        tmp_path,
        {
            "m/MLmodel": TRANSFORMERS_MLMODEL,
            "m/model/config.json": HUGGING_FACE,
            "m/model/model.safetensors": SAFETENSORS,
            "m/components/tokenizer/tokenizer_config.json": "{}",
        },
    )
    assert list(found) == ["m"]
    assert owned(found["m"]) == {"m/model/model.safetensors"}
    assert conventions(found["m"]) == ["huggingface", "mlflow"]


def test_mlflows_own_copy_of_its_metadata_is_no_artifact(tmp_path: Path) -> None:
    found = found_in(
        tmp_path,
        {"m/MLmodel": MLMODEL, "m/model.pkl": PICKLE, "m/metadata/MLmodel": MLMODEL, "m/metadata/x.pkl": PICKLE},
    )
    assert list(found) == ["m"]
    assert owned(found["m"]) == {"m/model.pkl"}


def test_a_manifest_speaks_for_its_directory_beside_another_convention(tmp_path: Path) -> None:
    files = {"m/MLmodel": MLMODEL, "m/model.pkl": PICKLE, "m/model-artifact.yaml": MANIFEST.format(path="model.pkl")}
    found = found_in(tmp_path, files)
    assert list(found) == ["m"]
    assert conventions(found["m"]) == ["mlflow", "native"]


def test_a_manifest_takes_in_the_directory_whose_files_it_names(tmp_path: Path) -> None:
    files = {
        "model-artifact.yaml": MANIFEST.format(path="hf/model.safetensors"),
        "hf/config.json": HUGGING_FACE,
        "hf/model.safetensors": SAFETENSORS,
        "other/config.json": HUGGING_FACE,
        "other/model.safetensors": SAFETENSORS,
    }
    found = found_in(tmp_path, files)
    assert {path: owned(one) for path, one in found.items()} == {
        "": {"hf/model.safetensors"},
        "other": {"other/model.safetensors"},
    }
    assert conventions(found[""]) == ["huggingface", "native"]


def test_several_named_manifests_share_a_directory(tmp_path: Path) -> None:
    files = {
        "models/a.model-artifact.yaml": MANIFEST.format(path="a.pkl"),
        "models/b.model-artifact.yaml": MANIFEST.format(path="b.pkl"),
        "models/a.pkl": PICKLE,
        "models/b.pkl": PICKLE,
        "models/c.pkl": PICKLE,
    }
    found = found_in(tmp_path, files)
    assert {path: owned(one) for path, one in found.items()} == {
        "models/a.model-artifact.yaml": {"models/a.pkl"},
        "models/b.model-artifact.yaml": {"models/b.pkl"},
        "models/c.pkl": {"models/c.pkl"},
    }


def test_a_sidecar_is_matched_by_stem_before_it_is_matched_by_directory(tmp_path: Path) -> None:
    files = {"churn.pkl": PICKLE, "churn.json": SIDECAR, "fraud.pkl": PICKLE}
    found = found_in(tmp_path, files)
    assert conventions(found["churn.pkl"]) == ["sidecar"]
    assert found["fraud.pkl"].claims == ()


def test_a_sidecar_of_the_directory_describes_the_weights_beside_it(tmp_path: Path) -> None:
    files = {"models/model.pkl": PICKLE, "models/scaler.pkl": PICKLE, "models/metadata.json": SIDECAR}
    found = found_in(tmp_path, files)
    assert list(found) == ["models"]
    assert owned(found["models"]) == {"models/model.pkl", "models/scaler.pkl"}


def test_a_sidecar_that_names_weights_elsewhere_describes_them(tmp_path: Path) -> None:
    files = {"model_metadata.json": SIDECAR[:-1] + ', "model_file": "out/churn.pkl"}', "out/churn.pkl": PICKLE}
    found = found_in(tmp_path, files)
    assert {path: owned(one) for path, one in found.items()} == {"": {"out/churn.pkl"}}


def test_a_sidecar_and_a_manifest_of_one_file_are_one_artifact(tmp_path: Path) -> None:
    files = {"churn.pkl": PICKLE, "churn.json": SIDECAR, "model-artifact.yaml": MANIFEST.format(path="churn.pkl")}
    found = found_in(tmp_path, files)
    assert list(found) == [""]
    assert conventions(found[""]) == ["native", "sidecar"]


def test_a_scaler_goes_with_the_one_model_beside_it(tmp_path: Path) -> None:
    found = found_in(tmp_path, {"m/model.pkl": PICKLE, "m/scaler.pkl": PICKLE, "m/label_encoder.pkl": PICKLE})
    assert list(found) == ["m/model.pkl"]
    assert len(owned(found["m/model.pkl"])) == 3


def test_the_shards_of_one_model_are_one_artifact(tmp_path: Path) -> None:
    files = {f"m/model-0000{number}-of-00003.safetensors": SAFETENSORS for number in (1, 2, 3)}
    found = found_in(tmp_path, files)
    assert list(found) == ["m/model-00001-of-00003.safetensors"]


def test_a_pointer_stands_for_weights_where_its_name_says_so(tmp_path: Path) -> None:
    found = found_in(tmp_path, {"model.pth": POINTER, "photo.psd": POINTER})
    assert list(found) == ["model.pth"]
    assert found["model.pth"].candidates[0].pointer is not None


def test_weights_that_dvc_keeps_elsewhere_are_found_by_their_dvc_file(tmp_path: Path) -> None:
    files = {"models/churn.pkl.dvc": "outs:\n- md5: 0123456789abcdef0123456789abcdef\n  size: 3\n  path: churn.pkl\n"}
    found = found_in(tmp_path, files)
    assert found["models/churn.pkl"].candidates[0].is_absent


def test_default_excludes_hide_what_others_installed(tmp_path: Path) -> None:
    files = {
        ".venv/lib/python3.11/site-packages/joblib/test/data/x.pkl": PICKLE,
        "node_modules/x/model.pkl": PICKLE,
        "env/pyvenv.cfg": "home = /usr/bin\n",
        "env/lib/x.pkl": PICKLE,
        "model.pkl": PICKLE,
    }
    assert list(found_in(tmp_path, files)) == ["model.pkl"]


def test_garbage_called_mlmodel_is_a_record_that_cannot_be_read(tmp_path: Path) -> None:
    found = found_in(tmp_path, {"m/MLmodel": bytes(range(256)), "m/model.pkl": PICKLE})
    assert conventions(found["m"]) == ["mlflow"]


def test_a_file_that_promises_weights_and_holds_something_else_is_kept(tmp_path: Path) -> None:
    found = found_in(tmp_path, {"model.safetensors": "<html><body>404 Not Found</body></html>"})
    assert found["model.safetensors"].candidates[0].format is None


def test_a_link_out_of_the_root_is_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside.pkl"
    outside.write_text(POINTER)
    root = tmp_path / "root"
    (root / "m").mkdir(parents=True)
    (root / "m/linked.pkl").symlink_to(outside)
    found = found_in(root, {"m/MLmodel": MLMODEL, "m/model.pkl": PICKLE})
    assert owned(found["m"]) == {"m/model.pkl"}
    assert [link.path for link in found["m"].links] == ["m/linked.pkl"]


def test_a_folder_with_its_own_sidecar_below_a_manifest_is_separate(tmp_path: Path) -> None:
    files = {
        "model-artifact.yaml": MANIFEST.format(path="a.pkl"),
        "a.pkl": PICKLE,
        "experiments/metadata.json": SIDECAR,
        "experiments/b.pkl": PICKLE,
    }
    found = found_in(tmp_path, files)
    assert {path: owned(one) for path, one in found.items()} == {"": {"a.pkl"}, "experiments": {"experiments/b.pkl"}}


@pytest.mark.parametrize("name", ["firmware.bin", "user.model", "save.sav", "photo.psd"])
def test_naming_a_file_makes_no_model_of_it(tmp_path: Path, name: str) -> None:
    files: dict[str, str | bytes] = {name: b"\x00\x01 some other data" * 9, "config.yaml": "debug: true\nport: 8080\n"}
    assert found_in(tmp_path, files, named=(name, "config.yaml")) == {}


def test_a_pointer_to_something_else_is_no_model_even_when_named(tmp_path: Path) -> None:
    assert found_in(tmp_path, {"photo.psd": POINTER}, named=("photo.psd",)) == {}


def test_a_sidecar_that_names_absent_weights_still_describes_those_it_is_named_after(tmp_path: Path) -> None:
    files = {"churn.safetensors": SAFETENSORS, "churn.json": SIDECAR[:-1] + ', "model_file": "churn-v2.safetensors"}'}
    found = found_in(tmp_path, files)
    assert {path: conventions(one) for path, one in found.items()} == {"churn.safetensors": ["sidecar"]}


def test_a_sidecar_that_cannot_be_read_still_belongs_to_its_weights(tmp_path: Path) -> None:
    found = found_in(tmp_path, {"churn.safetensors": SAFETENSORS, "churn.json": '{"model_name": "churn", '})
    assert {path: conventions(one) for path, one in found.items()} == {"churn.safetensors": ["sidecar"]}


def test_two_sidecars_of_one_file_are_one_artifact(tmp_path: Path) -> None:
    found = found_in(tmp_path, {"churn.pkl": PICKLE, "churn.json": SIDECAR, "metadata.json": SIDECAR})
    assert list(found) == ["churn.pkl"]
    assert conventions(found["churn.pkl"]) == ["sidecar", "sidecar"]


def test_a_link_beside_what_it_leads_to_is_no_second_artifact(tmp_path: Path) -> None:
    (tmp_path / "latest.pkl").symlink_to("churn.pkl")
    assert list(found_in(tmp_path, {"churn.pkl": PICKLE})) == ["churn.pkl"]


def test_a_kitfile_describes_the_model_it_names(tmp_path: Path) -> None:
    kitfile = "manifestVersion: 1.0.0\npackage: {name: churn, version: 1.2.0}\nmodel: {path: models/churn.pkl}\n"
    found = found_in(tmp_path, {"Kitfile": kitfile, "models/churn.pkl": PICKLE})
    assert {path: conventions(one) for path, one in found.items()} == {"": ["kitops"]}
    assert owned(found[""]) == {"models/churn.pkl"}


def test_a_kitfile_without_a_model_is_no_record(tmp_path: Path) -> None:
    assert found_in(tmp_path, {"Kitfile": "manifestVersion: 1.0.0\ncode: [{path: .}]\n"}) == {}


def test_a_broken_dvc_file_still_stands_for_its_weights(tmp_path: Path) -> None:
    assert found_in(tmp_path, {"churn.pkl.dvc": "outs: {\n"})["churn.pkl"].candidates[0].is_absent


def test_a_pointer_by_a_name_that_a_framework_fixes_stands_for_weights(tmp_path: Path) -> None:
    found = found_in(tmp_path, {"export/saved_model.pb": POINTER, "data.bin": POINTER})
    assert list(found) == ["export/saved_model.pb"]


def test_a_cache_of_links_is_the_snapshot_and_not_the_blobs(tmp_path: Path) -> None:
    files = {"blobs/a1": HUGGING_FACE, "blobs/b2": SAFETENSORS}
    snapshot = tmp_path / "snapshots/main"
    snapshot.mkdir(parents=True)
    (snapshot / "config.json").symlink_to("../../blobs/a1")
    (snapshot / "model.safetensors").symlink_to("../../blobs/b2")
    found = found_in(tmp_path, files)
    assert {path: owned(one) for path, one in found.items()} == {"snapshots/main": {"snapshots/main/model.safetensors"}}
