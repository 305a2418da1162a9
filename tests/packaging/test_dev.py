"""dev.py decides rightly before it touches anything."""

import subprocess
import sys
from pathlib import Path

import dev
import pytest

ROOT = Path(__file__).resolve().parents[2]


def test_pins_reads_versions_past_comments_and_markers() -> None:
    lock = "# head\n\nTorch==2.13.0\ncolorama==0.4.6 ; sys_platform == 'win32'  # why\n"
    assert dev.pins(lock) == {"torch": "2.13.0", "colorama": "0.4.6"}


def test_every_line_of_the_lock_is_an_exact_pin() -> None:
    for name, version in dev.pins(dev.LOCK.read_text(encoding="utf-8")).items():
        assert name
        assert version
        assert not set(version) & set("<>=*~!, "), f"{name} {version}"


def test_the_lock_holds_torch_without_a_build_tag() -> None:
    assert dev.pins(dev.LOCK.read_text(encoding="utf-8"))["torch"] == "2.13.0"


def test_stamp_changes_with_lock_interpreter_and_place() -> None:
    first = dev.stamp("a==1", "version = 3.11.7", Path("here"))
    assert first == dev.stamp("a==1", "version = 3.11.7", Path("here"))
    others = {
        dev.stamp("a==2", "version = 3.11.7", Path("here")),
        dev.stamp("a==1", "version = 3.12.1", Path("here")),
        dev.stamp("a==1", "version = 3.11.7", Path("there")),
    }
    assert len(others | {first}) == 4


@pytest.mark.parametrize(
    ("platform", "answers", "index"),
    [
        ("linux", True, dev.TORCH_INDEX),
        ("linux", False, None),
        ("darwin", True, None),
        ("win32", True, None),
    ],
)
def test_torch_comes_from_the_cpu_index_only_on_linux_and_only_if_it_answers(
    platform: str, answers: bool, index: str | None
) -> None:
    asked: list[str] = []

    def opener(url: str) -> bool:
        asked.append(url)
        return answers

    assert dev.torch_index(platform, opener) == index
    assert asked == ([f"{dev.TORCH_INDEX}/torch/"] if platform == "linux" else [])


def test_main_tests_leave_the_desktop_out_and_later_arguments_win() -> None:
    command = dev.pytest_command(["-n0", "tests/packaging"])
    assert command[1:3] == ["-m", "pytest"]
    assert command[command.index("-m", 3) + 1] == "not desktop"
    assert command[-2:] == ["-n0", "tests/packaging"]


def test_summary_fails_when_one_step_failed(capsys: pytest.CaptureFixture[str]) -> None:
    assert dev.summary({"ruff": 0, "tests": 2}) == 1
    assert capsys.readouterr().out == "ruff: ok\ntests: FAILED (exit 2)\n"
    assert dev.summary({"ruff": 0}) == 0


def test_an_old_python_gets_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(dev, "OLDEST", (99, 0))
    assert dev.main(["lint"]) == 2
    assert capsys.readouterr().err.startswith("This needs Python 99.0 or later")


def test_a_step_that_failed_is_one_sentence_and_a_status(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failing = [sys.executable, "-c", "raise SystemExit(3)"]
    monkeypatch.setattr(dev, "set_up", lambda: dev.demand(failing))
    assert dev.main(["lint"]) == 1
    assert capsys.readouterr().err.splitlines()[-1].endswith("ended with exit status 3.")


def test_help_names_every_verb() -> None:
    command = [sys.executable, str(ROOT / "packaging" / "dev.py"), "--help"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert all(f"\n  {verb} " in text for verb in dev.VERBS)
