"""How busy a GPU is, from NVIDIA's library (`nvidia-ml-py`): it asks the driver, and waits for no kernel."""

import time
from collections.abc import Callable
from typing import Any

import torch

from rnn_tui.protocol.frame import GpuLoad

__all__ = [
    "GpuWatch",
]

_EVERY = 1.0  # seconds between two questions


class GpuWatch:
    """Reads the load of the device that a run is on, at most once a second."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._device: torch.device | None = None
        self._handle: Any = None
        self._load: GpuLoad | None = None
        self._asked = -_EVERY

    def load(self, device: torch.device) -> GpuLoad | None:
        """Return the load of the whole GPU, other processes included; None where it is unknown."""
        if device.type != "cuda":
            return None
        if device != self._device:
            self._device, self._handle, self._asked = device, _handle_of(device), -_EVERY
        now = self._clock()
        if self._handle is not None and now - self._asked >= _EVERY:
            self._asked, self._load = now, _ask(self._handle)
        return self._load if self._handle is not None else None


def _handle_of(device: torch.device) -> Any:
    """Return the library's handle of a device of torch. Their numbers differ where CUDA_VISIBLE_DEVICES hides some."""
    try:
        import pynvml

        pynvml.nvmlInit()
        index = device.index if device.index is not None else torch.cuda.current_device()
        return pynvml.nvmlDeviceGetHandleByUUID(f"GPU-{torch.cuda.get_device_properties(index).uuid}")
    except Exception:  # no library, no driver, a device that it does not tell of: the run needs none of them
        return None


def _ask(handle: Any) -> GpuLoad | None:
    import pynvml

    try:
        memory = pynvml.nvmlDeviceGetMemoryInfo(handle)
        try:
            busy = float(pynvml.nvmlDeviceGetUtilizationRates(handle).gpu) / 100
        except pynvml.NVMLError:  # a slice of a GPU (MIG) has memory, and no utilisation
            busy = None
    except pynvml.NVMLError:
        return None
    return GpuLoad(used=int(memory.used), total=int(memory.total), busy=busy)
