"""Tours: guided lessons. Each topic is a TOML file here, and anybody can write another: see the page of the manual."""

from pathlib import Path

__all__ = ["TOPICS", "tour_file"]

TOPICS = {
    "state": "what a state is",
    "learning": "how it learns",
    "backward": "backward through time",
    "vanishing": "why gradients vanish",
    "lstm": "how an LSTM keeps",
    "memorising": "memorising is not learning",
    "embedding": "embeddings",
    "floor": "the floor of tanh",
    "luck": "is it luck? 64 networks at once",
}  # in the order in which to teach them, each with a line about it


def tour_file(topic: str) -> Path:
    """Return the file of a topic. Raises KeyError if there is no such topic."""
    if topic not in TOPICS:
        raise KeyError(topic)
    return Path(__file__).parent / f"{topic}.toml"
