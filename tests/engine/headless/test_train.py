"""Training without a view: the lines, the last one, and how it ends."""

import io
import json
import re
import signal
import subprocess
import sys
from typing import Any

import pytest
import torch
from torch import Tensor

from rnn_tui.engine.headless import train as headless
from rnn_tui.engine.headless.train import train
from rnn_tui.engine.session.session import Session
from rnn_tui.engine.training.prediction import predicted_text
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.spec import Experiment, ExperimentError
from rnn_tui.experiment.validate import from_dict, to_dict


def run(experiment: Experiment, *, json: bool = False, every: int = 1) -> tuple[int, list[str], list[str]]:
    out, err = io.StringIO(), io.StringIO()
    code = train(experiment, json=json, every=every, out=out, err=err)
    return code, out.getvalue().splitlines(), err.getvalue().splitlines()


def lesson(name: str, **training: Any) -> Experiment:
    values = to_dict(LESSONS[name])
    values["training"].update(training)
    return from_dict(values)


def other(**sections: dict[str, Any]) -> Experiment:
    return from_dict(sections)


WORDS = [name for name, each in LESSONS.items() if each.training.learn and not each.data.per_character]


def _weights(session: Session) -> list[tuple[str, Tensor]]:
    return list(session.trainer.model.named_parameters())


def _norm(session: Session) -> float:
    return float(
        torch.cat([weight.grad.flatten() for _, weight in _weights(session) if weight.grad is not None]).norm()
    )


@pytest.mark.parametrize("name", WORDS)
def test_json_tells_what_a_session_computes(name: str) -> None:
    experiment = lesson(name, epochs=7)
    code, out, err = run(experiment, json=True)
    session, expected = Session(experiment), []
    session.watch(())
    going, limit = True, experiment.training.clip
    while going:
        going = session.tick()
        if session.trainer.at_end_of_pass:
            expected.append(
                {
                    "epoch": session.trainer.epoch,
                    "tick": session.trainer.ticks,
                    "loss": session.losses.last(),
                    "prediction": predicted_text(session.trainer),
                    "target": " ".join(experiment.data.targets),
                    "right_rows": sum(  # of remember the letter that must come back, which stands at the end
                        predicted.endswith(target[-1] if name in ("remember", "forget-bias", "cliff") else target)
                        for predicted, target in zip(
                            predicted_text(session.trainer).split(" "), experiment.data.targets, strict=True
                        )
                    ),
                    "lr": experiment.training.lr,
                    "gradient_norm": (norm := _norm(session)),
                    "clipped_norm": pytest.approx(min(norm, limit), rel=1e-5) if limit else None,
                }
            )
    assert code == 0
    told = [json.loads(line) for line in out]
    seconds = [each.pop("seconds") for each in told]
    assert 0 < seconds[0] < seconds[-1]
    assert seconds == sorted(seconds)
    assert all(0 <= each.pop(name) <= 1 for each in told for name in ("dead", "saturated"))
    assert {*told[-1]["ratios"]} == {n.removeprefix("recurrent.") for n, w in _weights(session) if w.dim() > 1}
    assert all(ratio > 0 for ratio in told[-1]["ratios"].values())
    assert [{**each, "gradient_norm": pytest.approx(each["gradient_norm"], rel=1e-5)} for each in expected] == [
        {name: value for name, value in each.items() if name != "ratios"} for each in told
    ]
    assert len(expected) == 7
    assert len(err) == 1


def test_text_tells_the_same_as_json() -> None:
    experiment = lesson("hihello", epochs=30)
    _, told, _ = run(experiment, json=True)
    _, out, err = run(experiment)
    assert not err
    for line, each in zip(out[:-1], map(json.loads, told), strict=True):
        assert line.split() == [
            "epoch",
            str(each["epoch"]),
            "loss",
            f"{each['loss']:.4f}",
            "prediction",
            each["prediction"],
        ]


@pytest.mark.parametrize(
    ("every", "epochs"),
    [
        (1, [1, 2, 3, 4, 5, 6, 7]),
        (3, [1, 3, 6, 7]),
        (7, [1, 7]),
        (10**9, [1, 7]),
    ],
)
def test_every_thins_and_keeps_the_first_and_the_last(every: int, epochs: list[int]) -> None:
    _, out, _ = run(lesson("hihello", epochs=7), json=True, every=every)
    assert [json.loads(line)["epoch"] for line in out] == epochs


