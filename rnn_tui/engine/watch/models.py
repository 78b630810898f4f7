"""The module that a script has wrapped: for several processes, or to be compiled."""

import torch
from torch import nn

__all__ = ["original_of"]


def original_of(model: nn.Module) -> nn.Module:
    """Return the model inside DDP or torch.compile. Raises ValueError for what cannot be watched."""
    if isinstance(model, nn.parallel.DistributedDataParallel):
        return original_of(model.module)
    if isinstance(model, nn.DataParallel):
        raise ValueError("DataParallel copies the model in every pass and cannot be watched: use one device, or DDP")
    if isinstance(model, torch.jit.ScriptModule):
        raise ValueError("a TorchScript module runs without Python and cannot be watched: pass the one it was made of")
    if any(each.__name__ in ("FullyShardedDataParallel", "FSDPModule") for each in type(model).__mro__):
        raise ValueError("FSDP keeps only shards of the weights here and cannot be watched: use DDP")
    inner = getattr(model, "_orig_mod", None)  # of torch.compile
    return original_of(inner) if isinstance(inner, nn.Module) else model
