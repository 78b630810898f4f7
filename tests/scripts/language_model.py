"""A word language model: two LSTM layers with dropout between them, tied embedding, truncated BPTT with carried state.

After each epoch it is evaluated on the words that were held out.
"""

import argparse
import math

import torch
import torch.nn as nn

RHYME = """
this is the house that jack built . this is the malt that lay in the house that jack built . this is the rat that ate
the malt that lay in the house that jack built . this is the cat that killed the rat that ate the malt that lay in the
house that jack built . this is the dog that worried the cat that killed the rat that ate the malt that lay in the
house that jack built . this is the cow with the crumpled horn that tossed the dog that worried the cat that killed the
rat that ate the malt that lay in the house that jack built . this is the maiden all forlorn that milked the cow with
the crumpled horn that tossed the dog that worried the cat that killed the rat that ate the malt that lay in the house
that jack built . this is the man all tattered and torn that kissed the maiden all forlorn that milked the cow with the
crumpled horn that tossed the dog that worried the cat that killed the rat that ate the malt that lay in the house that
jack built .
"""


class RNNModel(nn.Module):
    """Container module with an encoder, a recurrent module, and a decoder."""

    def __init__(self, ntoken, nhid, nlayers, dropout=0.2):
        super().__init__()
        self.drop = nn.Dropout(dropout)
        self.encoder = nn.Embedding(ntoken, nhid)
        self.rnn = nn.LSTM(nhid, nhid, nlayers, dropout=dropout)
        self.decoder = nn.Linear(nhid, ntoken)
        self.decoder.weight = self.encoder.weight
        nn.init.uniform_(self.encoder.weight, -0.1, 0.1)
        nn.init.zeros_(self.decoder.bias)
        self.nhid, self.nlayers = nhid, nlayers

    def forward(self, input, hidden):
        emb = self.drop(self.encoder(input))
        output, hidden = self.rnn(emb, hidden)
        decoded = self.decoder(self.drop(output))
        return decoded.view(-1, decoded.size(-1)), hidden

    def init_hidden(self, bsz):
        weight = next(self.parameters())
        return weight.new_zeros(self.nlayers, bsz, self.nhid), weight.new_zeros(self.nlayers, bsz, self.nhid)


def batchify(data, bsz):
    nbatch = data.size(0) // bsz
    return data.narrow(0, 0, nbatch * bsz).view(bsz, -1).t().contiguous()


def get_batch(source, i, bptt):
    seq_len = min(bptt, len(source) - 1 - i)
    return source[i : i + seq_len], source[i + 1 : i + 1 + seq_len].reshape(-1)


def repackage_hidden(h):
    return tuple(each.detach() for each in h)


def evaluate(model, criterion, source, bptt):
    model.eval()
    total = 0.0
    hidden = model.init_hidden(source.size(1))
    with torch.no_grad():
        for i in range(0, source.size(0) - 1, bptt):
            data, targets = get_batch(source, i, bptt)
            output, hidden = model(data, hidden)
            total += len(data) * criterion(output, targets).item()
    model.train()
    return total / (len(source) - 1)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--updates", type=int, default=36)
    parser.add_argument("--nhid", type=int, default=24)
    parser.add_argument("--bptt", type=int, default=12)
    parser.add_argument("--lr", type=float, default=4.0)
    parser.add_argument("--clip", type=float, default=0.25)
    parser.add_argument("--seed", type=int, default=1111)
    args = parser.parse_args()
    torch.manual_seed(args.seed)

    words = RHYME.split()
    vocab = sorted(set(words))
    ids = torch.tensor([vocab.index(word) for word in words])
    split = int(0.8 * len(ids))
    train_data, val_data = batchify(ids[:split], 4), batchify(ids[split:], 2)

    model = RNNModel(len(vocab), args.nhid, 2)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=args.lr)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1, gamma=0.95)

    update, epoch = 0, 0
    while update < args.updates:
        epoch += 1
        hidden = model.init_hidden(train_data.size(1))
        for i in range(0, train_data.size(0) - 1, args.bptt):
            data, targets = get_batch(train_data, i, args.bptt)
            hidden = repackage_hidden(hidden)
            model.zero_grad()
            output, hidden = model(data, hidden)
            loss = criterion(output, targets)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), args.clip)
            optimizer.step()
            update += 1
            if update % 4 == 0:
                lr = optimizer.param_groups[0]["lr"]
                print(f"| epoch {epoch} | update {update} | lr {lr:.3f} | loss {loss.item():.6f}")
            if update >= args.updates:
                break
        val_loss = evaluate(model, criterion, val_data, args.bptt)
        print(f"| end of epoch {epoch} | valid loss {val_loss:.6f} | valid ppl {math.exp(val_loss):.2f}")
        scheduler.step()


if __name__ == "__main__":
    main()
