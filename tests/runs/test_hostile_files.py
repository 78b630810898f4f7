"""Files that somebody else has made, or altered: each is read, or refused in one line; nothing outside is touched.

RNN_TUI_ROUNDS=full pytest tests/runs/test_hostile_files.py goes through all of them; without it, a few of each kind.
"""

import contextlib
import hashlib
import json
import os
import random
import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save

from rnn_tui.cli.run_listing import listed, object_of, row_of
from rnn_tui.engine.inspect.generate import cannot_generate, generate
from rnn_tui.engine.store.export import export_run
from rnn_tui.engine.store.load_network import load_network
from rnn_tui.engine.store.resume import load_run
from rnn_tui.experiment.lessons import LESSONS
from rnn_tui.experiment.spec import Experiment, ExperimentError, Training
from rnn_tui.experiment.toml_file import read
from rnn_tui.runs import catalog as runs
from rnn_tui.runs.facts import RunFacts, differing
from rnn_tui.runs.read_checkpoint import read_experiment, read_manifest
from tests.engine.kept_runs import advance, begin, changed, go_on
from tests.engine.text_runs import letters, on_text
from tests.time_limit import at_most

pytestmark = pytest.mark.usefixtures("quick_disk")

FULL = os.environ.get("RNN_TUI_ROUNDS") == "full"
MANIFESTS = 3000 if FULL else 120
TENSORS = 1500 if FULL else 80
SECONDS = 5  # that any of them may take


def in_time() -> contextlib.AbstractContextManager[None]:
    return at_most(6 * SECONDS)  # on a machine that others use as well


def refused(use: Callable[[], object]) -> str:
    """The one line in which it is refused; empty: it is not."""
    with in_time():
        try:
            use()
        except ExperimentError as error:
            said = str(error)
            assert said
            assert "\n" not in said
            assert len(said) < 1000
            return said
    return ""


def use_all(folder: Path, out: Path) -> list[str]:
    """Return what each reader of a run prints: the list, sample, export, and resuming it for two ticks."""

    def use_network(*, best: bool) -> None:
        network = load_network(folder, best=best)
        if not cannot_generate(network.experiment):
            generate(network.model(), network.experiment, network.data_card.inputs[0][0], temperature=0, length=3)

    def resume() -> None:
        session, checkpointer = go_on(folder)
        try:
            advance(session, session.trainer.ticks + 2, checkpointer)
            checkpointer.save()
        finally:
            checkpointer.close()

    (entry,) = listed([], [runs.read_entry(folder)])
    assert entry.kept is not None
    assert "\n" not in entry.kept.problem
    settings = differing([entry.facts, RunFacts(name="other", experiment=Experiment(), trainings=(Training(),))])
    assert object_of(entry, settings).count("\n") == "".join(row_of(entry, settings).values()).count("\n") == 0
    said = [refused(lambda best=best: use_network(best=best)) for best in (False, True)]  # type: ignore[misc]
    said += [refused(lambda: export_run(folder, str(out)))]
    shutil.rmtree(out, ignore_errors=True)
    said += [refused(resume)]
    return said


