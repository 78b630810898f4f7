"""Every pane at three sizes of network, five of terminal, in four palettes: as it was when somebody looked at it."""

import re
from collections.abc import Iterator

import pytest

from tests.pictures.make import NETWORKS, path_of, pictures, pictures_of_ranks


@pytest.mark.sampled(2)
@pytest.mark.parametrize("network", NETWORKS)
def test_pictures_are_as_before(network: str) -> None:
    """After a change that is meant: `python -m tests.pictures.make`, and look at the difference."""
    compare(network, pictures(network))


def test_pictures_of_several_processes_are_as_before() -> None:
    compare("ranks", pictures_of_ranks())


def compare(name: str, pictures: Iterator[tuple[str, list[str]]]) -> None:
    """Fail unless these are the pictures in the file of that name."""
    kept = [each.rstrip("\n") for each in re.split("^=== ", path_of(name).read_text(), flags=re.MULTILINE)[1:]]
    made = ["\n".join([title, *rows]).rstrip("\n") for title, rows in pictures]
    assert [each.split()[:3] for each in made] == [each.split()[:3] for each in kept]
    for before, now in zip(kept, made, strict=True):
        assert now == before
