# seq2seq with attention: "3 may 1998" -> "1998-05-03"
#
# The encoder reads the whole date at once, the decoder writes one character at a time.

import argparse
import datetime
import random

import torch
import torch.nn as nn
import torch.nn.functional as F

MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
PAD, BOS, EOS = 0, 1, 2
IN_CHARS = " 0123456789" + "".join(sorted(set("".join(MONTHS))))
OUT_CHARS = "-0123456789"


class Encoder(nn.Module):
    def __init__(self, n_chars, emb_dim, hid_dim):
        super().__init__()
        self.embedding = nn.Embedding(n_chars, emb_dim, padding_idx=PAD)
        self.rnn = nn.GRU(emb_dim, hid_dim)

    def forward(self, src):  # src: (S, N)
        return self.rnn(self.embedding(src))


class Attention(nn.Module):
    def __init__(self, hid_dim):
        super().__init__()
        self.key = nn.Linear(hid_dim, hid_dim, bias=False)

    def forward(self, query, keys, mask):  # (N, H), (S, N, H), (S, N)
        scores = (self.key(keys) * query).sum(-1).masked_fill(mask, -1e9)
        return torch.softmax(scores, dim=0)


class Decoder(nn.Module):
    def __init__(self, n_chars, emb_dim, hid_dim):
        super().__init__()
        self.embedding = nn.Embedding(n_chars, emb_dim)
        self.attention = Attention(hid_dim)
        self.rnn = nn.GRU(emb_dim + hid_dim, hid_dim)
        self.out = nn.Linear(2 * hid_dim, n_chars)

    def forward(self, prev, hidden, keys, mask):  # one step; prev: (N,)
        weights = self.attention(hidden[-1], keys, mask)
        context = (weights.unsqueeze(-1) * keys).sum(0)
        x = torch.cat([self.embedding(prev), context], -1).unsqueeze(0)
        output, hidden = self.rnn(x, hidden)
        return self.out(torch.cat([output[0], context], -1)), hidden


class Seq2Seq(nn.Module):
    def __init__(self, emb_dim=10, hid_dim=24):
        super().__init__()
        self.encoder = Encoder(3 + len(IN_CHARS), emb_dim, hid_dim)
        self.decoder = Decoder(3 + len(OUT_CHARS), emb_dim, hid_dim)

    def forward(self, src, trg, teacher_forcing):
        keys, hidden = self.encoder(src)
        mask = src == PAD
        prev, outputs = trg[0], []
        for t in range(1, len(trg)):
            logits, hidden = self.decoder(prev, hidden, keys, mask)
            outputs.append(logits)
            prev = trg[t] if random.random() < teacher_forcing else logits.argmax(-1)
        return torch.stack(outputs)


def make_batch(n):
    def ids(text, chars):
        return torch.tensor([3 + chars.index(c) for c in text] + [EOS])

    src, trg = [], []
    for _ in range(n):
        day = datetime.date(1970, 1, 1) + datetime.timedelta(days=random.randrange(20000))
        human = f"{day.day} {MONTHS[day.month - 1]} {day.year}"
        iso = day.isoformat()
        if random.random() < 0.3:  # some without the day
            human, iso = f"{MONTHS[day.month - 1]} {day.year}", iso[:7]
        src.append(ids(human, IN_CHARS))
        trg.append(torch.cat([torch.tensor([BOS]), ids(iso, OUT_CHARS)]))
    return nn.utils.rnn.pad_sequence(src), nn.utils.rnn.pad_sequence(trg)


if __name__ == "__main__":
    p = argparse.ArgumentParser()
    p.add_argument("--updates", type=int, default=40)
    p.add_argument("--batch", type=int, default=16)
    p.add_argument("--lr", type=float, default=5e-3)
    p.add_argument("--teacher-forcing", type=float, default=0.9)
    p.add_argument("--seed", type=int, default=0)
    opt = p.parse_args()

    random.seed(opt.seed)
    torch.manual_seed(opt.seed)

    model = Seq2Seq()
    optimizer = torch.optim.Adam(model.parameters(), lr=opt.lr)
    print(f"{sum(p.numel() for p in model.parameters()):,} parameters")
    model.train()
    for i in range(opt.updates):
        src, trg = make_batch(opt.batch)
        optimizer.zero_grad()
        output = model(src, trg, opt.teacher_forcing)
        loss = F.cross_entropy(output.flatten(0, 1), trg[1:].flatten(), ignore_index=PAD)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if (i + 1) % 5 == 0:
            print("step", i + 1, "loss", round(loss.item(), 6))