def _experiments(place: Path) -> list[Experiment]:
    text = on_text(place, letters(300), training={"epochs": 0}, stateful=True, holdout=0.2)
    return [
        LESSONS["hihello"],
        changed(LESSONS["ohlol-lstm"], network={"initial_state": "random"}, training={"epochs": 0}),
        text,
    ]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Runs that are sound, each in a folder."""
    place = tmp_path_factory.mktemp("kept")
    found = []
    for number, experiment in enumerate(_experiments(place)):
        session, checkpointer = begin(experiment, place / f"run-{number}")
        advance(session, 20)
        checkpointer.close()
        found.append(place / f"run-{number}")
    return found


def test_what_is_sound_is_refused_by_nobody(kept: list[Path], tmp_path: Path) -> None:
    for folder in kept:
        copy = tmp_path / folder.name
        shutil.copytree(folder, copy)
        assert use_all(copy, tmp_path / "out") == [""] * 4


ODD: list[Any] = [
    *(None, True, False, 0, 1, -1, 2, 7, 21, 1000, 2**31, 2**53, 2**62, 2**63, 2**64 - 1, 2**64, -(2**63), 10**40),
    *(
        0.5,
        -0.0,
        1e-320,
        1e308,
        -1e308,
        "",
        "a",
        "\0",
        "../x",
        "/etc/passwd",
        "\x1b]0;x\x07",
        "\u202e",
        "nan",
        "💣" * 50,
    ),
    *("x" * 10_000, [], {}, [None], [0, 0, 0], [1, 2], {"a": 1}, [[]], ["\x1b"], "losses-99.csv", "checkpoint.json"),
]


def alter(value: Any, chance: random.Random) -> Any:
    """The same with something else in one place of it."""
    if isinstance(value, dict) and value and chance.random() < 0.9:
        key = chance.choice(sorted(value))
        if chance.random() < 0.1:
            return {name: each for name, each in value.items() if name != key}
        if chance.random() < 0.05:
            return value | {"odd": chance.choice(ODD)}
        return value | {key: alter(value[key], chance)}
    if isinstance(value, list) and value and chance.random() < 0.8:
        place = chance.randrange(len(value))
        match chance.randrange(4):
            case 0:
                return value[:place] + value[place + 1 :]
            case 1:
                return value * chance.choice((2, 50))
            case 2:
                return [*value, chance.choice(ODD)]
        return [*value[:place], alter(value[place], chance), *value[place + 1 :]]
    if isinstance(value, int) and not isinstance(value, bool) and chance.random() < 0.4:
        return value + chance.choice((-1, 1, -2, 2, 10, -value, value))
    return chance.choice(ODD)


def test_altered_manifests(kept: list[Path], tmp_path: Path) -> None:
    chance = random.Random(1)
    sound, said = 0, set[str]()
    for number in range(MANIFESTS):
        folder = tmp_path / "run"
        shutil.copytree(chance.choice(kept), folder)
        name = chance.choice(("checkpoint.json", "checkpoint.json", "checkpoint.json", "best.json"))
        values = json.loads((folder / name).read_text())
        for _ in range(chance.choice((1, 1, 1, 2, 3))):
            values = alter(values, chance)
        (folder / name).write_text(json.dumps(values))
        try:
            answers = use_all(folder, tmp_path / "out")
        except BaseException as error:
            error.add_note(f"manifest {number}: {values}"[:5000])
            raise
        sound += not any(answers)
        said.update(answers)
        shutil.rmtree(folder)
    assert sound < MANIFESTS / 2
    print(f"{MANIFESTS} manifests: {sound} harmless, {len(said)} answers")


def alter_tensors(tensors: dict[str, torch.Tensor], chance: random.Random) -> dict[str, torch.Tensor]:
    """The same with one of them missing, more, of another size or kind, or with other numbers."""
    name = chance.choice(sorted(tensors))
    tensor = tensors[name]
    match chance.randrange(12):
        case 0:
            return {each: tensors[each] for each in tensors if each != name}
        case 1:
            return tensors | {chance.choice(("odd", "model.odd", "optimizer.odd.step", "state.h", "state.c")): tensor}
        case 2:
            return tensors | {name: tensor.to(chance.choice((torch.float64, torch.float16, torch.int64, torch.bool)))}
        case 3:
            return tensors | {name: tensor.reshape(-1)}
        case 4:
            return tensors | {name: tensor.reshape(1, *tensor.shape)}
        case 5:
            return tensors | {name: torch.zeros(chance.choice((0, 1, 3, 5056)), dtype=tensor.dtype)}
        case 6:
            return tensors | {name: torch.full_like(tensor, chance.choice((0, 1, 2, 255)))}
        case 7 if tensor.is_floating_point():
            return tensors | {name: torch.full_like(tensor, chance.choice((float("nan"), float("inf"), -1e38, 1e-45)))}
        case 8:
            kind = chance.choice(("model.", "optimizer.", "state.", "random."))
            return {each: tensors[each] for each in tensors if not each.startswith(kind)}
        case 9:
            return tensors | {"random.cpu": torch.zeros(chance.choice((1, 5056)), dtype=torch.uint8)}
        case 10:
            return {each.replace("weight", "wait"): tensors[each] for each in tensors}
    other = chance.choice(sorted(tensors))
    return tensors | {name: tensors[other], other: tensor}


def alter_bytes(data: bytes, chance: random.Random) -> bytes:
    """A file that is not of the format any more, most often in its header."""
    end = 8 + int.from_bytes(data[:8], "little")
    match chance.randrange(6):
        case 0:
            return chance.choice((b"", b"\0" * 7, b"\xff" * 8, b"\xff" * 100, data[: chance.randrange(len(data))]))
        case 1:
            return chance.randrange(2**64).to_bytes(8, "little") + data[8:]
        case 2:
            place = chance.randrange(end)
            return data[:place] + bytes([chance.randrange(256)]) + data[place + 1 :]
        case 3:
            header = json.dumps(alter(json.loads(data[8:end]), chance)).encode()
            return len(header).to_bytes(8, "little") + header + data[end:]
        case 4:
            header = b"[" * 100_000
            return len(header).to_bytes(8, "little") + header
    return data + b"\0" * chance.randrange(1, 100)


def test_altered_tensors_of_the_right_sum(kept: list[Path], tmp_path: Path) -> None:
    chance = random.Random(2)
    sound, said = 0, set[str]()
    for number in range(TENSORS):
        folder = tmp_path / "run"
        shutil.copytree(chance.choice(kept), folder)
        manifest = folder / chance.choice(("checkpoint.json", "checkpoint.json", "best.json"))
        values = json.loads(manifest.read_text())
        file = folder / values["tensors"]
        if chance.random() < 0.7:
            data = save(
                {name: each.clone().contiguous() for name, each in alter_tensors(load_file(file), chance).items()}
            )
        else:
            data = alter_bytes(file.read_bytes(), chance)
        file.write_bytes(data)
        values |= {"tensors_bytes": len(data), "tensors_sha256": hashlib.sha256(data).hexdigest()}
        manifest.write_text(json.dumps(values))
        try:
            answers = use_all(folder, tmp_path / "out")
        except BaseException as error:
            error.add_note(f"tensors {number}")
            raise
        sound += not any(answers)
        said.update(answers)
        shutil.rmtree(folder)
    assert sound < TENSORS / 2
    print(f"{TENSORS} tensors: {sound} harmless, {len(said)} answers")


def hostile_toml() -> list[bytes]:
    """120 files."""
    many = 50_000
    texts = [
        *("a" + ".a" * many + " = 1", "\n".join(f"a{each}.b = 1" for each in range(many))),
        *("\n".join(f"a.b{each} = 1" for each in range(many)), "\n".join(f"[a{each}]" for each in range(many))),
        *("\n".join(f"[a.b{each}]" for each in range(many)), "[[a]]\n" * many, "[" + "a." * many + "a]"),
        *('"a"' + '."a"' * many + " = 1", "a = {" + ", ".join(f"b{each} = 1" for each in range(many)) + "}"),
        *(
            "a = " + "{b = " * many,
            "a = " + "{b = " * 900 + "1" + "}" * 900,
            "a = " + "[" * many,
            "a = " + "[{a=" * many,
        ),
        *("a = " + "[" * 99 + "]" * 99, "a = [" + "1," * 300_000 + "]", "[data]\ninputs = [" + '"a",' * 250_000 + "]"),
        *("[data]\ninputs = [" + '"ab",' * 90_000 + "]", '[data]\ninputs = ["' + "ab" * 400_000 + '"]', "\n" * 2**20),
        *(
            "name = " + "9" * 5000,
            "name = 0x" + "f" * 500_000,
            "name = 0b" + "1" * 900_000,
            "name = 0o" + "7" * 900_000,
        ),
        *(
            "name = 1" + "_0" * 300_000,
            "name = 1" + "0" * 1_000_000 + ".5",
            "name = 1e" + "9" * 900_000,
            "name = 1.5.5",
        ),
        *('name = "' + "x" * 1_000_000 + '"', "name = '" + "x" * 1_000_000, 'name = """' + "x" * 1_000_000),
        *('name = "' + "\\" * 1_000_000, '"""\\' * 200_000, "'''" * 300_001, '"' * 1_000_001, "'" * 1_000_001),
        *(
            'name = "\\u0000"',
            'name = "\\ud800"',
            'name = "\\U00110000"',
            'name = "\0"',
            "\0" * 1000,
            "#" + "x" * 10**6,
        ),
        *(
            "#\0",
            "\ufeff\ufeffname = 1",
            "\ufeff",
            "",
            " ",
            "\r",
            "\r\n",
            "=",
            "==",
            ".",
            "[",
            "]",
            "[]",
            "[[]]",
            "{",
            "}",
        ),
        *("[.]", "a.", ".a = 1", "a = ", "a = =", "a == 1", "a = 1 2", "a = [1,,2]", "a = {,}", "a = {a=1,}", "[a]]"),
        *("name = 1\nname = 2", "[data]\n[data]", "data = 1\n[data]", "[data]\n[[data]]", "data.text = 1\n[data]"),
        *("name = inf", "name = nan", "[training]\nlr = inf", "[training]\nlr = -nan", "[training]\nlr = 1e-400"),
        *("name = 1979-05-27", "name = 0000-00-00", "name = 9999-12-31T23:59:60Z", "[training]\nseed = 07:32:00"),
        *("[training]\nlr = 1979-05-27T07:32:00-99:99", "[run]\nuntil = [1979-05-27]", "[run]\nuntil = [['a']]"),
        *("[training]\nseed = 0x" + "f" * 3000, "[training]\nseed = 0x" + "f" * 20_000, "[training]\nseed = 1_0"),
        *("[training]\nseed = -9223372036854775809", "[data]\nbatch = 18446744073709551616", "[network]\nlayers = 1e9"),
        *(
            "[network]\nhidden_size = 1000000\nlayers = 10000",
            "[data]\nvocabulary = 'aa'",
            "[data]\ntext = '\x1b]0;x\x07'",
        ),
        *("[data]\ninputs = ['\u202eab']", "[data]\ninputs = ['ab', 'abc']", "[data]\ntext = '/dev/zero'"),
        *("[data]\nseries = '/dev/zero'", "[data]\npairs = '/dev/zero'", "data = []", "data = [{}]", "data = [[]]"),
        *("network = 'x'", "run = {}", "[run]\nspeed = 'max'", "[run]\nuntil = ['" + "9" * 5000 + "']"),
    ]
    raw = [b"\xff\xfe" * 1000, b"\xff", b"name = '\xc3'", b"\xef\xbb\xbf\xff", b"\x80" * 10**6, bytes(range(256)) * 100]
    found = [*(text.encode("utf-8", "surrogatepass") for text in texts), *raw]
    chance = random.Random(3)
    base = b'name = "x"\n[data]\ninputs = ["hihello"]\n[network]\nlayers = 1\n[training]\nlr = 0.1\n'
    while len(found) < 120:
        place = chance.randrange(len(base))
        odd = bytes(chance.choices(b"[]{}\"'=.,\n#\\0", k=chance.randrange(1, 30)))
        found.append(base[:place] + odd + base[place:])
    return found


