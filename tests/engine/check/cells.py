"""Cells as people write them, right and wrong, each as the text of a file; none is made of the program's own tables."""

GRU_STEP = """
import torch


class MyGRU:
    gates = "rzn"

    def step(self, x, h, w_ih, w_hh, b_ih, b_hh):
        x_r, x_z, x_n = (x @ w_ih.T + b_ih).chunk(3, -1)
        h_r, h_z, h_n = (h @ w_hh.T + b_hh).chunk(3, -1)
        r = torch.sigmoid(x_r + h_r)
        z = torch.sigmoid(x_z + h_z)
        n = torch.tanh(x_n + r * h_n)
        return (1 - z) * n + z * h
"""
LSTM_STEP = """
import torch


class MyLSTM:
    gates = "ifgo"

    def step(self, x, state, w_ih, w_hh, b_ih, b_hh):
        h, c = state
        i, f, g, o = (x @ w_ih.T + b_ih + h @ w_hh.T + b_hh).chunk(4, -1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        return torch.sigmoid(o) * torch.tanh(c), c
"""
RNN_STEP = """
import torch


class MyRNN:
    def step(self, x, h, w_ih, w_hh, b_ih, b_hh):
        return torch.tanh(x @ w_ih.T + b_ih + h @ w_hh.T + b_hh)
"""
RNN_MODULE = """
import torch
from torch import nn


class MyRNN(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        self.layer = nn.Linear(hidden_size + input_size, hidden_size)

    def forward(self, x, h):
        return torch.tanh(self.layer(torch.cat((h, x), -1)))
"""
GRU_SIX = """
import torch
from torch import nn


class MyGRU(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        self.reset_x = nn.Linear(input_size, hidden_size)
        self.reset_h = nn.Linear(hidden_size, hidden_size)
        self.update_x = nn.Linear(input_size, hidden_size)
        self.update_h = nn.Linear(hidden_size, hidden_size)
        self.new_x = nn.Linear(input_size, hidden_size)
        self.new_h = nn.Linear(hidden_size, hidden_size)

    def forward(self, x, h):
        self.r = torch.sigmoid(self.reset_x(x) + self.reset_h(h))
        self.z = torch.sigmoid(self.update_x(x) + self.update_h(h))
        self.n = torch.tanh(self.new_x(x) + self.r * self.new_h(h))
        return (1 - self.z) * self.n + self.z * h
"""
GRU_STACKED = """
import torch
from torch import nn


class MyGRU(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        self.doors = nn.Linear(input_size + hidden_size, 2 * hidden_size)
        self.a = nn.Linear(input_size, hidden_size)
        self.b = nn.Linear(hidden_size, hidden_size)

    def forward(self, x, h):
        z, r = torch.sigmoid(self.doors(torch.cat((x, h), -1))).chunk(2, -1)
        n = torch.tanh(self.a(x) + r * self.b(h))
        return (1 - z) * n + z * h
"""
LSTM_FOUR = """
import torch
from torch import nn


class MyLSTM(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        self.forget = nn.Linear(hidden_size + input_size, hidden_size)
        self.input = nn.Linear(hidden_size + input_size, hidden_size)
        self.candidate = nn.Linear(hidden_size + input_size, hidden_size)
        self.output = nn.Linear(hidden_size + input_size, hidden_size)

    def forward(self, x, state):
        h, c = state
        both = torch.cat((h, x), -1)
        f = torch.sigmoid(self.forget(both))
        i = torch.sigmoid(self.input(both))
        g = torch.tanh(self.candidate(both))
        o = torch.sigmoid(self.output(both))
        c = f * c + i * g
        h = o * torch.tanh(c)
        return (h, c), {"f": f, "i": i, "g": g, "o": o}
"""
LSTM_BARE = """
import torch
from torch import nn


class MyLSTM(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        for gate in "ifoc":
            setattr(self, f"W_x{gate}", nn.Parameter(torch.randn(input_size, hidden_size)))
            setattr(self, f"W_h{gate}", nn.Parameter(torch.randn(hidden_size, hidden_size)))
            setattr(self, f"b_{gate}", nn.Parameter(torch.zeros(hidden_size)))

    def forward(self, x, state):
        h, c = state
        i = torch.sigmoid(x @ self.W_xi + h @ self.W_hi + self.b_i)
        f = torch.sigmoid(x @ self.W_xf + h @ self.W_hf + self.b_f)
        o = torch.sigmoid(x @ self.W_xo + h @ self.W_ho + self.b_o)
        new = torch.tanh(x @ self.W_xc + h @ self.W_hc + self.b_c)
        c = f * c + i * new
        return o * torch.tanh(c), c
"""
LSTM_LISTS = """
from torch import nn


class MyLSTM(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        self.xs = nn.ModuleList(nn.Linear(input_size, hidden_size) for _ in range(4))
        self.hs = nn.ModuleList(nn.Linear(hidden_size, hidden_size, bias=False) for _ in range(4))

    def forward(self, x, state):
        h, c = state
        g, o, i, f = (of_x(x) + of_h(h) for of_x, of_h in zip(self.xs, self.hs))
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        return o.sigmoid() * c.tanh(), c
"""
TORCHS_OWN = """
from torch import nn


class MyGRU(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        self.cell = nn.GRUCell(input_size, hidden_size)

    def forward(self, x, h):
        return self.cell(x, h)
"""
GRU_ZRN = GRU_STEP.replace("x_r, x_z, x_n =", "x_z, x_r, x_n =").replace("h_r, h_z, h_n =", "h_z, h_r, h_n =")
RIGHT = {  # the name: the kind, the file
    "gru of four weights": ("gru", GRU_STEP),
    "gru of six layers": ("gru", GRU_SIX),
    "gru with two gates in one": ("gru", GRU_STACKED),
    "gru of torch's": ("gru", TORCHS_OWN),
    "lstm of four weights": ("lstm", LSTM_STEP),
    "lstm of four layers": ("lstm", LSTM_FOUR),
    "lstm of bare parameters": ("lstm", LSTM_BARE),
    "lstm without names": ("lstm", LSTM_LISTS),
    "rnn of four weights": ("rnn", RNN_STEP),
    "rnn of one layer": ("rnn", RNN_MODULE),
    "rnn with relu": ("rnn-relu", RNN_STEP.replace("tanh", "relu")),
}
_N, _N_SIX = "n = torch.tanh(x_n + r * h_n)", "self.n = torch.tanh(self.new_x(x) + self.r * self.new_h(h))"
_BEFORE = """w_n, b_n = w_hh.chunk(3)[2], b_hh.chunk(3)[2]
        n = torch.tanh(x_n + (r * h) @ w_n.T + b_n)"""
