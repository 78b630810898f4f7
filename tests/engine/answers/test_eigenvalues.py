"""The eigenvalues of the recurrence, against differences of the equations and NumPy."""

import copy
import dataclasses
from typing import Any

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from rnn_tui.engine.answers.eigenvalues import eigenvalues_facts, jacobian
from rnn_tui.engine.inspect.unrolled_pass import UnrolledLayer
from rnn_tui.engine.network.cells import parts
from rnn_tui.engine.training.trainer import Trainer
from rnn_tui.experiment.cell_kinds import CELL_KINDS
from rnn_tui.experiment.spec import Experiment
from rnn_tui.experiment.validate import from_dict
from rnn_tui.protocol.inspect.eigenvalues import EigenvaluesAsk
from tests.engine.passes import focus_of


def trainer_of(cell: str, fed: int = 4, **network: Any) -> Trainer:
    experiment: Experiment = from_dict(
        {"network": {"cell": cell, "head": "linear", "hidden_size": 4, **network}, "training": {"seed": 3}}
    )
    trainer = Trainer(experiment, torch.device("cpu"))
    for _ in range(fed):
        trainer.tick()
    return trainer


def in_doubles(cell: UnrolledLayer) -> UnrolledLayer:
    tensors: dict[str, Any] = {
        name: each.double() for name, each in vars(cell).items() if isinstance(each, torch.Tensor)
    }
    module = None if cell.module is None else copy.deepcopy(cell.module).double()
    return dataclasses.replace(cell, module=module, **tensors)


def complex_of(facts: Any) -> Any:
    spectrum = facts.spectrum
    return spectrum.real.astype(np.complex128) + 1j * spectrum.imaginary


def in_order(values: Any) -> Any:
    return values[np.lexsort((values.imag.round(4), values.real.round(4)))]


@pytest.mark.parametrize("cell", sorted(CELL_KINDS))
def test_the_jacobian_is_that_of_differences(cell: str) -> None:
    trainer = trainer_of(cell, layers=2)
    focus = focus_of(trainer)
    found = jacobian(focus.cell(1, 0).part(2, 3))
    one = in_doubles(focus.cell(1, 0).part(2, 3))
    before = torch.cat([each for each in (one.h_0, one.c_0) if each is not None])
    size, wanted = len(before), []

    def after(state: torch.Tensor) -> torch.Tensor:
        h, c = state[: len(one.h_0)], state[len(one.h_0) :]
        given: Any = h[None] if one.c_0 is None else (h[None], c[None])
        with torch.no_grad():
            return torch.cat(parts(one.step(one.x, given)), -1)[0]

    for number in range(size):
        move = torch.zeros(size).double()
        move[number] = 1e-6
        wanted.append((after(before + move) - after(before - move)) / 2e-6)
    assert_allclose(found, torch.stack(wanted, -1), atol=1e-5)
    facts = eigenvalues_facts(focus, EigenvaluesAsk(step=2, layer=1))
    values = np.linalg.eigvals(found.double().numpy())
    assert_allclose(np.sort(np.abs(complex_of(facts))), np.sort(np.abs(values)), atol=1e-5)
    assert np.all(np.diff(np.abs(complex_of(facts))) <= 1e-6)  # the largest first


@pytest.mark.parametrize(("matrix", "name"), [(1, "W_hr"), (2, "W_hz"), (3, "W_hn"), (4, "∂h/∂h of t=4")])
def test_each_gate_has_its_matrix(matrix: int, name: str) -> None:
    trainer = trainer_of("gru")
    facts = eigenvalues_facts(focus_of(trainer), EigenvaluesAsk(step=-1, matrix=matrix))
    assert facts.spectrum is not None
    assert facts.spectrum.name == name
    if matrix < 4:
        weight = dict(trainer.model.named_parameters())["recurrent.weight_hh_l0"].detach().numpy()
        values = np.linalg.eigvals(weight[4 * (matrix - 1) : 4 * matrix])
        assert_allclose(in_order(complex_of(facts)), in_order(values), atol=1e-5)


def test_those_of_an_lru_are_its_own() -> None:
    trainer = trainer_of("lru")
    cell: Any = trainer.model.recurrent
    cell = cell.cells[0]
    turn = np.exp(-np.exp(cell.nu.detach().numpy()) + 1j * np.exp(cell.theta.detach().numpy()))
    facts = eigenvalues_facts(focus_of(trainer), EigenvaluesAsk(step=1))
    wanted = np.concatenate([turn, turn.conj(), np.zeros(4)])  # h itself is not read again
    assert_allclose(in_order(complex_of(facts)), in_order(wanted), atol=1e-5)


def test_what_is_not_there_is_said() -> None:
    nothing = eigenvalues_facts(focus_of(trainer_of("rnn", fed=0)), EigenvaluesAsk(step=-1))
    assert nothing.spectrum is None
    assert "fed" in nothing.note
    assert "t=6 has not been fed" in eigenvalues_facts(focus_of(trainer_of("rnn")), EigenvaluesAsk(step=5)).note
    large = focus_of(trainer_of("lstm", fed=1, hidden_size=129))
    assert "258 × 258 is too large" in eigenvalues_facts(large, EigenvaluesAsk(step=0)).note
    assert eigenvalues_facts(large, EigenvaluesAsk(step=0, matrix=2)).spectrum is not None


def test_a_matrix_with_nan_has_none() -> None:
    trainer = trainer_of("rnn")
    with torch.no_grad():
        dict(trainer.model.named_parameters())["recurrent.weight_hh_l0"][0, 0] = torch.nan
    facts = eigenvalues_facts(focus_of(trainer), EigenvaluesAsk(step=0, matrix=1))
    assert facts.spectrum is not None
    assert np.isnan(facts.spectrum.real).all()
