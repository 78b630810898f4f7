"""The language of the house, as far as it can be held. `python -m tests.house.language ROOM` lists what is found."""

import pytest

from tests.house import language
from tests.house.language import VERBS, Finding, in_code, in_text, rooms
from tests.house.manual import PAGES, README, ROOT


@pytest.mark.parametrize("room", rooms())
def test_the_words_of_a_room(room: str) -> None:
    assert not list(in_code(room)), "\n".join(map(str, in_code(room)))


def test_the_words_of_the_pages() -> None:
    pages = {"README.md": README, **PAGES, "CONTRIBUTING.md": (ROOT / ".github" / "CONTRIBUTING.md").read_text("utf-8")}
    found = [finding for name, text in pages.items() for finding in in_text(name, text)]
    assert not found, "\n".join(map(str, found))


def test_what_is_found(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path_factory.mktemp("house")
    monkeypatch.setattr(language, "ROOT", root)
    monkeypatch.setattr(language, "PACKAGE", root)
    (root / "room").mkdir()
    (root / "room" / "words.py").write_text(
        '''"""Two words."""


class Thing:
    """A thing."""

    @property
    def size(self) -> int:
        """Its size."""
        return 1

    def equation(self) -> None:
        """h_t = tanh(a_t)."""

    def good(self) -> None:
        """Return a thing. Who are you?"""

    def bad(self) -> None:
        """The thing."""

    def quaint(self) -> str:
        """Do it. Who asks that is no view.

        Nothing, where there is none.
        """
        return "what it says stands behind"  # which is told to nobody
''',
        "utf-8",
    )
    found = list(in_code("room"))
    assert all(isinstance(each, Finding) and each.file == "room/words.py" for each in found)
    assert [(each.line, each.problem.partition(":")[0]) for each in found] == [
        (19, 'the docstring of bad begins with "The"'),
        (22, 'a "who" without the person before it'),
        (22, '"Nothing, where"'),
        (26, '"says" for predicts'),
        (26, '"behind" for after'),
        (26, '"is told"'),
    ]
    page = "# Title\n\nThat of others.\n\n```console\nbehind\n```\n\nthe network says a letter; that of others\n"
    assert [each.line for each in in_text("page", page)] == [9, 9]


def test_verbs_are_in_the_imperative() -> None:
    assert {"Return", "Draw", "Write"} <= VERBS
    assert not [
        each
        for each in VERBS
        if each.endswith(("ing", "ed")) and each not in ("Bring", "Embed", "Feed", "Seed", "Shed", "Speed")
    ]
    assert VERBS.isdisjoint({"The", "A", "What", "Whether", "How", "Who", "Where", "Nothing", "All", "That", "Called"})
