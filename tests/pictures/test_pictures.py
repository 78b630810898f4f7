"""Every pane at three sizes of network, five of terminal, in four palettes: as it was when somebody looked at it."""

import re

import pytest

from tests.pictures.make import NETWORKS, path_of, pictures


@pytest.mark.sampled(2)
@pytest.mark.parametrize("network", NETWORKS)
def test_pictures_are_as_before(network: str) -> None:
    """After a change that is meant: `python -m tests.pictures.make`, and look at the difference."""
    kept = [each.rstrip("\n") for each in re.split("^=== ", path_of(network).read_text(), flags=re.MULTILINE)[1:]]
    made = ["\n".join([title, *rows]).rstrip("\n") for title, rows in pictures(network)]
    assert [each.split()[:3] for each in made] == [each.split()[:3] for each in kept]
    for before, now in zip(kept, made, strict=True):
        assert now == before
