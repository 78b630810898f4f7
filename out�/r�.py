"""A recurrent network that was trained with rnn-tui. It needs torch, and the weights that lie beside it.

python THIS_FILE TEXT ... prints what it answers to each character of each.
"""

import sys
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

VOCABULARY = 'hielo'  # the characters in the order of their indices
INPUTS = ['hihell']  # what it was trained on, or the first of it
WEIGHTS = Path(__file__).with_name('r\udce9.pt')


class Model(nn.Module):
    """Time first: indices (T, N) -> logits (T, N, features)."""

    def __init__(self):
        super().__init__()
        self.embedding = None
        self.recurrent = nn.RNN(5, 5, num_layers=1)
        self.head = None

    def forward(self, indices, state=None):
        """Also returns the state after the last step; without a state it begins with zeros."""
        x = F.one_hot(indices, len(VOCABULARY)).to(torch.float32)
        output, state = self.recurrent(x, state)
        return (output if self.head is None else self.head(output)), state


def load():
    """The model with the weights that were trained."""
    model = Model()
    model.load_state_dict(torch.load(WEIGHTS, map_location="cpu", weights_only=True))
    return model.eval()


def say(*parts):
    """Print it: to a pipe or a file as it is, on a terminal with escapes for characters that would act there."""
    text = " ".join(map(str, parts))
    if sys.stdout.isatty():
        text = "".join(each if each.isprintable() or each == "\n" else ascii(each)[1:-1] for each in text)
    print(text)


def indices_of(text):
    """The indices of its characters, (T,). Ends the program at one that is not in the vocabulary."""
    if not text:
        sys.exit("The text is empty: give at least one character.")
    for place, character in enumerate(text, 1):
        if character not in VOCABULARY:
            sys.exit(f"{text!a}: character {place}, {character!a}, is not one of the vocabulary: {VOCABULARY!a}")
    return torch.tensor([VOCABULARY.index(character) for character in text])


@torch.no_grad()
def logits(model, text):
    """What the network says at every character of a text, (T, features)."""
    indices = indices_of(text)
    return model(indices[:, None])[0][:, 0]


def predict(model, text):
    """The likeliest answer to every character of a text."""
    return "".join(VOCABULARY[index] for index in logits(model, text).argmax(-1).tolist())


if __name__ == "__main__":
    trained = load()
    for text in sys.argv[1:] or INPUTS:
        say(text, "->", predict(trained, text))
