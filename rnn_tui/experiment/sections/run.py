"""The settings of where and how fast it runs. Nothing here changes what a number means."""

from typing import Annotated

import msgspec

from rnn_tui.experiment.setting import Setting

__all__ = ["RunOptions"]


class RunOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where and how fast it runs, and where it pauses."""

    speed: Annotated[
        float,
        Setting(
            "ticks a second; 0 or max: as fast as it can",
            minimum=0,
            maximum=1e9,
            words={"max": 0.0},
            resume=True,
            since="0.1.0",
        ),
    ] = 4.0
    device: Annotated[
        str, Setting("where the tensors live: auto takes a GPU where that is faster", resume=True, since="0.1.0")
    ] = "auto"
    threads: Annotated[
        int,
        Setting(
            "cores of a CPU to use; 0: one for a small network, all for a large one",
            minimum=0,
            maximum=1024,
            resume=True,
            since="0.1.0",
        ),
    ] = 0
    processes: Annotated[
        int,
        Setting(
            "processes that share each batch, on this machine; several have no way back",
            minimum=1,
            maximum=1024,
            resume=True,
            since="0.2.0",
        ),
    ] = 1
    timeout: Annotated[
        float,
        Setting(
            "seconds that processes wait for one another",
            minimum=1,
            maximum=86_400,
            resume=True,
            since="0.2.0",
        ),
    ] = 300.0
    until: Annotated[
        tuple[str, ...],
        Setting(
            "pause at learnt (first right), loss<2.7, jump>0.5, grad>10, ratio>0.1, dead>0.5, saturated>0.9, nan, "
            "epoch=50, tick=300; never: nowhere",
            label="pause at",
            form_hint="Separate several with commas.",
            metavar="WHEN",
            separator=",",
            resume=True,
            since="0.1.0",
        ),
    ] = ()
