"""`rnn-tui check`: its exit codes, its lines, its JSON, its templates, and what it refuses."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

from rnn_tui.cli.main import main
from rnn_tui.experiment.named_cell import VARIABLE
from tests.engine.check.cells import GRU_SIX, GRU_STEP, LSTM_STEP


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "")
    monkeypatch.chdir(tmp_path)


def joined(out: str) -> str:
    """What is printed, as if it were one line."""
    return " ".join(out.split())


def run(*arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(main, ["check", *arguments])
    return done.exit_code, done.stdout, done.stderr


_numbers = iter(range(10**9))


def written(source: str, name: str = "") -> str:
    """A file of a name of its own, so that none is taken for the one before."""
    file = Path(f"mine{next(_numbers)}.py")
    file.write_text(source)
    return f"{file}:{name}"


def test_a_right_cell() -> None:
    code, out, err = run(written(LSTM_STEP), "--against", "lstm")
    assert (code, err) == (0, "")
    said = r"MyLSTM is torch's LSTM: outputs, states and gradients agree at 20 sizes; "
    assert re.fullmatch(rf"{said}the largest difference is \de-1\d\.", joined(out))


def test_what_a_step_needs_to_train() -> None:
    code, out, _ = run(written(GRU_STEP.replace('gates = "rzn"', "pass")), "--against", "gru")
    assert code == 0
    assert out.splitlines()[3].startswith('To train it, add a line to the class: gates = "rzn" ')


def test_a_wrong_cell_in_words() -> None:
    source = GRU_SIX.replace("(1 - self.z) * self.n + self.z * h", "self.z * self.n + (1 - self.z) * h")
    code, out, err = run(written(source), "--against", "gru")
    assert (code, err) == (1, "")
    lines = out.splitlines()
    assert lines[0] == "MyGRU is not torch's GRU: z and 1 − z are swapped."
    assert "  yours    h = z·n + (1 − z)·h" in lines
    assert "  torch's  h = (1 − z)·n + z·h" in lines
    assert any(line.startswith("They part first in h at t=1, by ") for line in lines)
    assert "Up to there, r, z and n agree." in lines
    assert "  reset_h.weight   W_hr" in lines
    assert max(map(len, lines)) <= 80


def test_a_wrong_cell_as_json() -> None:
    source = GRU_STEP.replace("r * h_n", "h_n").replace("(1 - z) * n + z * h", "z * n + (1 - z) * h")
    code, out, err = run(written(f"print('here')\n{source}"), "--against", "gru", "--json")
    assert (code, err) == (1, "here\n")  # what the file prints is not among it
    found = json.loads(out)
    assert (found["cell"], found["against"], found["agrees"], found["all_of_it"]) == ("MyGRU", "gru", False, True)
    assert [each["about"] for each in found["differs"]] == ["r is not used", "z and 1 − z are swapped"]
    first = found["first"]
    assert (first["of"], first["part"], first["time_step"]) == ("state", "h", 1)
    assert first["sizes"] == {"E": 3, "H": 5, "N": 4, "T": 6}
    assert first["difference"] == pytest.approx(abs(first["yours"] - first["torch"]))
    assert found["weights"] == {}  # the class gets torch's


def test_what_nothing_explains() -> None:
    name = written(GRU_STEP.replace("x_n + r * h_n", "x_n * 2 + r * h_n"))
    code, out, _ = run(name, "--against", "gru")
    assert code == 1
    assert joined(out).startswith("MyGRU is not torch's GRU: they part in h, and it is none of the usual mistakes. ")
    assert "\n  torch's  n = tanh(W_in x + b_in + r·(W_hn h + b_hn))\n" in out
    assert "With 0 for all weights of n they agree" in out
    assert "self.r = r" in out
    found = json.loads(run(name, "--against", "gru", "--json")[1])
    assert (found["differs"], found["all_of_it"], found["inside"]) == ([], False, "n")
    shown = GRU_SIX.replace("self.new_x(x)", "self.new_x(x) * 2")
    out = run(written(shown), "--against", "gru")[1]
    assert joined(out).startswith("MyGRU is not torch's GRU: they part in n, and it is none of the usual mistakes. ")
    assert "With 0" not in out


def test_gradients_in_words() -> None:
    source = GRU_STEP.replace("n = torch.tanh(x_n + r * h_n)", "n = torch.tanh(x_n + r * h_n).detach()")
    code, out, _ = run(written(source), "--against", "gru")
    assert code == 1
    assert joined(out).startswith(
        "MyGRU computes what torch's GRU does, but its gradients are others: first for W_hr. "
    )
    assert ".detach()" in out
    code, out, _ = run(written(GRU_STEP.replace("x_r, x_z", "h = h.detach(); x_r, x_z", 1)), "--against", "gru")
    assert "agrees at the last time step, t=6, and no longer at t=5:" in joined(out)


NAN = GRU_STEP.replace("+ z * h", "+ z * h + 0 * (h - h.detach()).abs().sqrt()")


def test_a_gradient_that_is_no_number_does_not_agree() -> None:
    code, out, _ = run(written(NAN), "--against", "gru", "--json")
    assert code == 1
    assert json.loads(out)["first"]["yours"] is None
    assert run(written(NAN), "--against", "gru")[0] == 1


@pytest.mark.parametrize("kind", ["rnn", "gru", "lstm"])
@pytest.mark.parametrize("form", ["module", "step"])
def test_a_template_is_told_line_by_line_until_it_is_filled_in(kind: str, form: str) -> None:
    code, text, err = run("--template", kind, "--form", form)
    assert (code, err) == (0, "")
    if form == "module":
        assert run("--template", kind)[1] == text
    sums = {  # each gate, as a student writes it
        "module": "self.x_to_{0}(x) + self.h_to_{0}(h)",
        "step": "x @ w_i{0}.T + b_i{0} + h @ w_h{0}.T + b_h{0}",
    }[form]
    reset = {
        "module": "self.x_to_n(x) + self.r * self.h_to_n(h)",
        "step": "x @ w_in.T + b_in + self.r * (h @ w_hn.T + b_hn)",
    }[form]
    answers = {
        "r": f"self.r = torch.sigmoid({sums.format('r')})",
        "z": f"self.z = torch.sigmoid({sums.format('z')})",
        "n": f"self.n = torch.tanh({reset})",
        "i": f"self.i = torch.sigmoid({sums.format('i')})",
        "f": f"self.f = torch.sigmoid({sums.format('f')})",
        "g": f"self.g = torch.tanh({sums.format('g')})",
        "o": f"self.o = torch.sigmoid({sums.format('o')})",
        "c": "c = self.f * c + self.i * self.g",
        "h": {
            "rnn": f"return torch.tanh({sums.format('h')})",
            "gru": "return (1 - self.z) * self.n + self.z * h",
            "lstm": "h = self.o * torch.tanh(c)",
        }[kind],
    }
    parts = re.findall(r'raise NotImplementedError\("(\w)"\)', text)
    assert parts == list({"rnn": "h", "gru": "rznh", "lstm": "ifgoch"}[kind])
    for part in parts:
        number = next(at for at, line in enumerate(text.splitlines(), 1) if "raise NotImplementedError" in line)
        name = written(text)
        code, out, err = run(name, "--against", kind)
        assert (code, out) == (2, "")
        assert err == f"rnn-tui: {name}My{kind.upper()}: line {number}: still to be written: {part}\n"
        text = re.sub(rf'raise NotImplementedError\("{part}"\).*', answers[part], text)
    code, out, err = run(written(text), "--against", kind)
    assert (code, err) == (0, ""), out
    assert out.startswith(f"My{kind.upper()} is torch's {kind.upper()}: ")


WITHOUT_TORCH = """
import sys
from rnn_tui.cli.main import main

