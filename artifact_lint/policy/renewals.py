"""What has to be done for a record of a file's digest to hold again once the file was changed on purpose."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from artifact_lint.model.paths import name_of

if TYPE_CHECKING:
    from artifact_lint.model import Artifact

_DVC_LOCK = "dvc.lock"
_DVC_FILE = ".dvc"
_WANDB = "wandb_manifest.json"


def renewal(artifact: Artifact, recorder: str) -> str | None:
    """How the file that records digests of others is brought up to date, as a command or the end of a sentence.

    None for a record that is edited by itself, as a manifest is. `recorder` is its path in the store.
    """
    name = name_of(recorder)
    if any(signature.origin.path == recorder for signature in artifact.record.signatures):
        return "sign the model again"
    if name == _DVC_LOCK:
        return "`dvc commit`"
    if name.endswith(_DVC_FILE):
        return f"`dvc add {shlex.quote(recorder.removesuffix(_DVC_FILE))}`"
    if name == _WANDB:
        return "log the artifact to W&B anew"
    is_list = any(mention.vouches and mention.origin.path == recorder for mention in artifact.record.mentions)
    return f"write {recorder} anew" if is_list else None
