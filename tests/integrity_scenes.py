"""Models on disk, with a record that has one thing to say of the weights, and what may happen to these weights.

`RECORDS` write the files of the rows of `integrity_table`; `SITUATIONS` and their like make what its columns name.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import zipfile
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from model_signatures import Signer, private_key, public_pem, resources, statement
from rule_cases import RULES
from safetensors.numpy import save

from artifact_lint.engine import Request, lint
from artifact_lint.formats.sources import Memory
from artifact_lint.hashing import compute
from artifact_lint.model import Options, PublicKey
from artifact_lint.reporters.json_report import document
from artifact_lint.rules import all_rules
from artifact_lint.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from gates.repositories import Repository

HOME = "churn"
WEIGHTS = "churn.safetensors"
MANIFEST = "model-artifact.yaml"
AWAY = f"s3://models.example.org/{WEIGHTS}"
#: The rules that the table speaks of: those about digests, about git, and about files that are not there or unread.
SPOKEN_OF = ("SUM", "GIT", "MAN005", "PKL111")


@dataclass(frozen=True, slots=True)
class Content:
    """The bytes that were recorded, and three others: of the same length, cut short, and more of them."""

    right: bytes
    other: bytes
    short: bytes
    more: bytes


def _tensors(*values: float) -> bytes:
    written: bytes = save({"weight": np.array(values, "float32")}, metadata={"format": "pt"})
    return written


TENSORS = Content(_tensors(1, 2, 3, 4), _tensors(1, 2, 3, 5), _tensors(1, 2, 3, 4)[:-4], _tensors(1, 2, 3, 4, 5))


@dataclass(frozen=True, slots=True)
class Scene:
    """A directory with a model; `away` rewrites its record to say that the weights are somewhere else."""

    root: Path
    content: Content = TENSORS
    weights: str = f"{HOME}/{WEIGHTS}"
    settings: Settings = field(default_factory=Settings)
    away: Callable[[], None] | None = None

    @property
    def place(self) -> Path:
        return self.root / self.weights

    def seen(self, *, staged: bool = False) -> str:
        """What is said of the weights: the state of their digest in the JSON report, and the codes."""
        report = lint([str(self.root)], Request(self.settings, staged=staged, details=True))
        assert not report.failures
        told: Any = document(report, 0)
        (artifact,) = told["artifacts"]
        names = {self.weights, AWAY}
        states = [file["digest_state"] for file in artifact["files"] if file["path"] in names]
        codes = {
            found.code if found.severity.value == _usual(found.code) else f"{found.code}:{found.severity}"
            for found in report.findings
            if found.code.startswith(SPOKEN_OF)
        }
        return " ".join([*(states or ["none"]), *sorted(codes)])


def _usual(code: str) -> str:
    return next(rule.severity.value for rule in all_rules() if rule.code == code)


def write(root: Path, files: Mapping[str, str | bytes]) -> None:
    for name, content in files.items():
        place = root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content.encode() if isinstance(content, str) else content)


def digest(data: bytes, algorithm: str) -> str:
    return compute(Memory(data), [algorithm])[algorithm]


def md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def manifest(entry: str, key: str = "files") -> str:
    head = 'schema_version: 1\nname: churn\nversion: "1.2.0"\nweights:\n  framework: pytorch\n'
    return f"{head}  {key}:\n    - {{{entry}}}\n"


# The records


def _in_manifest(root: Path, *, stated: str) -> Scene:
    write(root / HOME, {MANIFEST: manifest(f"path: {WEIGHTS}{stated}"), WEIGHTS: TENSORS.right})

    def away() -> None:
        write(root / HOME, {MANIFEST: manifest(f'uri: "{AWAY}"{stated}', "external")})

    return Scene(root, away=away)


def _digest_in_manifest(root: Path, *, algorithm: str) -> Scene:
    return _in_manifest(root, stated=f', digest: "{digest(TENSORS.right, algorithm)}"')


def _beside(root: Path, files: Mapping[str, str | bytes]) -> Scene:
    """A record that is not the manifest, which names the weights and no more."""
    write(root / HOME, files)
    return replace(_in_manifest(root, stated=""), away=None)


def _checksums(root: Path, *, algorithm: str) -> Scene:
    line = f"{digest(TENSORS.right, algorithm).partition(':')[2]}  {WEIGHTS}\n"
    return _beside(root, {f"{algorithm.upper()}SUMS": line})


def _dvc_entry(data: bytes, name: str, *, of_dvc_3: bool = True) -> str:
    kind = "  hash: md5\n" if of_dvc_3 else ""
    return f"outs:\n- md5: {md5(data)}\n  size: {len(data)}\n{kind}  path: {name}\n"


def _dvc(root: Path, *, of_dvc_3: bool) -> Scene:
    return _beside(root, {f"{WEIGHTS}.dvc": _dvc_entry(TENSORS.right, WEIGHTS, of_dvc_3=of_dvc_3)})


def _dvc_text(root: Path) -> Scene:
    """What DVC before 3.0 recorded of a text with the line ends of Unix, which has those of Windows here."""
    model = {"learner": {"learner_model_param": {"num_feature": "2"}}, "version": [2, 1, 0]}
    recorded = f"{json.dumps(model, indent=1)}\n"
    right = recorded.replace("\n", "\r\n")
    other = right.replace('"2"', '"3"')
    entry = _dvc_entry(recorded.encode(), "churn.json", of_dvc_3=False)
    text = manifest("path: churn.json").replace("pytorch", "xgboost")
    write(root / HOME, {MANIFEST: text, "churn.json": right, "churn.json.dvc": entry})
    content = Content(right.encode(), other.encode(), right.encode()[:-9], f"{right}\n".encode())
    return Scene(root, content, f"{HOME}/churn.json")


def _dvc_directory(root: Path, *, has_listing: bool) -> Scene:
    files = {"training.md": b"Trained.\n", WEIGHTS: TENSORS.right}
    entries = [{"md5": md5(data), "relpath": name} for name, data in sorted(files.items())]
    listing = json.dumps(entries, sort_keys=True).encode()
    name = md5(listing)
    size = sum(len(data) for data in files.values())
    entry = f"outs:\n- md5: {name}.dir\n  size: {size}\n  nfiles: {len(files)}\n  hash: md5\n  path: {HOME}\n"
    write(root, {MANIFEST: manifest(f"path: {HOME}/{WEIGHTS}"), f"{HOME}.dvc": entry})
    write(root / HOME, files)
    if has_listing:
        write(root / ".dvc/cache/files/md5", {f"{name[:2]}/{name[2:]}.dir": listing})
    return Scene(root)


def _wandb(root: Path) -> Scene:
    policy = {"storagePolicy": "wandb-storage-policy-v1", "storagePolicyConfig": {"storageLayout": "V2"}}

    def contents(**entry: object) -> dict[str, str | bytes]:
        told = {"version": 1, **policy, "contents": {WEIGHTS: {"size": len(TENSORS.right), **entry}}}
        return {"wandb_manifest.json": json.dumps(told)}

    encoded = base64.b64encode(bytes.fromhex(md5(TENSORS.right))).decode()

    def away() -> None:
        text = manifest("").partition("  files")[0]
        write(root / HOME, {MANIFEST: text, **contents(digest="9b2cf535f27731c9", ref=AWAY)})

    return replace(_beside(root, contents(digest=encoded)), away=away)


def _mlflow(root: Path) -> Scene:
    flavor = f"loader_module: mlflow.pytorch\n    model_path: {WEIGHTS}\n    python_version: 3.11.7"
    size = len(TENSORS.right)
    text = f"flavors:\n  python_function:\n    {flavor}\nmodel_size_bytes: {size}\nmlflow_version: 3.17.2\n"
    write(root / HOME, {"MLmodel": text, WEIGHTS: TENSORS.right})
    return Scene(root)


def _kitfile(root: Path) -> Scene:
    text = (
        f"manifestVersion: 1.0.0\npackage: {{name: churn, version: 1.2.0}}\nmodel: {{name: churn, path: {WEIGHTS}}}\n"
    )
    write(root / HOME, {"Kitfile": text, WEIGHTS: TENSORS.right})
    return Scene(root)


_CONFIG = '{"architectures": ["GPT2LMHeadModel"], "model_type": "gpt2"}'


def _index(name: str, tensor: str, size: int) -> str:
    return json.dumps({"metadata": {"total_size": size}, "weight_map": {tensor: name}})


def _safetensors_index(root: Path) -> Scene:
    shard = "model-00001-of-00001.safetensors"
    index = {"model.safetensors.index.json": _index(shard, "weight", 16)}
    write(root / HOME, {"config.json": _CONFIG, shard: TENSORS.right, **index})
    return Scene(root, weights=f"{HOME}/{shard}")


def _torch_index(root: Path) -> Scene:
    shard, written = "pytorch_model-00001-of-00001.bin", "pytorch_model-00001-of-00002.bin"
    right = (RULES / "SUM109/good-torch/tiny" / written).read_bytes()
    more = (RULES / "SUM109/bad-torch/tiny" / written).read_bytes()
    index = {"pytorch_model.bin.index.json": _index(shard, "wte.weight", 4)}
    write(root / HOME, {"config.json": _CONFIG, shard: right, **index})
    content = Content(right, _with_storage(right, b"\0\0\x80\x3f"), right[: len(right) // 2], more)
    return Scene(root, content, f"{HOME}/{shard}")


def _with_storage(archive: bytes, data: bytes) -> bytes:
    """An archive of torch's with other bytes in its first storage."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(made, "w") as new:
        for member in old.infolist():
            new.writestr(member, data if member.filename.endswith("data/0") else old.read(member))
    assert len(made.getvalue()) == len(archive)
    return made.getvalue()


