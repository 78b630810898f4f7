"""What all tests of watched scripts share."""

import pytest


@pytest.fixture(autouse=True)
def _own_sockets(own_sockets: None) -> None:
    """Let no test see what another one watches."""