def test_hostile_toml(tmp_path: Path) -> None:
    files = hostile_toml()
    assert len(files) >= 120
    for number, data in enumerate(files):
        file = tmp_path / "x.toml"
        file.write_bytes(data)
        try:
            said = refused(lambda: read(tmp_path / "x.toml"))
        except BaseException as error:
            error.add_note(f"TOML {number}: {data[:80]!r}")
            raise
        assert not said or said.startswith(str(file))


def _socket_at(path: Path) -> None:
    where = os.getcwd()
    os.chdir(path.parent)
    try:
        socket.socket(socket.AF_UNIX).bind(path.name)
    finally:
        os.chdir(where)


def _bait(path: Path) -> Path:
    return path.parent.parent / "bait"


SPECIAL: dict[str, Callable[[Path], object]] = {
    "pipe": os.mkfifo,
    "socket": _socket_at,
    "link to zeros": lambda path: path.symlink_to("/dev/zero"),
    "link to a terminal": lambda path: path.symlink_to("/dev/tty"),
    "link outside": lambda path: path.symlink_to(_bait(path) / path.name.removesuffix(".part")),
    "dangling link": lambda path: path.symlink_to(_bait(path) / "new"),
    "folder": lambda path: path.mkdir(),
    "link to a folder": lambda path: path.symlink_to(_bait(path)),
    "link loop": lambda path: path.symlink_to(path.name),
    "hard link": lambda path: os.link(_bait(path) / path.name.removesuffix(".part"), path),
}