def _signed(root: Path, *, keys: tuple[int, ...]) -> Scene:
    files = {MANIFEST: manifest(f"path: {WEIGHTS}").encode(), WEIGHTS: TENSORS.right}
    signature = Signer().text(statement(resources(files), subject=HOME))
    write(root / HOME, files | {"model.sig": signature})
    public = tuple(PublicKey(f"{number}.pub", public_pem(private_key(number))) for number in keys)
    return Scene(root, settings=Settings(options=Options(public_keys=public)))


_SIZE = f", size: {len(TENSORS.right)}"

#: What writes each record, by the key of its row.
RECORDS: Mapping[str, Callable[[Path], Scene]] = {
    **{
        f"manifest-{algorithm}": partial(_digest_in_manifest, algorithm=algorithm)
        for algorithm in ("sha256", "sha512", "blake2b", "blake3", "md5")
    },
    "manifest-blake3-alone": partial(_digest_in_manifest, algorithm="blake3"),
    "manifest-size": partial(_in_manifest, stated=_SIZE),
    "sha256sums": partial(_checksums, algorithm="sha256"),
    "md5sums": partial(_checksums, algorithm="md5"),
    "dvc": partial(_dvc, of_dvc_3=True),
    "dvc-old": partial(_dvc, of_dvc_3=False),
    "dvc-old-text": _dvc_text,
    "dvc-directory-listed": partial(_dvc_directory, has_listing=True),
    "dvc-directory": partial(_dvc_directory, has_listing=False),
    "wandb": _wandb,
    "mlflow": _mlflow,
    "safetensors-index": _safetensors_index,
    "torch-index": _torch_index,
    "signature": partial(_signed, keys=()),
    "signature-key": partial(_signed, keys=(1,)),
    "signature-another-key": partial(_signed, keys=(2,)),
    "kitfile": _kitfile,
    "nothing": partial(_in_manifest, stated=""),
}


