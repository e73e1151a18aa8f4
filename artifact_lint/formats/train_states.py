"""What is no weight in the training states that JAX's libraries save."""

from __future__ import annotations

from typing import Final

#: Where Flax's TrainState keeps what its optimizer needs (flax/training/train_state.py, since Flax 0.3).
_OF_THE_OPTIMIZER: Final = "opt_state"


def is_of_training(key: str) -> bool:
    """Whether what a state keeps under a key is needed for training alone."""
    return key == _OF_THE_OPTIMIZER
