"""What is true of one backward of a script: computed with torch and NumPy alone, by running the script twice.

The first run is watched with hooks and changes nothing: what goes into each recurrent module and comes out, the loss,
the weights, their gradients. In the second run the modules of that one pass are written out, step by step in float64,
so that autograd knows every state and ∂L/∂h_t; all passes before it are torch's own, so that the weights are the same.
Gates come from the equations in NumPy. The three must agree, or there is no truth to be had.

    truth = record("dates", backward=3)
    truth.calls["Seq2Seq.encoder.rnn"][0].layers[0][0].dh     # (T, N, H)
"""

from functools import cache

import numpy as np

from tests.scripts.equations import Doubles, Layer, Weights, unroll
from tests.scripts.people import SCRIPTS, own_random_numbers
from tests.scripts.recorder import Call, LossCall, OwnStep, Recorder, Truth

__all__ = ["Call", "LossCall", "OwnStep", "Truth", "record", "steps_of", "written_out"]


@cache
def record(name: str, backward: int, *options: object, intervals: int = 1) -> Truth:
    """Return the truth of one backward of a script.

    `intervals`: between how many backwards the calls were made that it goes through; more than one if something was
    computed before another backward, as in a GAN.
    """
    script = SCRIPTS[name]
    updates = -(-backward // script.backwards) + 1
    found = []
    for stepwise in (False, True):
        recorder = Recorder(script.own_cells, backward, intervals, stepwise=stepwise)
        with own_random_numbers():
            recorder.run(name, *options, "--updates", updates)
        found.append(recorder.truth)
    return _joined(*found)


def written_out(call: Call, layer: int, direction: int) -> Layer:
    """Compute one layer of a call from the equations, in NumPy, with the masks of dropout in what it reads."""
    end = "" if "weight_ih" in call.weights else f"_l{layer}{'_reverse' if direction else ''}"
    w_ih, w_hh = call.weights[f"weight_ih{end}"], call.weights[f"weight_hh{end}"]
    b_ih, b_hh = (call.weights.get(f"bias_{part}{end}", np.zeros(len(w_hh))) for part in ("ih", "hh"))
    read = call.layers[layer][direction]
    return unroll(
        call.kind, Weights(w_ih, w_hh, b_ih, b_hh), read.x, read.h_0, read.c_0, call.lengths, reverse=direction == 1
    )


def steps_of(calls: list[Call], layer: int = 0, direction: int = 0) -> Layer:
    """Join calls of one time step each, as of a cell in a loop, along time."""
    layers = [call.layers[layer][direction] for call in calls]

    def along(parts: list[Doubles | None]) -> Doubles | None:
        there = [part for part in parts if part is not None]
        return np.concatenate(there) if there else None

    h, x = along([each.h for each in layers]), along([each.x for each in layers])
    assert h is not None
    assert x is not None
    return Layer(
        x=x,
        h_0=layers[0].h_0,
        c_0=layers[0].c_0,
        h=h,
        c=along([each.c for each in layers]),
        gates={name: np.concatenate([each.gates[name] for each in layers]) for name in layers[0].gates},
        dh=along([each.dh for each in layers]),
        dc=along([each.dc for each in layers]),
    )


_EQUATIONS = 1e-6, 1e-8  # relative and absolute: a script's float32 rounds, on every processor otherwise


def _joined(seen: Truth, again: Truth) -> Truth:
    """Put both runs together, and make sure that they and the equations agree."""
    relative, absolute = (2e-2, 2e-2) if seen.reduced else (1e-5, 1e-6)
    np.testing.assert_allclose(again.loss, seen.loss, relative, absolute)
    assert seen.calls.keys() == again.calls.keys()
    for module, calls in seen.calls.items():
        for call, unrolled in zip(calls, again.calls[module], strict=True):
            np.testing.assert_allclose(unrolled.x, call.x, relative, absolute)
            call.layers = unrolled.layers
            for number, both in enumerate(call.layers):
                for direction, layer in enumerate(both):
                    exact = written_out(call, number, direction)
                    np.testing.assert_allclose(layer.h, exact.h, *_EQUATIONS)
                    if exact.c is not None and layer.c is not None:
                        np.testing.assert_allclose(layer.c, exact.c, *_EQUATIONS)
                    layer.gates = exact.gates
            top = np.concatenate([each.h for each in call.layers[-1]], axis=-1)
            np.testing.assert_allclose(top, call.output, relative, absolute)
    for module, steps in seen.own.items():
        for step, with_gradient in zip(steps, again.own[module], strict=True):
            np.testing.assert_allclose(with_gradient.h, step.h, relative, absolute)
            step.dh = with_gradient.dh
    for weight, value in seen.gradients.items():
        np.testing.assert_allclose(again.gradients[weight], value, rtol=10 * relative, atol=absolute)
    return seen
