"""The settings of the training."""

from typing import Annotated, Literal

import msgspec

from rnn_tui.experiment.setting import Setting

__all__ = ["Optimizer", "Precision", "Schedule", "Tick", "Training"]

Tick = Literal["character", "sequence"]
Optimizer = Literal["adam", "adamw", "sgd", "rmsprop"]
Schedule = Literal["constant", "step", "cosine", "plateau"]
Precision = Literal["float32", "bfloat16", "float16"]

_AVERAGES: dict[Optimizer, tuple[str, ...]] = {
    "adam": ("exp_avg", "exp_avg_sq", "step"),
    "adamw": ("exp_avg", "exp_avg_sq", "step"),
    "rmsprop": ("square_avg", "step"),
    "sgd": (),
}


def _averages(training: "Training") -> tuple[str, ...]:
    return _AVERAGES[training.optimizer]


def _moves_on(training: "Training") -> tuple[str, ...]:
    return ("momentum_buffer",) if training.momentum and training.optimizer == "sgd" else ()


class Training(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How it learns."""

    learn: Annotated[
        bool,
        Setting(
            "train; --no-learn: forward passes only, no loss and no update",
            since="0.1.0",
            memory=True,
            alike="networks are compared by what they learn",
        ),
    ] = True
    tick: Annotated[
        Tick,
        Setting(
            "one turn of the loop: one character, or the whole sequence",
            fork=-1,
            since="0.1.0",
            alike="it changes how a run is watched, and no loss",
        ),
    ] = "character"
    reduction: Annotated[
        Literal["sum", "mean"],
        Setting(
            "how the losses of the characters become one: their sum or their mean",
            label="loss is",
            fork=7,
            since="0.1.0",
        ),
    ] = "sum"
    label_smoothing: Annotated[
        float,
        Setting(
            "share of each target that is spread evenly over all characters, in the loss that is learnt from; 0: none",
            minimum=0,
            maximum=1,
            fork=-1,
            since="0.2.0",
            unused=lambda experiment: "has no use for numbers: it must be 0" if experiment.is_numbers else "",
        ),
    ] = 0.0
    optimizer: Annotated[
        Optimizer,
        Setting("how the weights move", fork=3, since="0.1.0", memory=True, optimizer_state=_averages),
    ] = "adam"
    momentum: Annotated[
        float,
        Setting(
            "sgd: the share μ of its last step that is made again, v ← μv + g, W ← W − ηv; 0: none",
            minimum=0,
            maximum=1,
            fork=4,
            since="0.2.0",
            memory=True,
            unused=lambda experiment: (
                "" if experiment.training.optimizer == "sgd" else "has no use without sgd: it must be 0"
            ),
            optimizer_state=_moves_on,
        ),
    ] = 0.0
    lr: Annotated[
        float,
        Setting(
            "learning rate, where its schedule begins",
            label="learning rate",
            minimum=0,
            exclusive=True,
            maximum=1e6,
            front=4,
            fork=1,
            since="0.1.0",
            logarithmic=True,
        ),
    ] = 0.1
    warmup: Annotated[
        int,
        Setting(
            "updates in which the learning rate rises in a line from 0, before its schedule begins; 0: none",
            label="lr warm-up",
            minimum=0,
            maximum=10**12,
            fork=-1,
            since="0.2.0",
            logarithmic=True,
        ),
    ] = 0
    schedule: Annotated[
        Schedule,
        Setting(
            "how the learning rate changes: constant; step: cut at regular intervals; cosine: down along half a "
            "wave; plateau: cut when the loss no longer falls",
            label="lr schedule",
            fork=2,
            since="0.1.0",
        ),
    ] = "constant"
    schedule_every: Annotated[
        int,
        Setting(
            "step: updates between two cuts; cosine: updates to its end; plateau: epochs that it waits; "
            "0: a third of all after the warm-up, all of them, 10",
            label="lr every",
            minimum=0,
            maximum=10**12,
            fork=-1,
            since="0.1.0",
        ),
    ] = 0
    schedule_factor: Annotated[
        float,
        Setting(
            "step, plateau: what the rate is multiplied by; cosine: what is left of it at the end",
            label="lr factor",
            minimum=0,
            exclusive=True,
            maximum=1,
            fork=-1,
            since="0.1.0",
        ),
    ] = 0.1
    weight_decay: Annotated[
        float,
        Setting(
            "how strongly weights are drawn to 0: L2, the λ in g + λW, as in torch.optim; of adamw the λ in "
            "W − ηλW, apart from the gradient; 0: not at all",
            minimum=0,
            maximum=1e6,
            fork=5,
            since="0.1.0",
            logarithmic=True,
        ),
    ] = 0.0
    clip: Annotated[
        float,
        Setting(
            "largest norm of the gradient; 0: no clipping",
            minimum=0,
            maximum=1e12,
            fork=6,
            since="0.1.0",
            logarithmic=True,
        ),
    ] = 0.0
    accumulate: Annotated[
        int,
        Setting(
            "passes whose gradients are averaged for one update",
            minimum=1,
            maximum=1_000_000,
            fork=-1,
            since="0.1.0",
            logarithmic=True,
        ),
    ] = 1
    patience: Annotated[
        int,
        Setting(
            "epochs without a better loss after which it stops; 0: it does not",
            minimum=0,
            maximum=10**12,
            fork=-1,
            since="0.1.0",
        ),
    ] = 0
    precision: Annotated[
        Precision,
        Setting(
            "of the forward pass: float32; bfloat16 mixed with it, on a GPU or some CPUs; float16, on a GPU",
            since="0.1.0",
            alike="it belongs to the device, which they share",
        ),
    ] = "float32"
    epochs: Annotated[
        int,
        Setting(
            "passes over all of the data; 0: forever", minimum=0, maximum=10**12, fork=9, resume=True, since="0.1.0"
        ),
    ] = 100
    seed: Annotated[
        int, Setting("where the random numbers start", minimum=0, maximum=2**63 - 1, front=5, fork=8, since="0.1.0")
    ] = 0
