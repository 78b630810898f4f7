"""The tensors of weights that a network has, from its description alone: names and shapes, in the model's order."""

from functools import lru_cache

from rnn_tui.experiment.spec import Experiment

__all__ = ["parameter_shapes"]


@lru_cache(maxsize=8)
def parameter_shapes(experiment: Experiment) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """Name and shape of each, as `model.named_parameters()` has them, "recurrent." left out."""
    network, classes = experiment.network, experiment.classes
    hidden, modules = network.hidden_size, network.kind.is_module or network.implementation == "cell"
    shapes: list[tuple[str, tuple[int, ...]]] = []
    if network.embedding:
        shapes.append(("embedding.weight", (experiment.features, network.embedding)))
    for layer in range(network.layers):
        for direction in range(network.directions):
            before = f"cells.{layer * network.directions + direction}." if modules else ""
            after = "" if before else f"_l{layer}{'_reverse' if direction else ''}"
            found = network.cell_shapes(layer, experiment.input_size)
            shapes += [(f"{before}{name}{after}", shape) for name, shape in found]
    width = hidden * network.directions
    if network.layer_norm:
        for layer in range(network.layers - 1):
            shapes += [(f"norms.{layer}.{name}", (hidden * network.directions,)) for name in ("weight", "bias")]
    if network.head == "linear":
        shapes += [] if network.tied else [("head.weight", (classes, width))]
        shapes.append(("head.bias", (classes,)))
    return tuple(shapes)