def test_the_last_line_tells_what_was_learnt() -> None:
    _, out, _ = run(LESSONS["hihello"], every=1000)
    assert out[-1].startswith("learnt ihello: first right in epoch ")
    assert ", floor 2.59" in out[-1]
    assert " · 100 epochs in " in out[-1]


def test_the_last_line_tells_what_was_not_learnt() -> None:
    _, out, _ = run(lesson("hihello", epochs=1))
    prediction = out[0].split()[-1]
    assert out[-1].startswith(f"not learnt: predicts {prediction} for ihello · loss ")
    assert " · 1 epoch in " in out[-1]


def test_a_batch_is_told_row_by_row() -> None:
    contradiction = {"inputs": ["ab", "ab"], "targets": ["aa", "bb"]}  # one row is right at the most
    _, out, _ = run(other(data=contradiction, network={"hidden_size": 2}, training={"epochs": 1}))
    said = out[0].split()[-1]
    assert re.search(rf"[01] of 2 rows are right; predicts {said} for (aa|bb) ", out[-1])


def test_no_control_character_is_printed() -> None:
    experiment = other(data={"inputs": ["\x1b[31m\x9b漢\n\x7f "]}, network={"head": "linear"})
    for as_json in (False, True):
        code, out, err = run(experiment, json=as_json, every=50)
        assert code == 0
        assert all(line.isprintable() for line in out + err)
    assert json.loads(out[-1])["target"] == "[31m\x9b漢\n\x7f "


@pytest.mark.parametrize("name", [name for name, each in LESSONS.items() if not each.training.learn])
def test_a_forward_pass_shows_its_outputs_and_checks(name: str) -> None:
    experiment = LESSONS[name]
    code, out, err = run(experiment)
    assert (code, err) == (0, [])
    assert out[0] == "pass 1"
    assert sum(line.startswith("  t=") for line in out) == experiment.length * len(experiment.data.inputs)
    assert all(line.startswith("  ✓ ") for line in out if "difference" in line)
    assert out[-1].startswith("forward only: ")
    assert "checks hold · 1 pass in" in out[-1]
    _, told, _ = run(experiment, json=True)
    assert json.loads(told[0])["loss"] is None


def test_a_wide_output_is_cut_and_says_so() -> None:
    training = {"learn": False, "epochs": 1}
    _, out, _ = run(other(data={"inputs": ["ab"]}, network={"hidden_size": 30}, training=training))
    assert out[1].endswith(" … 30 in all")


@pytest.mark.parametrize("tick", ["character", "sequence"])
def test_a_loss_that_is_no_number_ends_the_run(tick: str) -> None:
    experiment = other(
        data={"inputs": ["hihello"]},
        network={"head": "linear", "cell": "rnn-relu"},
        training={"optimizer": "sgd", "lr": 1e6, "tick": tick},
    )
    code, out, err = run(experiment)
    assert code == 1
    assert out[-1].startswith("not learnt: the loss is no longer a number · ")
    assert err[0].startswith("rnn-tui: The loss turned ")
    _, told, err = run(experiment, json=True)
    assert json.loads(told[-1])["loss"] is None
    assert len(err) == 2


def test_a_device_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    values = to_dict(LESSONS["hihello"])
    values["run"]["device"] = "mps"
    with pytest.raises(ExperimentError, match="is not there"):
        run(from_dict(values))


def test_the_past_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    experiment = lesson("hihello", epochs=50)
    session = Session(experiment)
    monkeypatch.setattr(headless, "Session", lambda *_, **__: session)
    run(experiment, every=50)
    assert len(session.losses) == len(session.branch.character_losses) == 1


def test_an_interrupt_ends_with_the_last_line() -> None:
    """With --json, and by another signal: test_runs.py."""
    # SIGINT may be ignored where the tests run in the background: the child shall have Python's own handler
    code = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from rnn_tui.cli.main import main\nmain()"
    )
    command = [sys.executable, "-c", code, "train", "hihello", "--epochs", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
    assert process.returncode == 130
    assert "Traceback" not in err
    last = out.splitlines()[-1]
    assert "learnt" in last
    assert " · loss " in last
