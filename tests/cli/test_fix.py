"""`artifact-lint check --fix` and `--diff` as users run them."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from command import artifact_lint, clean_environment
from model_signatures import Signer, resources, statement

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "schema_version: 1\nname: churn\n"


def tensor(content: bytes) -> bytes:
    """A whole safetensors file: the header's length, the header, one number."""
    header = json.dumps({"weight": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    return len(header).to_bytes(8, "little") + header + content


WEIGHTS = {name: tensor(name[:1].encode() * 4) for name in ("a.safetensors", "b.safetensors")}
DIGEST = {name: f"sha256:{hashlib.sha256(data).hexdigest()}" for name, data in WEIGHTS.items()}
SIZE = len(WEIGHTS["a.safetensors"])

ERROR = "artifact-lint: error: "
BEFORE = f"{HEAD}version: 1.10 # one\nweights:\n  files:\n    - {{path: a.safetensors}}\n    - path: b.safetensors\n"
AFTER = (
    f'{HEAD}version: "1.10" # one\nweights:\n  files:\n'
    f'    - {{path: a.safetensors, size: {SIZE}, digest: "{DIGEST["a.safetensors"]}"}}\n'
    f'    - path: b.safetensors\n      size: {SIZE}\n      digest: "{DIGEST["b.safetensors"]}"\n'
)
CHANGED = f'{HEAD}weights: {{files: [{{path: a.safetensors, digest: "sha256:{"ab" * 32}"}}]}}\n'
FIXABLE = ("--select", "SUM,MAN008")


def repository(root: Path, manifest: str) -> Path:
    """A repository of a manifest and the weight files that it names; returns the manifest."""
    (root / ".git").mkdir(parents=True)
    for name, data in WEIGHTS.items():
        if name in manifest:
            (root / name).write_bytes(data)
    place = root / "model-artifact.yaml"
    place.write_text(manifest)
    return place


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    return repository(tmp_path, BEFORE)


def strays(directory: Path) -> list[str]:
    return [path.name for path in directory.iterdir() if path.name.endswith(".tmp")]


def test_what_can_be_fixed_is_and_the_rest_is_reported(manifest: Path) -> None:
    done = artifact_lint(manifest.parent, "check", "--fix", "--output-format", "concise")
    assert manifest.read_text() == AFTER
    assert done.returncode == 1
    assert done.stdout.endswith("Fixed 3 problems in 1 file.\n")
    assert "SUM102" not in done.stdout
    assert "CMP" in done.stdout
    assert done.stderr == ""
    again = artifact_lint(manifest.parent, "check", "--fix", "--output-format", "concise")
    assert again.stdout + "Fixed 3 problems in 1 file.\n" == done.stdout
    assert manifest.read_text() == AFTER


def test_nothing_left_exits_with_0(manifest: Path) -> None:
    done = artifact_lint(manifest.parent, "check", "--fix", *FIXABLE)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "All good: 1 artifact (2 files, 156 B).\nFixed 3 problems in 1 file.\n"


def test_a_report_for_programs_is_nothing_else(manifest: Path) -> None:
    done = artifact_lint(manifest.parent, "check", "--fix", *FIXABLE, "--output-format", "json")
    assert json.loads(done.stdout)["findings"] == []
    assert done.stderr == "Fixed 3 problems in 1 file.\n"
    assert artifact_lint(manifest.parent, "check", "--fix", *FIXABLE, "-qq").stdout == ""


def test_a_report_says_what_can_be_fixed(manifest: Path) -> None:
    full = artifact_lint(manifest.parent, "check", *FIXABLE)
    assert "warning[MAN008] surprising-scalar: 1.10 is the number 1.1 to a YAML 1.1 reader [fixable with --fix]" in (
        full.stdout
    )
    concise = artifact_lint(manifest.parent, "check", *FIXABLE, "--output-format", "concise")
    assert [line.endswith(" [fixable with --fix]") for line in concise.stdout.splitlines()] == [True, True, False]
    report = json.loads(artifact_lint(manifest.parent, "check", "--output-format", "json").stdout)
    assert {finding["code"] for finding in report["findings"] if finding["fixable"]} == {"SUM102", "MAN008"}
    assert manifest.read_text() == BEFORE


def test_the_patch_is_what_fixing_does(manifest: Path) -> None:
    root = manifest.parent
    done = artifact_lint(root, "check", "--diff")
    assert (done.returncode, done.stderr) == (1, "Would fix 3 problems in 1 file.\n")
    assert manifest.read_text() == BEFORE
    assert done.stdout.startswith("--- a/model-artifact.yaml\n+++ b/model-artifact.yaml\n@@ -1,7 +1,9 @@\n")
    subprocess.run(["git", "apply", "-"], cwd=root, input=done.stdout, encoding="utf-8", check=True)
    assert manifest.read_text() == AFTER
    done = artifact_lint(root, "check", "--diff")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("end", ["\r\n", "\n", ""])
def test_a_patch_keeps_line_ends(manifest: Path, end: str) -> None:
    text = BEFORE.replace("\n", "\r\n").removesuffix("\r\n") + end
    manifest.write_bytes(text.encode())
    done = subprocess.run(
        [sys.executable, "-m", "artifact_lint", "check", "--diff"],
        cwd=manifest.parent,
        env=clean_environment(),
        capture_output=True,
        check=False,
    )
    subprocess.run(["git", "apply", "-"], cwd=manifest.parent, input=done.stdout, check=True)
    patched = manifest.read_bytes()
    manifest.write_bytes(text.encode())
    artifact_lint(manifest.parent, "check", "--fix")
    assert manifest.read_bytes() == patched
    assert patched != text.encode()


def test_a_patch_goes_with_reports_to_files(manifest: Path) -> None:
    done = artifact_lint(manifest.parent, "check", "--diff", "--output-format", "json=report.json")
    assert done.stdout.startswith("--- a/model-artifact.yaml\n")
    report = json.loads((manifest.parent / "report.json").read_text())
    assert report["summary"]["exit_code"] == 1
    assert any(finding["fixable"] for finding in report["findings"])


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--fix", "--diff"], "--fix and --diff exclude each other"),
        (["--unsafe"], "--unsafe says how far --fix or --diff may go; give one of them"),
        (
            ["--fix", "--staged"],
            "--fix writes to the working tree, and --staged lints the index; fix first, then git add",
        ),
        (["--diff", "--output-format", "json"], "--diff prints to standard output; give the report a file: json=FILE"),
    ],
)
def test_wrong_usage_is_told_in_one_line(manifest: Path, arguments: list[str], told: str) -> None:
    done = artifact_lint(manifest.parent, "check", *arguments)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"{ERROR}{told}\n")
    assert manifest.read_text() == BEFORE


