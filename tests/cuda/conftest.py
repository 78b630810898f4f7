"""A GPU for the tests. `RNN_TUI_TEST_DEVICE=cpu pytest tests/cuda` tries the tests themselves where there is none."""

import os

import pytest
import torch

DEVICE = os.environ.get("RNN_TUI_TEST_DEVICE", "cuda")


@pytest.fixture(autouse=True)
def gpu() -> str:
    """The device, or the test is skipped."""
    if DEVICE == "cuda" and not torch.cuda.is_available():
        pytest.skip("torch sees no CUDA device")
    return DEVICE
