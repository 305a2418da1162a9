"""The process that reads a person's own network: `initstudio describe`, and what it keeps off."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from initstudio.described import MOST_CODE, decoded, from_text
from initstudio.errors import ExperimentError
from initstudio.trust import is_trusted, trust
from tests.own_networks import HEAD, MLP, read

ROOT = Path(__file__).parents[1]


def describe(*words: str, text: str = "") -> tuple[int, Any, str]:
    """Return exit status, the JSON object on stdout, and stderr."""
    done = subprocess.run(
        [sys.executable, "-m", "initstudio", "describe", *words],
        cwd=ROOT,
        input=text,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    return done.returncode, json.loads(done.stdout) if done.stdout else None, done.stderr


def test_a_trusted_file_is_described(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text(MLP, encoding="utf-8")
    status, found, err = describe(str(path), "--shape", "6")
    assert (status, err) == (
        2,
        f"error: {path}: its code is not trusted; read it, and say --trust if it may run\n",
    )
    assert not is_trusted(MLP)
    status, found, err = describe(str(path), "--shape", "6", "--trust")
    assert (status, err) == (0, "")
    assert is_trusted(MLP)
    assert found["candidates"] == [
        {"name": "Net", "kind": "class", "summary": "Two hidden layers."}
    ]
    assert found["factory"] == "Net"
    assert from_text(json.dumps(found["described"])) == read(MLP)


def test_tokens_and_stdin(tmp_path: Path) -> None:
    code = f"""{HEAD}class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(9, 4)

    def forward(self, x):
        return self.table(x).mean(1)


def other():
    return Net()
"""
    words = ("-", "--shape", "5", "--tokens", "9", "--trust")
    status, found, _ = describe(*words, text=code)
    assert (status, found["described"]) == (0, None)
    assert [one["name"] for one in found["candidates"]] == ["Net", "other"]
    status, found, _ = describe(*words, "--factory", "other", text=code)
    assert (found["described"]["tokens"], found["described"]["shape_out"]) == (9, [4])


HOSTILE = [
    ("print('x' * 100)\nraise ValueError('no')", "ValueError: no (line 2)."),
    ("import sys\nsys.stdout.write('{}')\nx = 1", "There is no network in it"),
    ("import torch\ntorch.empty(100 * 2**30, dtype=torch.uint8)", "more memory than there is"),
    ("x = bytearray(100 * 2**30)", "more memory than there is"),
    ("def f():\n    f()\nf()", "RecursionError"),
]


@pytest.mark.parametrize(("code", "why"), HOSTILE)
def test_what_the_code_prints_and_asks_for_does_no_harm(code: str, why: str) -> None:
    if "2**30" in code and sys.platform != "linux":
        pytest.skip("only Linux says how much memory a process has")
    status, found, err = describe("-", "--shape", "6", "--trust", text=code)
    assert status == 2
    assert why in found["why"]
    assert err.endswith(f"error: {found['where']}: {found['why']}\n")


def test_code_that_does_not_end_is_stopped(tmp_path: Path) -> None:
    path = tmp_path / "loop.py"
    path.write_text("while True:\n    pass\n", encoding="utf-8")
    trust(path.read_text(encoding="utf-8"))
    script = f"""
from initstudio import describing
describing.speak_alone(
    lambda: describing.describe({str(path)!r}, "", (6,), 0, trusted=False), seconds=0.5
)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert json.loads(done.stdout)["why"] == (
        "Its code does not end: it was stopped after 0.5 seconds."
    )


def test_threads_and_exit_handlers_that_are_left_are_not_waited_for() -> None:
    code = f"""{MLP}
import atexit
import threading

atexit.register(threading.Event().wait)
threading.Thread(target=threading.Event().wait).start()
"""
    status, found, _ = describe("-", "--shape", "6", "--trust", text=code)
    assert (status, found["factory"]) == (0, "Net")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"x" * (MOST_CODE + 1), "It is too large: a network's file has at most 256 KiB."),
        (b"x = 1\ny = '\xff'", "It is no UTF-8 text: see line 2."),
    ],
)
def test_what_is_no_text_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(ExperimentError) as caught:
        decoded(data, "net.py")
    assert (caught.value.where, caught.value.why) == ("net.py", why)


def test_marks_and_line_ends_of_windows_are_no_part_of_the_text() -> None:
    assert decoded(b"\xef\xbb\xbfx = 1\r\ny = 2\r\n", "net.py") == "x = 1\ny = 2\n"


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("net.py",), "--shape"),
        (("net.py", "--shape", "6,0"), "'6,0' is not a shape such as 1,8,8"),
        (("net.py", "--shape", "6", "--tokens", "-1"), "'-1' is not a number of tokens"),
        (("no such.py", "--shape", "6"), "It could not be opened: No such file or directory."),
    ],
)
def test_wrong_words_are_told_of(words: tuple[str, ...], why: str) -> None:
    status, _, err = describe(*words)
    assert status == 2
    assert why in err
    assert err.count("\n") == 1