try:
    main(["check", "--template", "gru"])
finally:
    print("torch" in sys.modules)
"""


def test_a_template_needs_no_torch() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT_TORCH], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("\nFalse\n")
    assert "class MyGRU" in done.stdout


REFUSED = {
    "--template gru: prints a file, and goes with --form alone": ("mine.py:A", "--template", "gru"),
    "--form step: goes with --template": ("mine.py:A", "--form", "step"),
    "--template rnn-relu: must be rnn, gru or lstm": ("--template", "rnn-relu"),
    "FILE.py:CLASS: is missing, as in `rnn-tui check mine.py:MyGRU --against gru`": (),
    "b.py:B: check takes one cell, as in `rnn-tui check mine.py:MyGRU --against gru`": ("a.py:A", "b.py:B"),
    "--against: is missing; it must be rnn, rnn-relu, gru or lstm": ("mine.py:A",),
    "--against peephole: must be rnn, rnn-relu, gru or lstm": ("mine.py:A", "--against", "peephole"),
    "mine: must be a class in a Python file, as in mine.py:MyGRU": ("mine", "--against", "gru"),
    "nowhere.py:A: nowhere.py: No such file or directory": ("nowhere.py:A", "--against", "gru"),
    "␛[31m.py:A: ␛[31m.py: No such file or directory": ("\x1b[31m.py:A", "--against", "gru"),
    "mine.py:B: there is no class B; mine.py has A": ("mine.py:B", "--against", "gru"),
    "mine.py:A: line 3: ValueError: ␛[2J": ("mine.py:A", "--against", "gru"),
    "broken.py:A: broken.py, line 1: expected ':'": ("broken.py:A", "--against", "gru"),
}


@pytest.mark.parametrize("said", REFUSED)
def test_what_is_refused_in_one_line(said: str) -> None:
    Path("mine.py").write_text("class A:\n    def step(self, x, h, *weights):\n        raise ValueError('\\x1b[2J')\n")
    Path("broken.py").write_text("class A\n")
    assert run(*REFUSED[said]) == (2, "", f"rnn-tui: {said}\n")


def test_what_a_shell_is_offered() -> None:
    completion = ShellComplete(main, {}, "rnn-tui", "_RNN_TUI_COMPLETE")
    assert [each.type for each in completion.get_completions(["check"], "mi")] == ["file"]
    offered = [each.value for each in completion.get_completions(["check", "mine.py:A", "--against"], "")]
    assert offered == ["rnn", "rnn-relu", "gru", "lstm"]
    assert "check" in [each.value for each in completion.get_completions([], "ch")]
