"""The README's commands and pictures are those that there are."""

import re

from tests.house.manual import README, ROOT


def test_shows_pictures_that_exist() -> None:
    shown = [part.partition(")")[0] for part in README.split("](screenshots/")[1:]]
    assert shown
    assert all((ROOT / "screenshots" / name).is_file() for name in shown)


def test_the_two_commands_make_an_environment_and_are_what_the_whole_check_runs() -> None:
    """A system's own Python refuses a bare `pip install`; torch's range is that of pyproject.toml."""
    first, second = re.findall(r"^(?:python3 -m venv|\.venv).*#", README, re.M)
    assert first.startswith("python3 -m venv .venv && .venv/bin/pip install . && .venv/bin/rnn-tui ")
    assert second.startswith(".venv/bin/pip install -e '.[test]' && .venv/bin/pytest ")
    check = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "python3 -m venv" in check
    assert re.search(r"pip install .*-e '\.\[test\]'", check)
    (torch,) = re.findall(r'"(torch>=[^"]+)"', (ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert f"--torch-backend cpu '{torch}'" in README
