"""A two-layer net as a PyTorch state_dict, with the config.json and metadata.json that teams write beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from example_kinds.common import (
    CLASSES,
    COLUMNS,
    COMMIT,
    CREATED,
    PYTHON,
    RANGES,
    SEED,
    dataset_digest,
    fresh,
    iris,
    public_version,
    run_id,
    sha256,
    write_json,
    write_requirements,
)

if TYPE_CHECKING:
    from pathlib import Path

HIDDEN = 16
EPOCHS = 60
LEARNING_RATE = 0.05


def write(root: Path) -> None:
    directory = fresh(root / "good" / "pytorch-state-dict")
    net, accuracy = train()
    torch.save(net.state_dict(), directory / "model.pt")
    write_json(
        directory / "config.json",
        {
            "architecture": "two-layer perceptron",
            "layers": [
                {"type": "Linear", "in_features": len(COLUMNS), "out_features": HIDDEN},
                {"type": "ReLU"},
                {"type": "Linear", "in_features": HIDDEN, "out_features": len(CLASSES)},
            ],
            "hyperparameters": {
                "hidden_size": HIDDEN,
                "epochs": EPOCHS,
                "learning_rate": LEARNING_RATE,
                "optimizer": "Adam",
                "seed": SEED,
            },
        },
    )
    write_json(
        directory / "metadata.json",
        {
            "name": "iris-perceptron",
            "version": "1.1.0",
            "framework": "pytorch",
            "framework_version": public_version("torch"),
            "python_version": PYTHON,
            "task": "tabular-classification",
            "model_file": "model.pt",
            "sha256": sha256(directory / "model.pt"),
            "run_id": run_id("iris-perceptron"),
            "created_at": CREATED,
            "git_commit": COMMIT,
            "dataset": {"name": "iris", "version": "1988-07", "digest": f"md5:{dataset_digest()}"},
            "metrics": {"accuracy": accuracy},
            "inputs": [
                {"name": name, "dtype": "float32", "min": low, "max": high} for name, (low, high) in RANGES.items()
            ],
            "outputs": [{"name": f"logit_{name}", "dtype": "float32"} for name in CLASSES],
            "preprocessing": [],
        },
    )
    write_requirements(directory, "torch")


def train() -> tuple[torch.nn.Module, float]:
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    features, species = iris()
    x = torch.tensor(features.to_numpy(), dtype=torch.float32)
    y = torch.tensor(species.to_numpy())
    net = torch.nn.Sequential(
        torch.nn.Linear(len(COLUMNS), HIDDEN), torch.nn.ReLU(), torch.nn.Linear(HIDDEN, len(CLASSES))
    )
    optimizer = torch.optim.Adam(net.parameters(), lr=LEARNING_RATE)
    for _ in range(EPOCHS):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(net(x), y).backward()
        optimizer.step()
    accuracy = (net(x).argmax(dim=1) == y).double().mean().item()
    return net, round(accuracy, 4)