def sums(folder: Path) -> dict[str, str]:
    return {each.name: hashlib.sha256(each.read_bytes()).hexdigest() for each in sorted(folder.iterdir())}


@pytest.mark.parametrize("kind", SPECIAL)
@pytest.mark.sampled(4)
def test_every_special_file_at_every_name(kind: str, kept: list[Path], tmp_path: Path) -> None:
    """The bait beside the run is what the file was, so that a hard link and a link lead to what seems right."""
    for source in kept if FULL else kept[:1]:
        names = [each.name for each in source.iterdir()]
        names += [f"{name}.part" for name in names] + ["losses-2.csv", "held-out.csv", "characters.csv"]
        for name in dict.fromkeys(names):
            place = tmp_path / "place"
            shutil.copytree(source, place / "run")
            shutil.copytree(source, place / "bait")
            for missing in ("losses-2.csv", "held-out.csv", "characters.csv"):
                (place / "bait" / missing).touch()
            before = sums(place / "bait")
            path = place / "run" / name
            path.unlink(missing_ok=True)
            SPECIAL[kind](path)
            try:
                answers = use_all(place / "run", place / "out")
            except BaseException as error:
                error.add_note(f"{kind} as {name}")
                raise
            assert sums(place / "bait") == before, name
            if kind not in ("hard link",) and name in ("checkpoint.json", "experiment.toml"):
                assert all(answers[:1]), (name, answers)
            shutil.rmtree(place)


def test_a_text_that_is_no_file_is_not_waited_for(kept: list[Path], tmp_path: Path) -> None:
    folder = tmp_path / "run"
    shutil.copytree(kept[2], folder)
    manifest = json.loads((folder / "checkpoint.json").read_text())
    (folder / "checkpoint.json").write_text(json.dumps(manifest | {"essence": None}))
    os.mkfifo(tmp_path / "pipe")
    text = (folder / "experiment.toml").read_text()
    pipe = f"text = {json.dumps(str(tmp_path / 'pipe'))}"
    lines = [pipe if each.startswith("text =") else each for each in text.split("\n")]
    (folder / "experiment.toml").write_text("\n".join(lines))
    assert "it is a pipe, not a regular file" in refused(lambda: load_network(folder))
    assert "it is a pipe, not a regular file" in refused(lambda: load_run(folder, read_experiment(folder)))
    assert read_manifest(folder).tick == 20
