"""The keys that look inside the network: what they open, and what is chosen in it."""

from rnn_tui.view.model.key import Key

__all__ = ["INSIDE_KEYS"]

INSIDE_KEYS = (
    Key(
        "i",
        "inside('cell')",
        "cell in numbers",
        "Show one cell at the time cursor: its equations with the real numbers in them. Again: close it.",
        footer="inside",
    ),
    Key(
        "j",
        "inside('lengths')",
        "accuracy by length",
        "Show in how many pairs of each length all is right: how far it goes beyond what it has learnt.",
        runs="own",
    ),
    Key("g", "inside('gates')", "gates", "Show the gates of an LSTM or GRU over time."),
    Key(
        "v",
        "inside('gradients')",
        "gradients",
        "Show ‖∂L/∂h‖ through time: where the gradient vanishes or explodes, W_hh, saturation, clipping.",
    ),
    Key(
        "J",
        "inside('eigenvalues')",
        "eigenvalues",
        "Show the eigenvalues of a time step, ∂h/∂h, in the unit disk, or those of W_hh (o).",
    ),
    Key(
        "w",
        "inside('weights')",
        "weights",
        "Show every matrix, its gradient or its last update (o), with histograms; , and . turn the pages.",
    ),
    Key(
        "p",
        "inside('space')",
        "state space",
        "Show the trajectory of h in two dimensions (PCA); o: the fixed points, or the embedding.",
    ),
    Key(
        "a",
        "inside('saliency')",
        "saliency",
        "Show how much each input character mattered for the output at the time cursor.",
    ),
    Key(
        "G",
        "inside('sample')",
        "generate",
        "Let the network write: the likeliest text, and a sampled one. o: temperature; , and .: seed.",
        footer="write",
        runs="own",
    ),
    Key(
        "enter",
        "type",
        "type, touch",
        "In a tour, the next step. In Generate, type a text. Of many networks, open this one. Else touch the "
        "paused run: a letter, h, h₀, a weight.",
        runs="own",
    ),
    Key(
        "O",
        "generation",
        "generation",
        "Set how the network writes: prime, temperature, top-k, seed, length.",
        runs="own",
    ),
    Key(
        "u",
        "inside('reading')",
        "unit's view",
        "Show the text coloured by one unit, and which units follow quotes, brackets, indentation (o: order).",
    ),
    Key(
        "U",
        "inside('surprise')",
        "surprise",
        "Show the text by how unlikely each character was; , and . go through the largest surprises.",
        runs="own",
    ),
    Key(
        "H",
        "inside('alike')",
        "where else",
        "Show where else in the text the units of a stretch stay on; , and . move it, o makes it longer.",
        runs="own",
    ),
    Key(
        "t",
        "inside('shapes')",
        "shapes",
        "Show every tensor with its shape, and check the equations that must hold.",
    ),
    Key(
        "o",
        "other",
        "other view",
        "Show something else in the pane that looks inside (with the focus, or opened last): gradient, "
        "update, embedding, target, written-out equations, another order of the units.",
    ),
    Key("comma", "item(-1)", "previous unit", "Look at the previous unit, or matrix.", printed=","),
    Key("full_stop", "item(1)", "next unit", "Look at the next unit, or matrix.", printed="."),
    Key(
        "h",
        "explain",
        "explain",
        "Explain the pane with the focus in plain words: what it shows, how to read it, what to try.",
        footer="explain",
    ),
)
