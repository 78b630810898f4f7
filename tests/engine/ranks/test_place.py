"""Where a process stands among others is what torchrun has put into its environment, all of it or nothing."""

import socket
from typing import Any

import pytest
import torch

from rnn_tui.engine.ranks import meeting, start
from rnn_tui.engine.ranks.ranks import Ranks, Reply, agree
from rnn_tui.engine.ranks.start import place_given_by
from rnn_tui.engine.ranks.team import Place, Team
from rnn_tui.engine.session.processes import CannotMeet, RankLost
from rnn_tui.experiment.spec import ExperimentError
from rnn_tui.experiment.validate import from_dict
from tests.engine.ranks.trained import ROWS

PLACED = {"WORLD_SIZE": "4", "RANK": "3", "LOCAL_RANK": "1", "MASTER_ADDR": "localhost", "MASTER_PORT": "1"}


def test_a_process_that_torchrun_has_not_started_has_none() -> None:
    assert place_given_by({"LOCAL_RANK": "1"}) is None


def test_its_rank_here_and_everywhere() -> None:
    assert place_given_by(PLACED) == Place(rank=3, world_size=4, local_rank=1)


@pytest.mark.parametrize(
    ("environment", "complaint"),
    [
        ({"WORLD_SIZE": "2"}, "WORLD_SIZE is set in the environment, and RANK is not"),
        ({**PLACED, "MASTER_ADDR": ""}, "RANK is set in the environment, and MASTER_ADDR is not"),
        ({**PLACED, "RANK": "4"}, "RANK 4 is none of WORLD_SIZE 4"),
        ({**PLACED, "WORLD_SIZE": "a"}, "must be numbers"),
        ({**PLACED, "MASTER_PORT": "a"}, "MASTER_PORT a, in the environment, must be a port"),
        ({**PLACED, "MASTER_PORT": "65536"}, "MASTER_PORT 65536, in the environment, must be a port"),
    ],
)
def test_what_somebody_else_has_set_is_named(environment: dict[str, str], complaint: str) -> None:
    with pytest.raises(CannotMeet, match=complaint):
        place_given_by(environment)


def test_a_process_that_cannot_begin_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "_PROGRAM", "raise SystemExit('no such thing')")
    experiment = from_dict({"run": {"processes": 2}, **ROWS})
    with pytest.raises(RankLost) as found, start.processes_here(experiment):
        raise AssertionError
    assert str(found.value).endswith(" has ended with exit code 1; its last words: no such thing")


class Replies(Team):
    """A team of which every rank has replied already."""

    def __init__(self, *replies: Reply, place: Place | None = None) -> None:
        self._replies = list(replies)
        self.place = place or Place(rank=0, world_size=len(replies) + 1)

    def gather(self, thing: Any) -> list[Any]:
        return [thing, *self._replies]


@pytest.mark.parametrize(
    ("other", "complaint"),
    [
        (Reply(text="ba" * 32), "rank 1 reads other data than rank 0: their SHA-256 are (ba){6}… and (ab){6}…"),
        (Reply(text="ab" * 32, torch="2.0"), "rank 1 runs rnn-tui .* with torch 2.0, and rank 0 rnn-tui"),
        (Reply(problem="text.txt: there is no such file"), "rank 1: text.txt: there is no such file"),
    ],
)
def test_ranks_that_do_not_agree_are_named(other: Reply, complaint: str) -> None:
    own = Reply(text="ab" * 32)
    agree(Replies(own), own)
    with pytest.raises(ExperimentError, match=complaint):
        agree(Replies(other), own)


def test_two_processes_need_two_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    """On one machine: the GPU of a process is that of its number there."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    experiment = from_dict(ROWS | {"run": {"device": "cuda"}})
    first, second = (Ranks(Replies(place=Place(rank=rank, world_size=2, local_rank=rank))) for rank in (0, 1))
    assert first.choose_device(experiment) == torch.device("cuda", 0)
    with pytest.raises(ExperimentError, match="more processes than GPUs on this machine, which has 1: one each"):
        second.choose_device(experiment)


@pytest.mark.parametrize(
    ("said", "rank", "complaint"),
    [
        (
            "The server socket has failed to listen on any local network address",
            0,
            "a:9: another program listens there",
        ),
        ("Timed out after 4 seconds waiting for clients", 0, "not all of 3 processes have come within 3 seconds"),
        ("The client socket has timed out", 2, "rank 0 does not answer at a:9 within 3 seconds (--timeout)"),
        ("Connection reset", 2, "the processes do not come together: Connection reset"),
    ],
)
def test_why_they_do_not_meet(said: str, rank: int, complaint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MASTER_ADDR", "a")
    monkeypatch.setenv("MASTER_PORT", "9")
    monkeypatch.setattr(meeting, "_is_known", lambda host: host == "a")
    assert meeting.meeting_problem(said, rank, 3, 3.0).startswith(complaint)
    monkeypatch.setenv("MASTER_ADDR", "b")
    if "imed out" in said:
        assert meeting.meeting_problem(said, rank, 3, 3.0) == "MASTER_ADDR b: this machine knows no other of that name"


def test_a_network_device_that_is_not_there_is_named() -> None:
    here = socket.if_nameindex()[0][1]
    assert meeting.device_problem({}) == meeting.device_problem({"GLOO_SOCKET_IFNAME": here}) == ""
    problem = meeting.device_problem({"GLOO_SOCKET_IFNAME": f"{here},nosuch\x1b"})
    assert problem.startswith("GLOO_SOCKET_IFNAME=nosuch")
    assert here in problem
    assert "\x1b" not in problem
