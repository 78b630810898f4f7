"""Which device the tensors are on."""

import torch

from rnn_tui.experiment.spec import Experiment, ExperimentError

__all__ = ["choose_device"]

_WORTH_A_GPU = 1_000_000  # weights x rows: below, a CPU is done before a GPU's kernels have started


def choose_device(experiment: Experiment) -> torch.device:
    """Choose the device of an experiment; `auto` takes a GPU where the network is large enough to gain by it.

    Mixed precision is for a GPU, whatever the size. Raises ExperimentError where there is no such device.
    """
    name = experiment.run.device
    if name == "auto":
        large = experiment.weights * experiment.rows >= _WORTH_A_GPU
        mixed = experiment.training.precision != "float32"
        name = "cuda" if (large or mixed) and torch.cuda.is_available() else "cpu"
        if mixed and name == "cpu":
            raise ExperimentError(
                "training.precision",
                f"{experiment.training.precision!r} needs a GPU, and torch {torch.__version__} sees no CUDA device: "
                "it must be float32 here",
            )
    device = torch.device(name)
    if device.type == "cuda":
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if not count:
            raise ExperimentError(
                "run.device",
                f"{name!r} is not there: torch {torch.__version__} sees no CUDA device; "
                "use cpu, or a CUDA build of torch on a machine with a GPU",
            )
        if (device.index or 0) >= count:
            raise ExperimentError(
                "run.device",
                f"{name!r} is not there: the devices are {', '.join(f'cuda:{number}' for number in range(count))}",
            )
        # float32 is to be float32: by default cuDNN rounds the inputs of its products to TF32, 10 bits of mantissa.
        torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise ExperimentError("run.device", "'mps' is not there: it needs a Mac with Apple silicon; use cpu")
    return device
