"""Draw the map of the rooms from the imports: `python -m tests.house.rooms` writes it into `rnn_tui/__init__.py`."""

import tomllib
from pathlib import Path

import grimp

__all__ = ["MODULE", "draw_map"]

ROOT = Path(__file__).parents[2]
MODULE = ROOT / "rnn_tui" / "__init__.py"
_FIRST, _LAST = "    rnn_tui/\n", "\n\nThe view and the engine"


def draw_map() -> str:
    """Return the rooms of the program, the engine and the view, each with those that it imports, as indented lines."""
    graph = grimp.build_graph("rnn_tui")
    parts = []
    for container in ("rnn_tui", "rnn_tui.engine", "rnn_tui.view"):
        rooms = [each for each in _order(container) if each != "__main__"]
        lines = [f"    {container.replace('.', '/')}/"]
        for room in rooms:
            here = f"{container}.{room}"
            others = [each for each in rooms if each != room and _imports(graph, here, f"{container}.{each}")]
            lines.append(f"      {room:<13}" + ("-> " + ", ".join(others) if others else "imports none of them"))
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _imports(graph: grimp.ImportGraph, room: str, other: str) -> bool:
    return bool(graph.find_matching_direct_imports(import_expression=f"{room}.** -> {other}.**"))


def _order(container: str) -> list[str]:
    """Return the rooms from the top down, as the contracts in `pyproject.toml` have them."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    layers = next(each["layers"] for each in contracts if each.get("containers") == [container])
    return [room.strip() for layer in layers for room in layer.split("|")]


def main() -> None:
    """Write the map into the docstring of the package."""
    text = MODULE.read_text("utf-8")
    start, end = text.index(_FIRST), text.index(_LAST)
    MODULE.write_text(text[:start] + draw_map() + text[end:], "utf-8")


if __name__ == "__main__":
    main()