# The situations of a directory


def pointer(data: bytes, *, extended: bool = False) -> str:
    """A git-LFS pointer; extended, as of a file that an extension packs before git-LFS keeps it."""
    oid = hashlib.sha256(data).hexdigest()
    head = "version https://git-lfs.github.com/spec/v1\n"
    if not extended:
        return f"{head}oid sha256:{oid}\nsize {len(data)}\n"
    packed = hashlib.sha256(b"packed" + data).hexdigest()
    return f"{head}ext-0-pack sha256:{oid}\noid sha256:{packed}\nsize {len(data) - 5}\n"


def _here(scene: Scene, *, which: str) -> None:
    scene.place.write_bytes(getattr(scene.content, which))


def _by_pointer(scene: Scene, *, which: str, extended: bool = False) -> None:
    scene.place.write_text(pointer(getattr(scene.content, which), extended=extended), "utf-8")


def _by_dvc(scene: Scene, *, which: str) -> None:
    """The entry alone: of a directory where that is what DVC tracks, and else of the file."""
    if (scene.root / f"{HOME}.dvc").exists():
        for file in (scene.root / HOME).iterdir():
            file.unlink()
        (scene.root / HOME).rmdir()
        return
    scene.place.unlink()
    entry = scene.place.with_name(f"{scene.place.name}.dvc")
    if not entry.exists():
        entry.write_text(_dvc_entry(getattr(scene.content, which), scene.place.name), "utf-8")


