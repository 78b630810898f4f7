"""Character by character with a GRUCell: the loop over time is written by hand."""

import argparse
import random

import torch
from torch import nn, optim

TEXT = """the wheel that squeaks the loudest is the one that gets the grease. the early bird catches the worm. a
rolling stone gathers no moss. all that glitters is not gold. the pen is mightier than the sword. birds of a feather
flock together. a watched pot never boils. what goes around comes around. actions speak louder than words. """.replace(
    "\n", " "
)
CHARS = sorted(set(TEXT))
IDS = {c: i for i, c in enumerate(CHARS)}


class CharRNN(nn.Module):
    def __init__(self, hidden=32):
        super().__init__()
        self.hidden = hidden
        self.embed = nn.Embedding(len(CHARS), 16)
        self.cell = nn.GRUCell(16, hidden)
        self.head = nn.Linear(hidden, len(CHARS))

    def init_hidden(self, n):
        return torch.zeros(n, self.hidden)

    def forward(self, chars, h):
        h = self.cell(self.embed(chars), h)
        return self.head(h), h


def random_chunks(n, length):
    starts = [random.randrange(len(TEXT) - length) for _ in range(n)]
    ids = torch.tensor([[IDS[c] for c in TEXT[s : s + length + 1]] for s in starts])
    return ids[:, :-1], ids[:, 1:]


@torch.no_grad()
def generate(model, prime="the ", length=40):
    model.eval()
    h = model.init_hidden(1)
    out = prime
    for c in prime:
        logits, h = model(torch.tensor([IDS[c]]), h)
    for _ in range(length):
        choice = int(torch.multinomial(torch.softmax(logits[0] / 0.8, -1), 1))
        out += CHARS[choice]
        logits, h = model(torch.tensor([choice]), h)
    model.train()
    return out


def train_on(model, optimizer, criterion, inputs, targets):
    h = model.init_hidden(len(inputs))
    loss = 0
    for t in range(inputs.shape[1]):
        logits, h = model(inputs[:, t], h)
        loss = loss + criterion(logits, targets[:, t])
    loss = loss / inputs.shape[1]
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--updates", type=int, default=40)
    parser.add_argument("--length", type=int, default=20)
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--seed", type=int, default=3)
    args = parser.parse_args()
    random.seed(args.seed)
    torch.manual_seed(args.seed)

    model = CharRNN()
    optimizer = optim.RMSprop(model.parameters(), lr=3e-3)
    criterion = nn.CrossEntropyLoss()
    for update in range(1, args.updates + 1):
        loss = train_on(model, optimizer, criterion, *random_chunks(args.batch_size, args.length))
        if update % 10 == 0:
            print(f"[{update}/{args.updates}] loss {loss:.6f}  {generate(model)!r}")


if __name__ == "__main__":
    main()
