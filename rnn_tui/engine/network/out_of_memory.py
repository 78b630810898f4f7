"""How torch says that memory has run out."""

import torch

__all__ = ["out_of_memory"]


def out_of_memory(error: BaseException) -> bool:
    """Tell whether an error means that memory has run out, on a GPU or on this machine."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    text = str(error)  # an allocator of a CPU, and a library that is out of room for its workspace, have no class
    return isinstance(error, RuntimeError) and any(
        words in text for words in ("not enough memory", "can't allocate memory", "ALLOC_FAILED", "out of memory")
    )
