"""What recurrent networks can and cannot learn: the experiments of papers, at sizes that two cores train in minutes.

Their data are made from the seed (`experiment/built_in.py`). `rnn-tui compare NAME` trains the networks that such a
lesson is about beside one another: `COMPARED` says what varies in it.
"""

from rnn_tui.experiment.remember import remember
from rnn_tui.experiment.spec import Data, Experiment, Network, RunOptions, Task, Training

__all__ = ["CLASSICS", "COMPARED"]

_FAST = RunOptions(speed=0)


def _pairs(name: str, task: Task, *, batch: int = 64, holdout: float = 0.2) -> Data:
    return Data(inputs=(), pairs=f"builtin:{name}", task=task, batch=batch, length=0, holdout=holdout)


def _text(name: str) -> Data:
    return Data(inputs=(), text=f"builtin:{name}", batch=32, length=32, stateful=True, holdout=0.1)


CLASSICS = (
    Experiment(
        name="forget-bias",
        about="remember at a gap of 40, where an LSTM as torch begins it mostly fails: its forget gate lets half of "
        "c go at each step. With 1 added to the gate's bias it keeps before it has learnt anything (Jozefowicz, "
        "Zaremba, Sutskever 2015). `rnn-tui compare forget-bias --side` shows both.",
        data=remember(40),
        network=Network(cell="lstm", hidden_size=32, head="linear", forget_bias=1),
        training=Training(tick="sequence", lr=0.01, clip=1.0, epochs=300, seed=7),
        run=RunOptions(speed=30),
    ),
    Experiment(
        name="cliff",
        about="remember at a gap of 10 with plain SGD and a learning rate of 1: the loss falls, comes to a cliff, "
        "and one step along a huge gradient throws it far away, again and again (Pascanu, Mikolov, Bengio 2013). "
        "With --clip 0.1 it is learnt. `rnn-tui compare cliff --side` shows both.",
        data=remember(10),
        network=Network(hidden_size=32, head="linear", init="identity"),
        training=Training(tick="sequence", reduction="mean", optimizer="sgd", lr=1.0, epochs=800),
        run=RunOptions(speed=30),
    ),
    Experiment(
        name="copy",
        about="Ten symbols, ten blanks, and then the ten again (Arjovsky, Shah, Bengio 2016). Whoever remembers "
        "nothing says blanks and guesses: 10 ln 8 / 30 a step, the dotted line. There the loss stays first, and then "
        "it falls. --pairs builtin:copy:30 waits longer; a plain RNN (--cell rnn --lr 0.002) stays for long.",
        data=_pairs("copy", "many-to-many", holdout=0.1),
        network=Network(cell="gru", hidden_size=128, head="linear", init="orthogonal"),
        training=Training(tick="sequence", reduction="mean", lr=0.01, clip=1, epochs=40),
        run=_FAST,
    ),
    Experiment(
        name="parity",
        about="Is the number of ones odd? Learnt on 1 to 10 bits, judged on up to 40 (Delétang et al. 2023): two "
        "states of the network are enough for any length, and a plain RNN finds them after a long plateau. A "
        "recurrence that is linear with weights from 0 to 1 cannot (Grazzi et al. 2024).",
        data=_pairs("parity", "many-to-one"),
        network=Network(hidden_size=16, head="linear"),
        training=Training(tick="sequence", reduction="mean", lr=0.005, clip=1, epochs=40),
        run=_FAST,
    ),
    Experiment(
        name="mod",
        about="2+3*4 is 4, modulo 5: learnt on 1 to 6 numbers, judged on up to 24 (Delétang et al. 2023). An LSTM "
        "learns it, and the longer a row, the more often it is wrong: it has not found the few states that do (`j`).",
        data=_pairs("mod", "many-to-one"),
        network=Network(cell="lstm", hidden_size=64, head="linear"),
        training=Training(tick="sequence", reduction="mean", lr=0.01, weight_decay=1e-4, clip=1, epochs=50),
        run=_FAST,
    ),
    Experiment(
        name="count",
        about="It reads aaa and answers bbb and an end: for one to ten a's, and then for up to 40, which it never "
        "learns. A unit of an LSTM's c climbs with each a and falls with each b, and so it goes on past ten (Gers, "
        "Schmidhuber 2001). A GRU has nothing that climbs, and stops (Weiss, Goldberg, Yahav 2018); `j` shows where.",
        data=_pairs("count", "one-to-many", batch=0, holdout=0.75),
        network=Network(cell="lstm", hidden_size=8, head="linear"),
        training=Training(tick="sequence", reduction="mean", lr=0.02, clip=1, epochs=600),
        run=RunOptions(speed=30),
    ),
    Experiment(
        name="count-three",
        about="It reads aaa and answers bbbccc and an end: twice as many steps, no more than ten of each. No stack "
        "alone accepts this language; an LSTM with two counters does (Gers, Schmidhuber 2001), and goes on a little.",
        data=_pairs("count-three", "one-to-many", batch=0, holdout=0.75),
        network=Network(cell="lstm", hidden_size=8, head="linear"),
        training=Training(tick="sequence", reduction="mean", lr=0.02, clip=1, epochs=1500),
        run=RunOptions(speed=60),
    ),
    Experiment(
        name="reber",
        about="A text of strings that an automaton writes: B, T or P, a string of Reber's grammar, the same T or P, "
        "E. At most nodes two letters may follow, so no loss is below 0.41; its states in `p` lie in clusters, "
        "one for each node (Cleeremans et al. 1989; Hochreiter, Schmidhuber 1997).",
        data=_text("reber"),
        network=Network(cell="lstm", hidden_size=16, head="linear"),
        training=Training(tick="sequence", reduction="mean", lr=0.01, clip=1, epochs=25),
        run=RunOptions(speed=30),
    ),
    Experiment(
        name="brackets",
        about="Nested brackets, at most eight deep: the deeper, the likelier the next one closes. To know what comes "
        "it must know how deep it is, and one unit becomes the depth: find it in `u` (Karpathy, Johnson, Fei-Fei "
        "2015).",
        data=_text("brackets"),
        network=Network(cell="lstm", hidden_size=8, head="linear"),
        training=Training(tick="sequence", reduction="mean", lr=0.01, clip=1, epochs=40),
        run=RunOptions(speed=30),
    ),
)

COMPARED: dict[str, tuple[str, ...]] = {  # what varies in `rnn-tui compare NAME`, as --vary takes it
    "forget-bias": ("forget-bias=0,1",),
    "cliff": ("clip=0,0.1",),
    "copy": ("cell=rnn,gru",),
    "parity": ("cell=rnn,gru,lstm",),
    "mod": ("cell=rnn,gru,lstm",),
    "count": ("cell=gru,lstm",),
    "count-three": ("cell=gru,lstm",),
}
