"""Other processes that train together with this one: while it is held, they wait for its gradients."""

import torch.distributed

from rnn_tui.common.wording import counted

__all__ = ["others_wait"]


def others_wait() -> str:
    """Say which other ranks wait while this process is held, and that they give up; empty if there are none."""
    if not torch.distributed.is_available() or not torch.distributed.is_initialized():
        return ""
    others = torch.distributed.get_world_size() - 1
    if others < 1:
        return ""
    return f"{counted(others, 'other rank')} {'waits' if others == 1 else 'wait'} for this one, and will time out."
