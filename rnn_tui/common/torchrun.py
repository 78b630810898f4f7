"""What `torchrun` has put into the environment of a process that it has started."""

import os
import socket
from collections.abc import Mapping
from pathlib import Path

__all__ = [
    "follows",
    "is_of_torchrun",
    "is_started_by_torchrun",
    "is_told_by_another",
    "launch_of",
    "meeting_of",
    "ranks_of",
    "restarts_of",
]

_UNNAMED = ("", "none")  # what a launch is called that was given no --rdzv-id


def is_started_by_torchrun(environment: Mapping[str, str]) -> bool:
    """Tell whether this process is one of several; what is missing or wrong is found where they come together."""
    return bool({"RANK", "WORLD_SIZE"} & environment.keys())


def is_of_torchrun(environment: Mapping[str, str]) -> bool:
    """Tell whether it is torchrun itself that has started this process, and not another launcher."""
    return "TORCHELASTIC_RUN_ID" in environment and is_started_by_torchrun(environment)


def is_told_by_another(environment: Mapping[str, str]) -> bool:
    """Tell whether another process on this machine finds the same problem, and reports it."""
    return is_started_by_torchrun(environment) and environment.get("LOCAL_RANK", "0") != "0"


def follows(environment: Mapping[str, str]) -> bool:
    """Tell whether another process leads: this one is not rank 0."""
    return environment.get("RANK", "0") != "0"


def restarts_of(environment: Mapping[str, str]) -> int:
    """Return how often torchrun has begun again after a process was lost; 0 also where it does not say."""
    count = environment.get("TORCHELASTIC_RESTART_COUNT", "0")
    return int(count) if count.isdecimal() else 0


def launch_of(environment: Mapping[str, str]) -> str:
    """Return what stays the same for one launch of torchrun, however often it begins again; empty: it has not begun us.

    That is the --rdzv-id of the launch. One without it is known by the torchrun that has started us on this machine.
    """
    name = environment.get("TORCHELASTIC_RUN_ID")
    if name is None or not is_started_by_torchrun(environment):
        return ""
    if name not in _UNNAMED:
        return name
    agent = os.getppid()
    return f"{socket.gethostname()}/{agent}/{_begun(agent)}"


def meeting_of(environment: Mapping[str, str]) -> str:
    """Return what all processes of a launch know alike, on all machines; empty: this is not one of several.

    Other launchers set no --rdzv-id; where rank 0 listens is then known by all.
    """
    if ranks_of(environment) is None:
        return ""
    name = environment.get("TORCHELASTIC_RUN_ID", "")
    if name not in _UNNAMED:
        return name
    return f"{environment.get('MASTER_ADDR', '')}:{environment.get('MASTER_PORT', '')}"


def ranks_of(environment: Mapping[str, str]) -> tuple[int, int] | None:
    """Return the number of this process and how many there are; None: it is alone, or they are no numbers."""
    try:
        rank, count = int(environment["RANK"]), int(environment["WORLD_SIZE"])
    except (KeyError, ValueError):
        return None
    return (rank, count) if 0 <= rank < count and count > 1 else None


def _begun(process: int) -> str:
    """Return when a process began, in the clock ticks of Linux; empty on other systems."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""
