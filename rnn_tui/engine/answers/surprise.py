"""How surprised the network is by each token of a text: the part that is held out, where there is one."""

import math

import numpy as np
import torch

from rnn_tui.engine.answers.reading import HELD_OUT, most_to_read, read_text, text_to_read
from rnn_tui.engine.inspect.focus import Focus, floats
from rnn_tui.protocol.inspect.surprise import SurpriseAsk, SurpriseFacts

__all__ = ["surprise_facts"]

_LARGEST = 100  # surprises that are listed
_OF_A_TEXT = "Surprise is shown of a text of which each character is predicted from those before; try --text FILE."


@torch.no_grad()
def surprise_facts(focus: Focus, ask: SurpriseAsk) -> SurpriseFacts:
    """Return −log₂ p of each token given those before it, read from a zero state with the weights of this tick.

    Elman (1990) found the words of a text without blanks by it: the surprise is largest where a word begins.
    """
    trainer, experiment = focus.own, focus.observed.experiment
    if trainer is None or not experiment.data.text or not experiment.training.learn:
        return _nothing(_OF_A_TEXT)
    wanted = text_to_read(trainer, 0, max(2, ask.characters))
    text = wanted[: most_to_read(experiment)]
    if len(text) < 2:
        return _nothing(_OF_A_TEXT)
    top = read_text(trainer, text[:-1])[-1].h  # (n-1, 1, H)
    logs = trainer.model.read_out(top)[:, 0].cpu().double().log_softmax(-1) / math.log(2)  # (n-1, C)
    bits = -logs.gather(1, text[1:, None].cpu())[:, 0]
    likeliest, expected = logs.max(-1)
    return SurpriseFacts(
        note=HELD_OUT if experiment.data.holdout else "",
        inputs=text.numpy().astype(np.int32),
        bits=np.concatenate([[np.nan], floats(bits.float())]).astype(np.float32),
        expected=np.concatenate([[-1], expected.numpy()]).astype(np.int32),
        expected_p=np.concatenate([[np.nan], (2.0**likeliest).numpy()]).astype(np.float32),
        order=(1 + bits.argsort(descending=True, stable=True)[:_LARGEST].numpy()).astype(np.int32),
        mean=float(bits.mean()),
    )


def _nothing(note: str) -> SurpriseFacts:
    none, nowhere = np.zeros(0, np.float32), np.zeros(0, np.int32)
    return SurpriseFacts(note=note, inputs=nowhere, bits=none, expected=nowhere, expected_p=none, order=nowhere)
