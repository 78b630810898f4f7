"""Which device the tensors are on."""

import platform
from functools import cache

import torch

from rnn_tui.experiment.spec import Experiment, ExperimentError, Precision

__all__ = ["choose_device", "computes_bfloat16"]

_WORTH_A_GPU = 1_000_000  # weights x rows: below, a CPU is done before a GPU's kernels have started


def choose_device(experiment: Experiment) -> torch.device:
    """Choose the device of an experiment; `auto` takes a GPU where the network is large enough to gain by it.

    Mixed precision takes a GPU, whatever the size, or a CPU that has instructions for it. Raises ExperimentError where
    there is no such device.
    """
    name, precision = experiment.run.device, experiment.training.precision
    if name == "auto":
        large = experiment.weights * experiment.rows >= _WORTH_A_GPU
        gains = large or precision != "float32"
        name = "cuda" if gains and torch.cuda.is_available() else "cpu"
    if name == "cpu" and precision != "float32":
        _check_cpu(precision)
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


@cache
def computes_bfloat16() -> bool:
    """Tell whether the CPU multiplies bfloat16 by itself, so that less precision is less time.

    oneDNN takes any CPU with AVX-512, and has no LSTM for those without AVX-512 BF16 or AMX.
    """
    if not torch.ops.mkldnn._is_mkldnn_bf16_supported():
        return False
    if platform.machine() not in ("x86_64", "AMD64"):
        return True
    return torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()


def _check_cpu(precision: Precision) -> None:
    """Raise ExperimentError where the CPU has no instructions for a precision."""
    there = computes_bfloat16()
    if precision == "bfloat16" and there:
        return
    if precision == "bfloat16":
        problem = "needs a GPU, or a CPU with AVX-512 BF16 or AMX, and this one has neither: it must be float32 here"
    else:
        problem = f"needs a GPU: it must be float32{' or bfloat16' if there else ''} on this CPU"
    raise ExperimentError("training.precision", f"{precision!r} {problem}")
