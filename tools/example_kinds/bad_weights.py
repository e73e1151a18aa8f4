"""Bad examples whose fault lies in the weights: other bytes than recorded, missing ones, and code that runs on load.

Nothing here is ever unpickled, and the one command that a pickle would run is `echo`.
"""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import torch
from transformers import BertConfig, BertForSequenceClassification

from example_kinds.bad_records import linear
from example_kinds.common import SEED, fresh, pins, write_requirements, write_text
from example_kinds.joblib_sidecar import pipeline
from example_kinds.lfs_pointer import pointer
from example_kinds.native import entry, manifest

if TYPE_CHECKING:
    from pathlib import Path


def write(root: Path) -> None:
    bad = root / "bad"
    digest_mismatch(fresh(bad / "digest-mismatch"))
    lfs_mismatch(fresh(bad / "lfs-mismatch"))
    dangerous_pickle(fresh(bad / "dangerous-pickle"))
    truncated_shards(fresh(bad / "truncated-shards"))


def digest_mismatch(directory: Path) -> None:
    """The weights were replaced after the manifest was written; a second digest was never filled in."""
    weights = linear(directory)
    recorded = entry(weights, "safetensors", size=weights.stat().st_size + 96)
    linear(directory, scale=0.5)
    scaler = weights.rename(directory / "scaler.safetensors")
    linear(directory, scale=0.25)
    files = recorded + entry(scaler, "safetensors", digest="sha256:0123456789abcdef")
    write_text(directory / "model-artifact.yaml", manifest(files, name="iris-linear-replaced"))
    write_requirements(directory, "torch", "safetensors")


def lfs_mismatch(directory: Path) -> None:
    """The pointer stands for other bytes than those the manifest records."""
    weights = linear(directory)
    recorded = entry(weights, "safetensors")
    write_text(weights, pointer("3b" * 32, 2048))
    write_text(directory / "model-artifact.yaml", manifest(recorded, name="iris-linear-lfs"))
    write_requirements(directory, "torch", "safetensors")


def dangerous_pickle(directory: Path) -> None:
    """A pickle that runs a command, one that needs a module on no allow-list, and one that was cut off."""
    payload = b"cposix\nsystem\n(S'echo this ran when the model was loaded'\ntR."
    unlisted = b"\x80\x04cacme_features.encoders\nRegionEncoder\n)\x81}(\x8c\x07regions](\x8c\x05north\x8c\x05southeub."
    model, _ = pipeline()
    whole = pickle.dumps(model)
    names = ("classifier.pkl", "encoder.pkl", "fallback.pkl")
    for name, data in zip(names, (payload, unlisted, whole[: len(whole) // 2]), strict=True):
        (directory / name).write_bytes(data)
    files = "".join(entry(directory / name, "pickle") for name in names)
    policy = '  pickle: {policy: allow-listed, allow: [], reason: "the serving image reads pickles"}\n'
    text = manifest(files, name="iris-backdoor", framework="scikit-learn", weights=policy)
    write_text(directory / "model-artifact.yaml", text)
    write_text(directory / "requirements.txt", "\n".join(["acme-features==1.4.0", *pins("scikit-learn"), ""]))


def truncated_shards(directory: Path) -> None:
    """A sharded download that stopped: one shard is not there, and the first has lost its end."""
    torch.manual_seed(SEED)
    config = BertConfig(
        vocab_size=45,
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=32,
        dtype="float32",
    )
    BertForSequenceClassification(config).save_pretrained(directory, max_shard_size="12KB")
    shards = sorted(directory.glob("*.safetensors"))
    data = shards[0].read_bytes()
    shards[0].write_bytes(data[: len(data) * 2 // 3])
    shards[1].unlink()
