"""The command line, as a person or a script uses it."""

import contextlib
import csv
import io
import json
import os
import signal
import subprocess
import sys
import types
from pathlib import Path

import msgspec
import numpy as np
import pytest
from safetensors.numpy import save_file

from initstudio import __version__, commands, headless
from initstudio.__main__ import main
from initstudio.engine.device import devices_here
from initstudio.engine.schema import file_schema
from initstudio.errors import ExperimentError
from initstudio.experiment import DEVICES, Experiment, Recording, Seeds, Training, encode
from initstudio.presets import ARTICLE, DIGITS, EXPERIMENTS, contender
from initstudio.weights import Weights, read_weights

ROOT = Path(__file__).parents[1]
SHORT = msgspec.structs.replace(
    ARTICLE, training=Training(epochs=2, batch_size=100), seeds=Seeds(count=2)
)


@pytest.fixture
def short(tmp_path: Path) -> str:
    path = tmp_path / "short.json"
    path.write_bytes(encode(SHORT))
    return str(path)


def fails(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """Run a command that must end with 2 and one line, and return the line without `error: `."""
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert err.endswith("\n")
    return err.removeprefix("error: ").rstrip("\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run"], "arguments are required: FILE, --out"),
        (["run", "Article"], "arguments are required: --out"),
        (["run", "Article", "--out", "x", "--device", "tpu"], "invalid choice: 'tpu'"),
        (["--bogus"], "unrecognized arguments: --bogus"),
        (["Article", "Digits"], "unrecognized arguments: Digits"),
        (["schemes", "--yaml"], "unrecognized arguments: --yaml"),
        (["shot", "Article", "x.png", "--size", "big"], "'big' is not a size such as 1600x900"),
        (["shot", "Article", "x.png", "--size", "10x900"], "each side from 200 to 10000"),
        (["shot", "Article", "x.png", "--size", "\u0663\u0660\u0660x900"], "is not a size"),
        (["shot", "Article", "x.png", "--after", "nan"], "'nan' is not a time from 0 to 3600"),
        (["shot", "Article", "x.png", "--after", "soon"], "'soon'"),
        (["shot", "Article", "x.png", "--theme", "pink"], "invalid choice: 'pink'"),
    ],
)
def test_a_mistake_on_the_command_line_is_one_line(
    capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    line = fails(capsys, *words)
    assert line.startswith("command line: ")
    assert said in line


@pytest.mark.parametrize(
    "words",
    [["run", "missing.json", "--out", "out"], ["shot", "missing.json", "x.png"], ["missing.json"]],
)
def test_a_file_that_is_not_there_is_named(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    words: list[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert fails(capsys, *words).startswith("missing.json: there is no such file")
    assert list(tmp_path.iterdir()) == []


BAD: dict[str, tuple[Experiment | bytes, str, str]] = {
    "no JSON": (b"{", "$", "truncated"),
    "no experiment": (b'{"format": "x"}', "$.format", "not an InitStudio file"),
    "a newer version": (
        encode(ARTICLE).replace(b'"version": 1', b'"version": 7'),
        "$.version",
        "version 7",
    ),
    "no epochs": (
        encode(ARTICLE).replace(b'"epochs": 20', b'"epochs": 0'),
        "$.experiment.training.epochs",
        ">= 1",
    ),
    "a learning rate of nan": (
        encode(ARTICLE).replace(b'"learning_rate": 0.001', b'"learning_rate": NaN'),
        "$",
        "invalid character",
    ),
    "no layers": (
        msgspec.structs.replace(ARTICLE, network=()),
        "$.experiment.network",
        "has no layers",
    ),
    "a batch larger than the data": (
        msgspec.structs.replace(ARTICLE, training=Training(batch_size=801)),
        "$.experiment.training.batch_size",
        "larger than the training part of 800",
    ),
    "a million units": (
        encode(ARTICLE).replace(b'"units": 64', b'"units": 1000000', 1),
        "$.experiment.network[0].params.units",
        "65536",
    ),
    "a scheme that refuses": (
        msgspec.structs.replace(
            ARTICLE, contenders=(contender("X", 0, "zeros", bias="xavier_uniform"),)
        ),
        "$.experiment.contenders[0].rules[1].scheme",
        "Xavier needs fan-in and fan-out",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_line_with_file_and_place(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, name: str
) -> None:
    wrong, where, why = BAD[name]
    path = tmp_path / "a file with spaces.json"
    path.write_bytes(wrong if isinstance(wrong, bytes) else encode(wrong))
    line = fails(capsys, "run", str(path), "--out", str(tmp_path / "out"))
    assert line.startswith(f"{path} {where}: ")
    assert why in line
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["schemes", "tunings", "layers", "datasets", "probes"])
def test_listings_are_text_or_json(capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert main([name]) == 0
    text = capsys.readouterr().out
    assert main([name, "--json"]) == 0
    entries = json.loads(capsys.readouterr().out)
    assert entries
    assert all(f"{entry['key']}  ({entry['label']})" in text for entry in entries)


def test_the_schema_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads(json.dumps(file_schema()))


def test_version_and_help_are_no_mistakes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"initstudio {__version__}\n"
    for words in (["--help"], ["run", "--help"], ["shot", "-h"], ["schemes", "--help"]):
        assert main(words) == 0
        assert "usage: initstudio" in capsys.readouterr().out


def test_help_names_every_experiment_that_is_shipped() -> None:
    assert commands.FILE_HELP.endswith(", ".join(EXPERIMENTS))


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Path | None]:
    """What the window was opened with, in place of the window; its exit status is 7."""
    seen: list[Path | None] = []

    def open_window(path: Path | None) -> int:
        seen.append(path)
        return 7

    app = types.ModuleType("initstudio.ui.app")
    app.open_window = open_window  # type: ignore[attr-defined] # a module of our own making
    monkeypatch.setitem(sys.modules, "initstudio.ui.app", app)
    monkeypatch.setattr("initstudio.ui.app", app, raising=False)
    return seen


@pytest.mark.parametrize(
    ("words", "path"),
    [
        ([], None),
        (["open"], None),
        (["digits"], Path("Digits")),
        (["open", "Deep digits"], Path("Deep digits")),
    ],
)
def test_the_window_is_opened_with_what_was_named(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    opened: list[Path | None],
    words: list[str],
    path: Path | None,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(words) == 7
    assert opened == [path]


def test_the_window_is_opened_with_a_file_even_one_with_mistakes(
    tmp_path: Path, opened: list[Path | None]
) -> None:
    """The window says what is wrong with it, and keeps what it shows."""
    path = tmp_path / "run"
    path.write_bytes(b"{")
    assert main([str(path)]) == 7
    assert opened == [path]


def test_a_shot_is_asked_for_with_all_its_wishes(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def shot(experiment: Experiment, picture: Path, **wishes: object) -> int:
        seen.append((experiment, picture, wishes, os.environ.get("QT_QPA_PLATFORM")))
        return 0

    module = types.ModuleType("initstudio.ui.shot")
    module.shot = shot  # type: ignore[attr-defined] # a stand-in for the real one
    monkeypatch.setitem(sys.modules, "initstudio.ui.shot", module)
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("QT_QPA_PLATFORM", "minimal")
    words = ["shot", "Digits", "x.png", "--after", "0.5", "--size", "800X600", "--theme", "dark"]
    assert main(words) == 0
    wishes = {"after": 0.5, "size": (800, 600), "theme": "dark"}
    assert seen == [(DIGITS, Path("x.png"), wishes, "minimal")]


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (OSError(28, "No space left on device"), 1, "out: No space left on device\n"),
        (ExperimentError("$.experiment", "two\nlines\tand  spaces"), 2, "two lines and spaces"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_a_run_that_fails_is_one_line_too(  # noqa: PLR0917 - a table's columns and fixtures
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    error: BaseException,
    status: int,
    line: str,
) -> None:
    def run(*_arguments: object, **_options: object) -> bool:
        raise error

    monkeypatch.setattr(headless, "run", run)
    assert main(["run", "Article", "--out", str(tmp_path / "out")]) == status
    err = capsys.readouterr().err
    assert line in err
    assert err.count("\n") == (1 if line else 0)


def test_the_engine_is_decided_on_before_anything_is_loaded() -> None:
    """A frozen app starts itself with --engine; that process must not touch Qt or argparse."""
    script = """
import sys, types
engine = types.ModuleType("initstudio.engine.host")
engine.main = lambda: 5
import initstudio.engine
sys.modules["initstudio.engine.host"] = initstudio.engine.host = engine
from initstudio.__main__ import main
status = main(["--engine"])
loaded = {"argparse", "PySide6", "initstudio.commands", "initstudio.ui"} & sys.modules.keys()
print(status, sorted(loaded))
"""
    assert python("-c", script).stdout == "5 []\n"


def test_listings_load_neither_torch_nor_qt() -> None:
    script = """
import sys
from initstudio.__main__ import main
status = main(["schemes", "--json"]) + main(["schema"])
loaded = {"torch._C", "PySide6", "scipy", "sklearn"} & sys.modules.keys()
print(status, sorted(loaded), file=sys.stderr)
"""
    assert python("-c", script).stderr == "0 []\n"


@pytest.mark.parametrize("words", [["schemes", "--json"], ["probes"]])
def test_output_into_a_closed_pipe_is_no_traceback(words: list[str]) -> None:
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "initstudio", *words]
    with contextlib.closing(os.fdopen(write, "wb")) as closed:
        done = subprocess.run(command, cwd=ROOT, stdout=closed, stderr=subprocess.PIPE, check=False)
    assert done.stderr == b""


def test_a_real_run_writes_what_it_read(short: str, tmp_path: Path) -> None:
    done = python("-m", "initstudio", "run", short, "--out", str(tmp_path / "out"), "--weights")
    assert done.returncode == 0
    assert done.stdout == ""
    assert "finished after 16 of 16 steps" in done.stderr.splitlines()[-1]
    summary = json.loads((tmp_path / "out" / "summary.json").read_bytes())
    assert (summary["state"], summary["steps"]) == ("finished", 16)
    assert len(summary["networks"]) == 6
    assert summary["device"]["kind"] == "cpu"
    assert summary["device"]["name"]
    assert len(list((tmp_path / "out" / "weights").iterdir())) == 12
    with (tmp_path / "out" / "readings.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    losses: dict[tuple[str, str], list[float]] = {}
    for row in rows:
        if row["probe"] == "loss":
            losses.setdefault((row["slot"], row["seed"]), []).append(float(row["value"]))
    for one in summary["networks"]:
        found = losses[str(one["slot"]), str(one["seed"])]
        assert len(found) == 16
        assert one["train_loss"]["final"] == pytest.approx(np.mean(found[8:]), rel=1e-6)
    counted: dict[tuple[str, str, str, str], int] = {}
    for row in rows:
        if row["probe"] == "weights":
            place = (row["step"], row["slot"], row["seed"], row["layer"])
            counted[place] = counted.get(place, 0) + int(row["value"])
    sizes = {"1 Linear": 20 * 64, "3 Linear": 64 * 64, "5 Output": 64 * 2}
    assert counted
    assert all(count == sizes[layer] for (_, _, _, layer), count in counted.items())


def test_a_run_on_a_device_that_is_not_here_is_refused_before_anything_is_made(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    absent = [key for key in DEVICES if key not in devices_here()]
    if not absent:
        pytest.skip("this machine has all devices")
    out = tmp_path / "out"
    line = fails(capsys, "run", "Article", "--out", str(out), "--device", absent[0])
    assert line.startswith("$.experiment.training.device: PyTorch sees no ")
    assert not out.exists()
    asked: list[Experiment] = []
    monkeypatch.setattr(headless, "run", lambda one, *_rest, **_options: asked.append(one))
    main(["run", "Article", "--out", str(out), "--device", "cpu"])
    assert asked == [ARTICLE]


def test_a_real_run_is_the_same_twice(short: str, tmp_path: Path) -> None:
    for name in ("a", "b"):
        assert (
            python("-m", "initstudio", "run", short, "--out", str(tmp_path / name)).returncode == 0
        )
    first, second = ((tmp_path / name / "readings.csv").read_bytes() for name in ("a", "b"))
    assert first == second


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process alone")
def test_ctrl_c_in_a_real_run_ends_with_130_and_keeps_the_readings(tmp_path: Path) -> None:
    long = msgspec.structs.replace(
        SHORT, training=Training(epochs=100_000, batch_size=100), recording=Recording(every=1000)
    )
    path, out = tmp_path / "long.json", tmp_path / "out"
    path.write_bytes(encode(long))
    command = [sys.executable, "-m", "initstudio", "run", str(path), "--out", str(out)]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        wait_for_readings(out / "readings.csv", process)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in err
    summary = json.loads((out / "summary.json").read_bytes())
    assert summary["state"] == f"stopped at step {summary['steps']}"
    assert summary["steps"] > 0
    last = (out / "readings.csv").read_text(encoding="utf-8").splitlines()[-1]
    assert next(csv.reader(io.StringIO(last)))[1] == str(summary["steps"])


def wait_for_readings(path: Path, process: "subprocess.Popen[str]") -> None:
    """Return once the run has written readings; it flushes them each second."""
    while not path.exists() or path.stat().st_size < 1000:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.05)
            pytest.fail("the run ended by itself")


def python(*words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, *words], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_a_file_of_weights_is_told_of_as_a_table_and_as_json(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "some.safetensors"
    save_file({"0.weight": np.full((2, 3), 0.5, np.float32)}, path, {"seed": "3"})
    assert main(["tensors", str(path)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "seed: 3",
        "tensor    type  shape  mean  std  least  greatest  not finite",
        "0.weight  F32   2 x 3   0.5    0    0.5       0.5",
    ]
    assert main(["tensors", str(path), "--json"]) == 0
    found = msgspec.json.decode(capsys.readouterr().out, type=Weights)
    assert found == read_weights(path)
    assert fails(capsys, "tensors", str(tmp_path)) == f"{tmp_path}: Is a directory"
