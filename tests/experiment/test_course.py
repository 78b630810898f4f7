"""The lessons in an order to teach: each once, with a purpose that has room in the list."""

from rnn_tui.experiment.course import COURSE, in_order
from rnn_tui.experiment.lessons import LESSONS


def test_every_lesson_has_one_place_and_a_purpose() -> None:
    names = [name for purposes in COURSE.values() for name in purposes]
    assert names == list(LESSONS)
    assert max(len(purpose) for purposes in COURSE.values() for purpose in purposes.values()) <= 37


def test_a_lesson_without_a_place_comes_last() -> None:
    assert in_order(["mine", "remember", "yours", "one-letter"]) == ["one-letter", "remember", "mine", "yours"]
