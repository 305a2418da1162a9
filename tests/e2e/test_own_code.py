"""Code of a person's own in the real engine: whatever it does, the window goes on and says so."""

import sys

import pytest
from msgspec.structs import replace
from pytestqt.qtbot import QtBot

from initstudio import edits
from initstudio.experiment import Choice, Experiment
from initstudio.presets import ARTICLE
from initstudio.trust import trust
from initstudio.ui.session import State
from tests.studio import Studio

HEAD = "def init(module, generator):\n"


def with_code(code: str) -> Experiment:
    return edits.set_tuning(
        replace(ARTICLE, training=replace(ARTICLE.training, epochs=1)),
        1,
        Choice("python", {"code": code}),
    )


def test_code_that_came_with_a_file_does_not_run_until_it_is_trusted(
    own: Studio, qtbot: QtBot
) -> None:
    code = HEAD + "    pass  # from elsewhere\n"
    own.session.load(with_code(code))
    own.session.run()
    own.reaches(State.FAILED, qtbot)
    assert "Kaiming: Its Python code is not trusted yet" in own.text("Message")
    trust(code)
    own.session.recheck()
    own.reaches(State.READY, qtbot)


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
@pytest.mark.parametrize(
    ("code", "said"),
    [
        (
            "import os\nos._exit(3)",
            "The engine ended with exit status 3 while the Python code ran.",
        ),
        ("import ctypes\nctypes.string_at(0)", "while the Python code ran."),
        ("import os\nos.kill(os.getpid(), 9)", "The engine was killed while the Python code ran."),
        ("import os\nwhile True: os.write(2, b'x' * 9999)", "It takes longer than"),
        (HEAD + "    1 / 0", "Kaiming: line 2: ZeroDivisionError: division by zero."),
    ],
)
def test_the_window_outlives_it_and_the_next_run_works(
    own: Studio, qtbot: QtBot, code: str, said: str
) -> None:
    trust(code)
    own.session.load(with_code(code))
    own.session.run()
    own.reaches(State.FAILED, qtbot)
    qtbot.waitUntil(lambda: said in own.text("Message"))
    own.session.load(ARTICLE)
    own.session.run()
    own.reaches(State.FINISHED, qtbot)
