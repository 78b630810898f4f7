"""A run whose cell is in a file of its author's: errors hold it, and what is mended is read again."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from rnn_tui.engine.host.commands import obey
from rnn_tui.engine.host.driver import Driver
from rnn_tui.engine.inspect.cell_source import source_of
from rnn_tui.engine.network.module_cells import call
from rnn_tui.engine.session import cell_file
from rnn_tui.experiment.named_cell import VARIABLE, name_cell, read_name
from rnn_tui.experiment.parameter_shapes import parameter_shapes
from rnn_tui.protocol.commands import Open, Step
from tests.engine.network.test_own_cell import GRU, experiment, own_cell

BROKEN = GRU.replace("self.to_z(both)", "self.to_y(both)")
SWAPPED = GRU.replace("(1 - self.z) * self.n + self.z * h", "self.z * self.n + (1 - self.z) * h")
NARROW = GRU.replace("nn.Linear(input_size, hidden_size)", "nn.Linear(input_size, hidden_size, bias=False)")
# It passes where it is tried, on three rows, and fails in the run, which has one.
LATER = GRU.replace("both = ", "assert len(h) == 3 or h.abs().sum() == 0, 'not the first step'\n        both = ")


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv(VARIABLE, "")
    monkeypatch.setattr(cell_file, "LOOK_EVERY", 0.0)
    path = tmp_path / "mine.py"
    write(path, GRU)
    name_cell(read_name(f"{path}:MyGRU"))
    yield path
    parameter_shapes.cache_clear()


_TIMES = iter(range(1, 100))


def write(path: Path, source: str) -> None:
    """Write the file as of a moment of its own: clocks of file systems may be slow."""
    path.write_text(source)
    at = next(_TIMES) * 10**9
    os.utime(path, ns=(at, at))


def opened() -> Driver:
    driver = Driver(obey)
    driver.obey(Open(experiment=experiment(), play=False))
    return driver


def notice(driver: Driver) -> str:
    assert driver.session is not None
    return driver.session.hold.notice


def step(driver: Driver) -> None:
    driver.obey(Step())


def test_a_file_that_breaks_holds_the_run_and_one_that_is_mended_lets_it_go_on(mine: Path) -> None:
    driver = opened()
    session = driver.session
    assert session is not None
    for _ in range(3):
        step(driver)
    driver.play(True)
    weights = [each.clone() for each in session.trainer.model.parameters()]
    write(mine, BROKEN)
    driver.turn()
    assert not driver.playing
    assert notice(driver) == "mine.py:MyGRU, line 19: AttributeError: 'MyGRU' object has no attribute 'to_y'"
    tick = session.progress.tick
    step(driver)  # what could be computed before can be still
    assert session.progress.tick == tick + 1

    driver.play(True)
    before = driver.description
    write(mine, SWAPPED)
    driver.turn()
    assert driver.playing
    assert driver.description > before
    kind = session.experiment.network.kind
    assert source_of(own_cell(session), kind).endswith("return self.z * self.n + (1 - self.z) * h")
    h = torch.randn(2, 5)
    after, parts = call(own_cell(session), torch.randn(2, 5), h)
    assert torch.equal(after, parts["z"] * parts["n"] + (1 - parts["z"]) * h)
    names = [name for name, _ in session.trainer.model.named_parameters()]
    assert len(weights) == len(names) == 8
    assert session.trainer.updater.optimizer.param_groups[0]["params"][0] is next(session.trainer.model.parameters())


def test_weights_of_other_shapes_want_another_run(mine: Path) -> None:
    driver = opened()
    step(driver)
    write(mine, NARROW)
    driver.turn()
    assert notice(driver).endswith("its weights have other shapes now, so the run cannot go on with it: b begins again")
    session = driver.session
    assert session is not None
    assert len([*session.trainer.model.parameters()]) == 8


def test_an_error_in_a_step_leaves_the_run_as_it_was(mine: Path) -> None:
    driver = opened()
    session = driver.session
    assert session is not None
    step(driver)
    step(driver)
    tick, epoch = session.progress.tick, session.progress.epoch
    weights = [each.clone() for each in session.trainer.model.parameters()]
    write(mine, LATER)
    driver.turn()
    for _ in range(3):
        step(driver)
        assert notice(driver) == "mine.py:MyGRU, line 17: AssertionError: not the first step"
        assert session.progress.tick == tick
    write(mine, GRU)
    driver.turn()
    step(driver)
    assert (session.progress.tick, session.progress.epoch) == (tick + 1, epoch + 1)

    again = opened()
    for _ in range(3):
        step(again)
    other = again.session
    assert other is not None
    for one, two in zip(session.trainer.model.parameters(), other.trainer.model.parameters(), strict=True):
        assert torch.equal(one, two)
    assert not all(torch.equal(one, two) for one, two in zip(weights, session.trainer.model.parameters(), strict=True))


def test_what_autograd_finds_wrong_holds_the_run_too(mine: Path) -> None:
    driver = opened()
    step(driver)
    write(mine, GRU.replace("return (1", "self.r.mul_(2)\n        return (1"))
    driver.turn()
    step(driver)
    assert notice(driver).startswith("mine.py:MyGRU, RuntimeError: one of the variables needed for gradient")
    write(mine, GRU)
    driver.turn()
    step(driver)
    step(driver)
    assert notice(driver) == ""
