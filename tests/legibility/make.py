"""Is the screen legible? Make twenty pictures and a table of questions with their answers.

    python -m tests.legibility.make FOLDER

Give the pictures alone to people who have not seen the program, with the questions from `questions.md`, and compare
what they say with `answers.md`. PNGs are made as well where Chromium is installed.
"""

import asyncio
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from rnn_tui.view.app.app import RnnApp
from rnn_tui.view.model.launch import LaunchOptions
from rnn_tui.view.model.settings import ViewSettings
from tests.in_process import InProcessEngine, Run, run_with
from tests.legibility.questions import QUESTIONS, Question
from tests.view.helpers import settled

__all__ = ["ask", "tables"]

_WIDEST = 1900  # pixels of a PNG


async def ask(question: Question, run: Run) -> tuple[str, str]:
    """Return the screen as an SVG, and the answer to the question, from its numbers."""
    engine = InProcessEngine(run)
    settings = ViewSettings(theme=question.theme, colors="truecolor")
    app = RnnApp(engine, LaunchOptions(experiment=run.session.experiment, view_settings=settings, paused=True))
    async with app.run_test(size=question.size) as pilot:
        await settled(pilot, app, engine)
        for key in question.keys:
            await pilot.press(key)
            await settled(pilot, app, engine)
        scene = app.main.scene
        assert scene is not None
        return app.export_screenshot(title=f"rnn-tui {question.lesson}"), question.answer(scene)


def tables(answers: list[str]) -> tuple[str, str]:
    """Return the questions and the answers as tables in Markdown."""
    numbered = list(enumerate(zip(QUESTIONS, answers, strict=True), 1))
    rows = [f"| {number:02} | {question.name} | {question.asked} |" for number, (question, _) in numbered]
    found = [f"| {number:02} | {question.name} | {answer} |" for number, (question, answer) in numbered]
    head = "| number | picture | {} |\n| --- | --- | --- |\n"
    return head.format("question") + "\n".join(rows) + "\n", head.format("answer") + "\n".join(found) + "\n"


def _picture(svg: Path, chromium: str) -> None:
    """Make a PNG beside an SVG."""
    text = svg.read_text()
    found = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', text)
    assert found is not None
    width, height = map(float, found.groups())
    scale = min(1.0, _WIDEST / width)
    text = re.sub(r"@font-face \{.*?\}", "", text, flags=re.DOTALL).replace("Fira Code", "DejaVu Sans Mono")
    page = svg.with_suffix(".html")
    page.write_text(f"<body style='margin:0;overflow:hidden'><div style='width:{width * scale}px'>{text}</div>")
    size = f"--window-size={int(width * scale)},{int(height * scale)}"
    options = ["--headless", "--no-sandbox", "--disable-gpu", f"--screenshot={svg.with_suffix('.png')}", size]
    subprocess.run([chromium, *options, str(page.resolve())], check=False, capture_output=True)
    page.unlink()


def main() -> None:
    """Make everything in the folder that is named."""
    if len(sys.argv) != 2:
        sys.exit("usage: python -m tests.legibility.make FOLDER")
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    runs: dict[tuple[Any, ...], Run] = {}
    answers = []
    for number, question in enumerate(QUESTIONS, 1):
        key = (question.lesson, question.ticks, *sorted(question.settings.items()))
        if key not in runs:
            runs[key] = run_with(question.lesson, question.ticks, question.settings)
        picture, answer = asyncio.run(ask(question, runs[key]))
        answers.append(answer)
        path = folder / f"{number:02}-{question.name}.svg"
        path.write_text(picture)
        if chromium:
            _picture(path, chromium)
        print(f"{path.name:24} {question.asked}\n{'':24} {answer}")
    (folder / "questions.md").write_text(tables(answers)[0])
    (folder / "answers.md").write_text(tables(answers)[1])


if __name__ == "__main__":
    main()
