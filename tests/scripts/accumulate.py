"""Sentiment of tiny reviews. Four small batches make one update, and the forward pass runs in bfloat16."""

import argparse
import random

import torch
from torch import nn

GOOD, BAD = "good great lovely superb fun".split(), "bad awful dull boring poor".split()
OTHER = "the film was really quite plot actors and music".split()
WORDS = ["<pad>", *GOOD, *BAD, *OTHER, "not"]


class Sentiment(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(len(WORDS), 16)
        self.gru = nn.GRU(16, 24, batch_first=True)
        self.fc = nn.Linear(24, 1)

    def forward(self, tokens):
        out, _ = self.gru(self.emb(tokens))
        return self.fc(out.mean(1)).squeeze(1)


def review(length):
    words = [random.choice(OTHER) for _ in range(length)]
    good = random.random() < 0.5
    at = random.randrange(1, length)
    words[at] = random.choice(GOOD if good else BAD)
    if random.random() < 0.3:
        words[at - 1] = "not"
        good = not good
    return [WORDS.index(word) for word in words], float(good)


def micro_batch(n=4, length=10):
    tokens, labels = zip(*(review(length) for _ in range(n)))
    return torch.tensor(tokens), torch.tensor(labels)


parser = argparse.ArgumentParser()
parser.add_argument("--updates", type=int, default=20)
parser.add_argument("--accumulate", type=int, default=4)
parser.add_argument("--seed", type=int, default=5)
args = parser.parse_args()

random.seed(args.seed)
torch.manual_seed(args.seed)
model = Sentiment()
opt = torch.optim.Adam(model.parameters(), lr=5e-3)
loss_fn = nn.BCEWithLogitsLoss()

opt.zero_grad()
for step in range(args.updates * args.accumulate):
    tokens, labels = micro_batch()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits = model(tokens)
    loss = loss_fn(logits.float(), labels)
    (loss / args.accumulate).backward()
    if (step + 1) % args.accumulate == 0:
        opt.step()
        opt.zero_grad()
        print((step + 1) // args.accumulate, f"{loss.item():.6f}")