def test_changed_contents_are_recorded_anew_only_with_unsafe_and_loudly(manifest: Path) -> None:
    manifest.write_text(CHANGED)
    done = artifact_lint(manifest.parent, "check", "--fix", *FIXABLE)
    assert (done.returncode, manifest.read_text()) == (1, CHANGED)
    assert "SUM101" in done.stdout
    assert "fixable" not in done.stdout
    told = (
        "artifact-lint: warning: model-artifact.yaml: a.safetensors: recorded other contents: sha256:abababababab -> "
        f"{DIGEST['a.safetensors'][:19]}; raise the version if the old ones were published\n"
    )
    done = artifact_lint(manifest.parent, "check", "--diff", "--unsafe", *FIXABLE)
    assert (done.returncode, manifest.read_text()) == (1, CHANGED)
    assert done.stderr == f"{told}Would fix 1 problem in 1 file.\n"
    done = artifact_lint(manifest.parent, "check", "--fix", "--unsafe", *FIXABLE)
    assert (done.returncode, done.stderr) == (0, told)
    assert DIGEST["a.safetensors"] in manifest.read_text()


def sum_of(place: Path) -> str:
    return f"{hashlib.sha256(place.read_bytes()).hexdigest()}  {place.name}\n"


def test_lists_that_have_a_digest_of_what_was_fixed_are_named(manifest: Path) -> None:
    root = manifest.parent
    lists = [root / name for name in ("SHA256SUMS", "checksums.txt")]
    for place in lists:
        place.write_text(sum_of(manifest))
    told = [
        f"artifact-lint: {place.name} has the digest of {manifest.name} before the fix: write {place.name} anew"
        for place in lists
    ]
    done = artifact_lint(root, "check", "--diff", *FIXABLE)
    assert done.stderr.splitlines()[:-1] == [f"{line} once this is applied" for line in told]
    done = artifact_lint(root, "check", "--fix", *FIXABLE)
    assert (done.returncode, done.stderr.splitlines()) == (1, told)
    assert "help: Restore the file; if the change was meant, write SHA256SUMS anew." in done.stdout
    for place in lists:
        place.write_text(sum_of(manifest))
    done = artifact_lint(root, "check", "--fix", *FIXABLE)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_list_of_weights_alone_is_not_named(manifest: Path) -> None:
    (manifest.parent / "SHA256SUMS").write_text("".join(sum_of(manifest.parent / name) for name in WEIGHTS))
    done = artifact_lint(manifest.parent, "check", "--fix", *FIXABLE)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_signature_of_what_was_fixed_is_named(manifest: Path) -> None:
    root = manifest.parent
    files = {place.name: place.read_bytes() for place in root.iterdir() if place.is_file()}
    (root / "model.sig").write_bytes(Signer().text(statement(resources(files))))
    done = artifact_lint(root, "check", "--fix", *FIXABLE)
    told = "artifact-lint: model.sig has the digest of model-artifact.yaml before the fix: sign the model again\n"
    assert (done.returncode, done.stderr) == (1, told)
    assert "help: Restore the file; if the change was meant, sign the model again." in done.stdout