_C = "c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)"
_H = "torch.sigmoid(o) * torch.tanh(c), c"
_BEFORE_SIX = "self.n = torch.tanh(self.new_x(x) + (self.r * h) @ self.new_h.weight.T + self.new_h.bias)"
WRONG = {  # the name: the kind, the file, what is changed in it, by what, the part and the words that must be told
    "z swapped": ("gru", GRU_STEP, "(1 - z) * n + z * h", "z * n + (1 - z) * h", "h", "z and 1 − z are swapped"),
    "reset before": ("gru", GRU_STEP, _N, _BEFORE, "n", "r multiplies h before the matrix product"),
    "σ forgotten": ("gru", GRU_STEP, "r = torch.sigmoid(x_r + h_r)", "r = x_r + h_r", "r", "in r, σ is missing"),
    "tanh for σ": ("gru", GRU_STEP, "z = torch.sigmoid", "z = torch.tanh", "z", "in z, tanh stands in the place of σ"),
    "σ for tanh": ("gru", GRU_STEP, "n = torch.tanh", "n = torch.sigmoid", "n", "in n, σ stands in the place of tanh"),
    "bias outside": (
        "gru",
        GRU_STEP,
        _N,
        "n = torch.tanh(x_n + r * (h_n - b_hh.chunk(3)[2]) + b_hh.chunk(3)[2])",
        "n",
        "the bias b_hn is outside of r·(…)",
    ),
    "reset forgotten": ("gru", GRU_STEP, "r * h_n", "h_n", "n", "r is not used"),
    "keras's order": ("gru", GRU_ZRN, "", "", "r", "r and z are swapped"),
    "a bias forgotten": ("gru", GRU_STEP, "(h @ w_hh.T + b_hh)", "(h @ w_hh.T)", "r", "b_hh is not added, in any gate"),
    "six, z swapped": (
        "gru",
        GRU_SIX,
        "(1 - self.z) * self.n + self.z * h",
        "self.z * self.n + (1 - self.z) * h",
        "h",
        "z and 1 − z",
    ),
    "six, reset before": ("gru", GRU_SIX, _N_SIX, _BEFORE_SIX, "n", "r multiplies h before the matrix product"),
    "six, tanh for σ": ("gru", GRU_SIX, "self.r = torch.sigmoid", "self.r = torch.tanh", "r", "in r, tanh stands in"),
    "six, a layer exchanged": (
        "gru",
        GRU_SIX,
        "self.reset_x(x) + self.reset_h(h)",
        "self.reset_x(x)",
        "r",
        "in r, W_hr h and b_hr are missing",
    ),
    "two, z swapped": (
        "gru",
        GRU_STACKED,
        "(1 - z) * n + z * h",
        "z * n + (1 - z) * h",
        "h",
        "z and 1 − z are swapped",
    ),
    "gate order": ("lstm", LSTM_STEP, "i, f, g, o = (", "i, f, o, g = (", "g", "g and o are swapped"),
    "tanh(c) missing": ("lstm", LSTM_STEP, "torch.tanh(c), c", "c, c", "h", "the tanh of c is missing"),
    "returned swapped": ("lstm", LSTM_STEP, _H, f"c, {_H[:-3]}", "c", "h and c are swapped in what is returned"),
    "read swapped": ("lstm", LSTM_STEP, "h, c = state", "c, h = state", "i", "h and c are swapped in what is read"),
    "no forget gate": ("lstm", LSTM_STEP, "torch.sigmoid(f) * c +", "c +", "c", "f is not used"),
    "forget bias": ("lstm", LSTM_STEP, "torch.sigmoid(f)", "torch.sigmoid(f + 1)", "f", "1 is added to the bias"),
    "one gate for two": (
        "lstm",
        LSTM_STEP,
        "torch.sigmoid(i) * torch.tanh(g)",
        "(1 - torch.sigmoid(f)) * torch.tanh(g)",
        "c",
        "1 − f",
    ),
    "four, i for f": ("lstm", LSTM_FOUR, "c = f * c + i * g", "c = i * c + f * g", "i", "i and f are swapped"),
    "four, tanh(c) missing": ("lstm", LSTM_FOUR, "o * torch.tanh(c)", "o * c", "h", "the tanh of c is missing"),
    "lists, tanh(c) missing": ("lstm", LSTM_LISTS, "c.tanh(), c", "c, c", "h", "the tanh of c is missing"),
    "lists, returned swapped": (
        "lstm",
        LSTM_LISTS,
        "o.sigmoid() * c.tanh(), c",
        "c, o.sigmoid() * c.tanh()",
        "c",
        "h and c are swapped",
    ),
    "not transposed": ("rnn", RNN_STEP, "h @ w_hh.T", "h @ w_hh", "h", "W_hh is transposed"),
    "one not transposed": (
        "gru",
        GRU_SIX,
        "self.r * self.new_h(h)",
        "self.r * (h @ self.new_h.weight + self.new_h.bias)",
        "n",
        "in n, W_hn is transposed",
    ),
    "relu": ("rnn", RNN_STEP, "torch.tanh", "torch.relu", "h", "relu stands in the place of tanh"),
    "no bias": ("rnn", RNN_STEP, "+ b_ih + h @ w_hh.T + b_hh", "+ h @ w_hh.T", "h", "no bias is added"),
}
