"""The loss of an evaluation of a script: the mean over all its targets, whatever its parts say of them."""

import pytest
import torch

from rnn_tui.engine.watch.watched_losses import WatchedLosses


def evaluated(*parts: tuple[str, tuple[object, ...], dict[str, object], float]) -> list[tuple[float, float]]:
    """Return loss and accuracy of each evaluation, after parts of one and a pass."""
    losses = WatchedLosses()
    losses.add_pass(torch.tensor(2.0), frozenset())
    for name, args, named, value in parts:
        losses.add_evaluation(name, args, named, torch.tensor(value))
    losses.add_pass(torch.tensor(1.0), frozenset())
    losses.drain()
    assert list(losses.all) == [2.0, 1.0]
    return [(each["loss"], each["accuracy"]) for each in losses.evaluations.told_all()]


def test_parts_count_by_their_targets() -> None:
    logits = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    right, wrong = torch.tensor([0, 1, 0]), torch.tensor([1, -100, 1])
    ((loss, accuracy),) = evaluated(
        ("cross_entropy", (logits, right), {}, 0.5),  # three targets
        ("cross_entropy", (), {"input": logits, "target": wrong}, 1.5),  # two of them
        ("cross_entropy", (logits, right), {"reduction": "sum"}, 3.0),  # a mean of 1
    )
    assert loss == pytest.approx((3 * 0.5 + 2 * 1.5 + 3 * 1.0) / 8)
    assert accuracy == 6 / 8


@pytest.mark.parametrize("args", [(), (torch.zeros(2, 3), [0, 1])])
def test_a_part_whose_targets_are_not_known_counts_once(args: tuple[object, ...]) -> None:
    ((loss, accuracy),) = evaluated(("ctc_loss", args, {}, 4.0), ("mse_loss", (torch.zeros(3), torch.ones(3)), {}, 1.0))
    assert loss == pytest.approx((4.0 + 3 * 1.0) / 4)
    assert accuracy != accuracy