def test_an_entry_of_dvc_for_what_was_fixed_is_named(tmp_path: Path) -> None:
    place = repository(tmp_path / "churn", BEFORE)
    (tmp_path / ".git").mkdir()
    files = {name: (place.parent / name).read_bytes() for name in (*WEIGHTS, place.name)}
    listing = [{"md5": hashlib.md5(data).hexdigest(), "relpath": name} for name, data in sorted(files.items())]
    text = json.dumps(listing).encode()
    whole = hashlib.md5(text).hexdigest()
    cache = tmp_path / ".dvc/cache/files/md5" / whole[:2]
    cache.mkdir(parents=True)
    (cache / f"{whole[2:]}.dir").write_bytes(text)
    (tmp_path / "churn.dvc").write_text(f"outs:\n- md5: {whole}.dir\n  nfiles: 3\n  hash: md5\n  path: churn\n")
    done = artifact_lint(tmp_path, "check", "--fix", *FIXABLE)
    told = "artifact-lint: churn.dvc has the digest of churn/model-artifact.yaml before the fix: `dvc add churn`\n"
    assert (done.returncode, done.stderr) == (1, told)
    assert "help: Restore the file; if the change was meant, `dvc add churn`." in done.stdout


def test_several_configurations_and_directories_are_fixed_in_one_run(tmp_path: Path) -> None:
    manifests = [repository(tmp_path / name, BEFORE) for name in ("one", "two", "three")]
    (tmp_path / "two" / ".artifact-lint.toml").write_text('ignore = ["MAN008"]\n')
    done = artifact_lint(tmp_path, "check", "one", "two", "three", "--fix", "--select", "SUM102", "--ignore", "CMP")
    assert done.stdout.endswith("Fixed 6 problems in 3 files.\n")
    assert all(DIGEST["b.safetensors"] in manifest.read_text() for manifest in manifests)


