"""The benchmark runner judges figures and says what it could not run."""

import json
import subprocess
import sys
from pathlib import Path

RUNNER = Path(__file__).parent


def one(tmp_path: Path, figure: str) -> subprocess.CompletedProcess[str]:
    file = tmp_path / "bench_it.py"
    file.write_text(f"def figures():\n    print('noise')\n    yield {figure}\n", encoding="utf-8")
    command = [sys.executable, str(RUNNER), "--one", str(file)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_figure_within_its_bound_is_one_line_with_ok(tmp_path: Path) -> None:
    figure = {"figure": "speed", "value": 3.5, "unit": "steps/s", "aim": 4, "at_least": 3}
    done = one(tmp_path, str(figure))
    assert json.loads(done.stdout) == {**figure, "ok": True}
    assert done.returncode == 0


def test_a_figure_past_its_upper_bound_fails(tmp_path: Path) -> None:
    figure = {"figure": "delay", "value": 60, "unit": "ms", "aim": 20, "at_most": 50}
    done = one(tmp_path, str(figure))
    assert json.loads(done.stdout)["ok"] is False
    assert done.returncode == 1


def test_a_figure_that_is_not_a_number_fails(tmp_path: Path) -> None:
    figure = "{'figure': 'f', 'value': float('nan'), 'unit': '', 'aim': 1, 'at_least': 0}"
    assert one(tmp_path, figure).returncode == 1


def test_a_figure_without_a_bound_is_refused(tmp_path: Path) -> None:
    done = one(tmp_path, "{'figure': 'f', 'value': 1, 'unit': '', 'aim': 1}")
    assert "a figure has" in done.stderr
    assert done.returncode == 1


def test_an_unknown_filter_is_said() -> None:
    command = [sys.executable, str(RUNNER), "no-such-benchmark"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "no-such-benchmark" in done.stderr
    assert done.returncode == 2
