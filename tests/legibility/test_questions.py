"""The answers in the table are those of the numbers, computed here from the weights."""

import numpy as np
import pytest

from tests.in_process import run_with
from tests.legibility.make import ask, tables
from tests.legibility.questions import QUESTIONS, Question

BY_NAME = {question.name: question for question in QUESTIONS}


def test_twenty_questions_have_names_of_their_own_and_a_row_each() -> None:
    assert len(QUESTIONS) == len(BY_NAME) == 20
    asked, answered = tables([f"answer {number}" for number in range(20)])
    assert asked.count("\n| ") == answered.count("\n| ") == 20 + 1
    assert "answer" not in asked.replace("| answer |", "")


@pytest.mark.parametrize("name", ["output", "weights", "cell"])
async def test_answers_are_those_of_the_weights(name: str) -> None:
    """`hihello` after 60 ticks, each of one character, so ten passes: a plain RNN whose state is the logits."""
    question = BY_NAME[name]
    assert (question.lesson, question.ticks) == ("hihello", 60)
    run = run_with("hihello", 60, {})
    session = run.session
    weights = {key.split(".")[-1]: value.detach().numpy() for key, value in session.trainer.model.named_parameters()}
    norms = {key: float(np.linalg.norm(value)) for key, value in weights.items() if value.ndim == 2}
    largest = max(norms, key=lambda key: norms[key])
    h, data = session.trainer.logits[-1].detach().numpy().ravel(), session.experiment.data  # before the last update
    expected = {
        "output": f"'{data.vocabulary[int(h.argmax())]}', "
        + ("right" if data.vocabulary[int(h.argmax())] == data.targets[0][-1] else "wrong"),
        "weights": f"{'W_hh' if 'hh' in largest else 'W_ih'}, with norm {norms[largest]:.3f}",
        "cell": f"{float(h[0]):+.2f}".replace("-", "−"),
    }
    screen, answer = await ask(question, run)
    assert answer == expected[name]
    assert "hihello" in screen


async def test_what_is_asked_stands_on_the_screen() -> None:
    question: Question = BY_NAME["epochs"]
    screen, answer = await ask(question, run_with(question.lesson, question.ticks, question.settings))
    assert answer == "epoch 37 of 100"
    assert "37/100" in screen