def test_a_link_is_written_through_and_stays_a_link(tmp_path: Path) -> None:
    target = repository(tmp_path, BEFORE)
    shutil.move(target, tmp_path / "shared.txt")
    target.symlink_to("shared.txt")
    done = artifact_lint(tmp_path, "check", "--fix", *FIXABLE)
    assert done.returncode == 0
    assert target.is_symlink()
    assert (tmp_path / "shared.txt").read_text() == AFTER


def test_one_file_by_two_names_is_fixed_once(tmp_path: Path) -> None:
    target = repository(tmp_path, BEFORE)
    (tmp_path / "again.model-artifact.yaml").symlink_to(target.name)
    done = artifact_lint(tmp_path, "check", "--fix", *FIXABLE)
    assert target.read_text() == AFTER
    assert done.stdout.endswith(" in 1 file.\n")
    assert done.returncode == 0, done.stdout


def test_a_file_outside_of_the_repository_is_not_written_to(tmp_path: Path) -> None:
    root = tmp_path / "repository"
    target = repository(root, BEFORE)
    outside = tmp_path / "outside.yaml"
    shutil.move(target, outside)
    target.symlink_to(outside)
    artifact_lint(root, "check", "--fix")
    assert outside.read_text() == BEFORE


def test_mode_and_neighbours_stay_as_they_are(manifest: Path) -> None:
    manifest.chmod(0o664)
    before = {path.name: path.read_bytes() for path in manifest.parent.iterdir() if path.is_file() and path != manifest}
    artifact_lint(manifest.parent, "check", "--fix")
    assert stat.S_IMODE(manifest.stat().st_mode) == 0o664
    after = {path.name: path.read_bytes() for path in manifest.parent.iterdir() if path.is_file() and path != manifest}
    assert after == before


@pytest.mark.parametrize("kind", ["sealed", "linked"])
def test_a_file_that_may_not_be_replaced_is_told_in_one_line_and_others_are_fixed(tmp_path: Path, kind: str) -> None:
    stuck, free = (repository(tmp_path / name, BEFORE) for name in ("a", "b"))
    (tmp_path / ".git").mkdir()
    if kind == "sealed":
        stuck.chmod(0o444)
        reason = "it is read-only"
    else:
        (tmp_path / "twin").hardlink_to(stuck)
        reason = "it has 2 names (hard links), which writing it anew would part"
    done = artifact_lint(tmp_path, "check", "--fix", *FIXABLE)
    assert done.returncode == 2
    assert done.stderr == f"{ERROR}cannot write a/model-artifact.yaml: {reason}\n"
    assert done.stdout.endswith("Fixed 3 problems in 1 file.\n")
    assert "SUM102" in done.stdout
    assert (stuck.read_text(), free.read_text()) == (BEFORE, AFTER)
    assert strays(tmp_path / "a") == strays(tmp_path / "b") == []


