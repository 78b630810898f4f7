"""The lessons in an order to teach: under which heading each stands, and what it is for in a few words."""

__all__ = ["COURSE", "in_order"]

COURSE: dict[str, dict[str, str]] = {
    "What a state is (nothing is learnt)": {
        "one-letter": "a letter and h₀ become a state",
        "hello-cell": "the state goes from letter to letter",
        "hello": "the same in one call: output and h_n",
        "three-words": "a batch: several words at once",
        "six-words": "a state knows what came before",
        "one-letter-deep": "layers, directions; the shape of h₀",
    },
    "How it learns": {
        "hihello": "why a state is needed",
        "hihello-sequence": "one update for the whole sequence",
        "hihello-slow": "a small step: one error after another",
        "hihello-long": "tanh sets a floor to the loss",
        "ohlol-cell": "another word, one letter at a time",
        "ohlol": "another word, in one call",
        "hihello-embedding": "an embedding; the floor is gone",
        "ohlol-embedding": "two layers: right in four epochs",
        "ohlol-lstm": "both directions: it sees the answer",
    },
    "What gates are for": {
        "hihello-gru": "a GRU: gates keep or renew the state",
        "hihello-lstm": "an LSTM: a cell c beside the state",
        "remember": "why gradients vanish; an LSTM keeps",
    },
    "What they can and cannot learn": {
        "forget-bias": "an LSTM that keeps from the beginning",
        "cliff": "why gradients are clipped",
        "copy": "a plateau, and then the fall",
        "parity": "two states for any length",
        "mod": "right, but not at any length",
        "count": "a cell that counts on past ten",
        "count-three": "two counters at once",
        "reber": "states that are an automaton's nodes",
        "brackets": "a unit that is the depth",
        "adding": "two numbers are marked: their sum?",
        "flip-flop": "three bits to hold: fixed points",
    },
    "One to many, many to one": {
        "read": "many to one: a word in, a digit out",
        "spell": "one to many: a digit in, a word out",
        "sums": "calculated, or learnt by heart?",
    },
    "Texts and numbers": {
        "words": "where does a word begin? no blanks",
        "python-source": "a long text: what units follow",
        "sine": "the next number, and how it goes on",
    },
}


def in_order(names: list[str]) -> list[str]:
    """Return names of lessons in the order to teach; those that it does not have come last, as they were."""
    place = {name: number for number, name in enumerate(name for lessons in COURSE.values() for name in lessons)}
    return sorted(names, key=lambda name: place.get(name, len(place)))