def _external(scene: Scene) -> None:
    assert scene.away is not None
    scene.place.unlink()
    scene.away()


def _left_out(scene: Scene, repository: Repository) -> None:
    repository.git("init", "--quiet", "--initial-branch=main")
    repository.git("add", "--all")
    repository.commit()
    repository.git("sparse-checkout", "set", "--no-cone", "/*", f"!/{scene.weights}")
    assert not scene.place.exists()


def _missing(scene: Scene) -> None:
    scene.place.unlink()


#: What makes each situation, by the key of its column.
SITUATIONS: Mapping[str, Callable[[Scene], None]] = {
    "equal": partial(_here, which="right"),
    "same-size": partial(_here, which="other"),
    "truncated": partial(_here, which="short"),
    "longer": partial(_here, which="more"),
    "lfs-equal": partial(_by_pointer, which="right"),
    "lfs-same-size": partial(_by_pointer, which="other"),
    "lfs-other": partial(_by_pointer, which="more"),
    "lfs-extended": partial(_by_pointer, which="right", extended=True),
    "lfs-extended-other": partial(_by_pointer, which="more", extended=True),
    "dvc-equal": partial(_by_dvc, which="right"),
    "dvc-same-size": partial(_by_dvc, which="other"),
    "dvc-other": partial(_by_dvc, which="more"),
    "external": _external,
    "missing": _missing,
}
#: Likewise, for those that make a repository of the scene's directory.
REPOSITORY_SITUATIONS: Mapping[str, Callable[[Scene, Repository], None]] = {"left-out": _left_out}


# The situations of a repository whose weights git-LFS keeps


@dataclass(frozen=True, slots=True)
class Stored:
    """A scene whose weights the index has as a pointer, committed or not."""

    scene: Scene
    repository: Repository

    @classmethod
    def of(cls, scene: Scene, repository: Repository, *, extended: bool) -> Stored:
        """The weights added to the index through git-LFS; extended, through an extension that packs them."""
        repository.git("init", "--quiet", "--initial-branch=main")
        repository.git("lfs", "install", "--local")
        if extended:
            for key, value in {"clean": "gzip -cn", "smudge": "gzip -cd", "priority": "0"}.items():
                repository.git("config", f"lfs.extension.pack.{key}", value)
        repository.write(".gitattributes", f"{scene.weights} filter=lfs diff=lfs merge=lfs -text\n")
        repository.git("add", "--all")
        stored = cls(scene, repository)
        assert stored.pointer().count("ext-0-pack") == extended
        return stored

    def pointer(self) -> str:
        return self.repository.git("cat-file", "blob", f":{self.scene.weights}")

    def stage(self, data: bytes) -> None:
        self.scene.place.write_bytes(data)
        self.repository.git("add", "--all")

    def objects(self) -> list[Path]:
        """What git-LFS has in its own store."""
        return [place for place in (self.scene.root / ".git/lfs/objects").rglob("*") if place.is_file()]

    def forget(self) -> None:
        """No object is in git-LFS's own store, as where none was fetched."""
        for place in self.objects():
            place.unlink()

    def damage(self) -> None:
        """Other bytes of the same length, with times that say nothing happened, as a bad disk leaves them."""
        place, index = self.scene.place, self.scene.root / ".git/index"
        self.repository.git("config", "core.trustctime", "false")
        times, later = place.stat(), index.stat().st_mtime + 10
        place.write_bytes(self.scene.content.other)
        os.utime(place, ns=(times.st_atime_ns, times.st_mtime_ns))
        os.utime(index, (later, later))


