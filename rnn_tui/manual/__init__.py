"""The manual: pages in Markdown, one for each topic, and a search through them."""

import re
from collections.abc import Iterator

import msgspec

__all__ = ["TOPICS", "Hit", "read_page", "search"]

TOPICS = {
    "install": "pip, pipx and uv, for CPU and CUDA; shell completion",
    "lessons": "the experiments that come with the program",
    "tours": "guided lessons, and how to write your own",
    "screen": "the four panes, slow motion, going back, forks, breakpoints",
    "inside": "the panes that show why: cell, gates, gradients, weights",
    "watching": "your own training script, unchanged, seen from inside",
    "keys": "every key",
    "text": "your own text: a few words, a file, what is held out",
    "pairs": "inputs and targets of different lengths",
    "series": "a column of a CSV file, and forecasts",
    "network": "cells, layers, embedding, head",
    "training": "optimiser, learning rate, schedule, device",
    "processes": "several processes share each batch, on one machine or many",
    "compare": "many networks at once: seeds, and settings that vary",
    "runs": "train without a view; keep, resume, sample, export, delete",
    "ssh": "attach and detach, slow links, terminals, GPUs",
    "files": "what is written where, JSON lines, exit codes",
    "library": "use it from Python",
    "design": "two processes, three laws, the folders",
    "glossary": "what the words mean",
    "troubleshooting": "when something does not work",
}  # in reading order, each with a line about it

_HEADING = re.compile(r"#+ +(.*)")
_MARKS = re.compile(r"\[([^]]*)\]\([^)]*\)|[`*]")  # links, code and emphasis


class Hit(msgspec.Struct, frozen=True):
    """A line of the manual that contains what was searched for."""

    topic: str
    heading: str  # the nearest one above the line
    line: int  # counted from 0
    text: str  # the line without marks


def read_page(topic: str) -> str:
    """Return the Markdown of a topic. Raises KeyError if there is no such topic."""
    if topic not in TOPICS:
        raise KeyError(topic)
    from importlib.resources import files  # for start-up time: completion knows the topics

    return (files(__name__) / f"{topic}.md").read_text("utf-8")


def search(words: str) -> list[Hit]:
    """Find the lines that contain all words, whatever their case; lines whose heading has them come first."""
    wanted = words.lower().split()
    if not wanted:
        return []
    hits = [hit for topic in TOPICS for hit in _lines(topic) if all(word in hit.text.lower() for word in wanted)]
    return sorted(hits, key=lambda hit: hit.text != hit.heading)  # stable: in reading order otherwise


def _lines(topic: str) -> Iterator[Hit]:
    heading = topic
    for number, line in enumerate(read_page(topic).split("\n")):
        text = _MARKS.sub(lambda found: found[1] or "", line).removeprefix("- ").strip(" |")
        if found := _HEADING.fullmatch(text):
            text = heading = found[1]
        if text.strip("-`| "):
            yield Hit(topic, heading, number, text)