def in_private_mounts(script: str, directory: Path) -> subprocess.CompletedProcess[str]:
    """A shell script in a directory, whose mounts nobody else sees."""
    return subprocess.run(
        ["unshare", "--mount", "--map-root-user", "sh", "-euc", script],
        cwd=directory,
        env=clean_environment() | {"PYTHON": sys.executable},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


MOUNTS = {
    "it is read-only": 'mount --bind . "$PWD"; mount -o remount,bind,ro "$PWD"',
    "no space left on device": (
        'mkdir ../copy; cp -R . ../copy; mount -t tmpfs -o size=64k none "$PWD"; cp -R ../copy/. "$PWD"; cd "$PWD"; '
        "dd if=/dev/zero of=filler bs=1k 2>/dev/null || true"
    ),
}
CHECK = 'cd "$PWD"; "$PYTHON" -m artifact_lint check --fix --select SUM,MAN008 || echo "exit $?"; cat *.yaml; ls -A'


@pytest.mark.skipif(shutil.which("unshare") is None, reason="only Linux has private mounts")
@pytest.mark.parametrize("reason", MOUNTS)
def test_a_full_disk_and_a_read_only_one_are_told_in_one_line(manifest: Path, reason: str) -> None:
    probe = in_private_mounts("mount -t tmpfs none .", manifest.parent)
    if probe.returncode != 0:
        pytest.skip(f"nothing can be mounted here: {probe.stderr}")
    done = in_private_mounts(f"{MOUNTS[reason]}; {CHECK}", manifest.parent)
    assert done.stderr == f"{ERROR}cannot write model-artifact.yaml: {reason}\n"
    assert f"exit 2\n{BEFORE}" in done.stdout
    assert ".tmp" not in done.stdout


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="nothing is unwritable to root")
def test_a_directory_that_may_not_be_written_to_is_told_in_one_line(manifest: Path) -> None:
    manifest.parent.chmod(0o555)
    try:
        done = artifact_lint(manifest.parent, "check", "--fix")
    finally:
        manifest.parent.chmod(0o755)
    assert (done.returncode, manifest.read_text()) == (2, BEFORE)
    assert done.stderr == f"{ERROR}cannot write model-artifact.yaml: permission denied\n"


def test_several_at_once_do_not_get_in_each_others_way(manifest: Path) -> None:
    command = [sys.executable, "-m", "artifact_lint", "check", "--fix", *FIXABLE]
    root, environment = manifest.parent, clean_environment()
    started = [subprocess.Popen(command, cwd=root, env=environment, stdout=subprocess.PIPE) for _ in range(3)]
    ended = [process.communicate()[0] for process in started]
    assert [process.returncode for process in started] == [0, 0, 0], ended
    assert manifest.read_text() == AFTER
    assert strays(root) == []


KILLER = """
import contextlib, io, os, random, sys, time
from pathlib import Path
from artifact_lint.cli.app import run

root, rounds = Path(sys.argv[1]), int(sys.argv[2])
manifests = sorted(root.glob("*/model-artifact.yaml"))
old = manifests[0].read_bytes()

def check(*words):
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        return run(["check", str(root), "--select", "SUM102", "--no-cache", *words])

def child():
    pid = os.fork()
    if pid == 0:
        os._exit(check("--fix"))
    return pid

check("--diff")  # so that everything is imported before the forks
start = time.monotonic()
status = os.waitpid(child(), 0)[1]
whole = time.monotonic() - start
assert os.WEXITSTATUS(status) == 0, status
new = manifests[0].read_bytes()
assert new != old and all(place.read_bytes() == new for place in manifests)
killed = mixed = left = 0
for _ in range(20 * rounds):
    for place in manifests:
        place.write_bytes(old)
    pid = child()
    time.sleep(random.uniform(0.2, 1.0) * whole)
    os.kill(pid, 9)
    status = os.waitpid(pid, 0)[1]
    states = [place.read_bytes() for place in manifests]
    assert all(state in (old, new) for state in states), states
    killed += os.WIFSIGNALED(status)
    mixed += old in states and new in states
    left += len(list(root.glob("*/*.tmp")))
    if killed == rounds:
        break
assert killed == rounds
for place in manifests:
    place.write_bytes(old)
assert os.WEXITSTATUS(os.waitpid(child(), 0)[1]) == 0
assert all(place.read_bytes() == new for place in manifests)
assert not list(root.glob("*/*.tmp"))
print(killed, mixed, left)
"""


def test_a_process_killed_at_any_moment_leaves_old_or_new_manifests(tmp_path: Path) -> None:
    for number in range(6):
        repository(tmp_path / f"{number:02}", BEFORE)
        shutil.rmtree(tmp_path / f"{number:02}" / ".git")
    (tmp_path / ".git").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", KILLER, str(tmp_path), "100"],
        env=clean_environment(),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("100 ")