def _checked_out(stored: Stored) -> None:
    stored.repository.commit()


def _edited(stored: Stored) -> None:
    stored.repository.commit()
    stored.scene.place.write_bytes(stored.scene.content.more)


def _edited_with_record(stored: Stored) -> None:
    _edited(stored)
    record = stored.scene.place.with_name(MANIFEST)
    record.write_text(f"{record.read_text('utf-8')}# better\n", "utf-8")


def _damaged(stored: Stored) -> None:
    stored.repository.commit()
    stored.damage()


def _not_fetched(stored: Stored) -> None:
    _kept(stored)
    stored.forget()


def _kept(stored: Stored) -> None:
    """Fetched, and not checked out."""
    stored.repository.commit()
    stored.scene.place.write_text(f"{stored.pointer()}\n", "utf-8")


def _kept_damaged(stored: Stored) -> None:
    """Other bytes, as many, where git-LFS keeps the recorded ones."""
    _kept(stored)
    (place,) = stored.objects()
    place.chmod(0o644)
    place.write_bytes(place.read_bytes()[:-1] + b"?")


def _sparse(stored: Stored) -> None:
    _kept_sparse(stored)
    stored.forget()


def _kept_sparse(stored: Stored) -> None:
    stored.repository.commit()
    stored.repository.git("sparse-checkout", "set", "--no-cone", "/*", f"!/{stored.scene.weights}")
    assert not stored.scene.place.exists()


def _deleted(stored: Stored) -> None:
    stored.repository.commit()
    stored.scene.place.unlink()


def _raw(stored: Stored) -> None:
    """Added by somebody without git-LFS."""
    stored.repository.git("lfs", "uninstall", "--local")
    stored.repository.git("rm", "--quiet", "--force", "--cached", stored.scene.weights)
    stored.repository.git("add", "--all")
    assert stored.repository.git("cat-file", "-s", f":{stored.scene.weights}") == str(len(stored.scene.content.right))


def _staged(stored: Stored) -> None:
    assert stored.repository.git("diff", "--cached", "--name-only")


def _staged_other(stored: Stored) -> None:
    stored.repository.commit()
    stored.stage(stored.scene.content.more)


def _staged_and_edited(stored: Stored) -> None:
    _staged_other(stored)
    stored.scene.place.write_bytes(stored.scene.content.other)


def _staged_other_edited_back(stored: Stored) -> None:
    _staged_other(stored)
    stored.scene.place.write_bytes(stored.scene.content.right)


def _forgotten(stored: Stored, situation: Callable[[Stored], None]) -> None:
    situation(stored)
    stored.forget()


#: What makes each situation, by the key of its column; those called `index-*` are linted with `--staged`.
GIT_SITUATIONS: Mapping[str, Callable[[Stored], None]] = {
    "checked-out": _checked_out,
    "edited": _edited,
    "edited-with-record": _edited_with_record,
    "damaged": _damaged,
    "not-fetched": _not_fetched,
    "sparse": _sparse,
    "deleted": _deleted,
    "raw": _raw,
    "staged-other": _staged_other,
    "staged-and-edited": _staged_and_edited,
    "staged-edited-back": _staged_other_edited_back,
    "kept": _kept,
    "kept-sparse": _kept_sparse,
    "kept-damaged": _kept_damaged,
    "index-kept": _staged,
    "index-kept-other": _staged_other,
    "index-staged": partial(_forgotten, situation=_staged),
    "index-staged-other": partial(_forgotten, situation=_staged_other),
    "index-staged-and-edited": partial(_forgotten, situation=_staged_and_edited),
    "index-staged-edited-back": partial(_forgotten, situation=_staged_other_edited_back),
}
#: The records of these situations, by the key of their row, and whether an extension of git-LFS packs the weights.
STORED_RECORDS: Mapping[str, tuple[str, bool]] = {
    "pointer": ("nothing", False),
    "pointer-extended": ("nothing", True),
    "pointer-sha256": ("manifest-sha256", False),
    "pointer-extended-sha256": ("manifest-sha256", True),
    "pointer-sha512": ("manifest-sha512", False),
    "pointer-size": ("manifest-size", False),
}
