"""Which language is a surname from? A bidirectional LSTM over packed sequences; 60 updates are enough to see."""

import argparse
import random

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_sequence

NAMES = {
    "Italian": "rossi ferrari esposito bianchi romano colombo ricci marino greco bruno gallo conti de-luca costa",
    "Dutch": "de-jong jansen de-vries van-den-berg bakker visser smit meijer mulder de-boer bos vos peters dekker",
    "Russian": "ivanov smirnov kuznetsov popov vasiliev petrov sokolov mikhailov novikov fedorov morozov volkov",
}
LANGUAGES = list(NAMES)
ALPHABET = "-abcdefghijklmnopqrstuvwxyz"


class Classifier(nn.Module):
    def __init__(self, hidden_size=16):
        super().__init__()
        self.embedding = nn.Embedding(len(ALPHABET) + 1, 12, padding_idx=0)
        self.lstm = nn.LSTM(12, hidden_size, bidirectional=True, batch_first=True)
        self.fc = nn.Linear(2 * hidden_size, len(LANGUAGES))

    def forward(self, names, lengths):
        packed = pack_padded_sequence(self.embedding(names), lengths, batch_first=True, enforce_sorted=False)
        _, (h_n, _) = self.lstm(packed)
        return self.fc(torch.cat([h_n[0], h_n[1]], dim=1))


def encode(name):
    return torch.tensor([1 + ALPHABET.index(letter) for letter in name])


def batches(pairs, batch_size):
    while True:
        chosen = random.sample(pairs, batch_size)
        names = [encode(name) for name, _ in chosen]
        labels = torch.tensor([label for _, label in chosen])
        yield pad_sequence(names, batch_first=True), torch.tensor([len(name) for name in names]), labels


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--updates", type=int, default=60)
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--lr", type=float, default=0.01)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()

    random.seed(args.seed)
    torch.manual_seed(args.seed)
    pairs = [(name, LANGUAGES.index(language)) for language, names in NAMES.items() for name in names.split()]
    model = Classifier()
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=args.lr)

    right = 0
    for update, (names, lengths, labels) in enumerate(batches(pairs, args.batch_size), 1):
        logits = model(names, lengths)
        loss = criterion(logits, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        right += (logits.argmax(1) == labels).sum().item()
        if update % 10 == 0:
            print(f"update {update:4d}  loss {loss.item():.6f}  accuracy {right / (10 * args.batch_size):.2f}")
            right = 0
        if update >= args.updates:
            break


if __name__ == "__main__":
    main()
