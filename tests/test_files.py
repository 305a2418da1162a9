"""A file is written whole or not at all."""

import errno
import os
import random
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from initstudio.files import atomic_write

needs_posix = pytest.mark.skipif(os.name != "posix", reason="POSIX signals, modes and limits")


def only_file(folder: Path) -> Path:
    (found,) = folder.iterdir()
    return found


def test_a_file_is_made_and_replaced(tmp_path: Path) -> None:
    path = tmp_path / "é 日 🎉 x.json"
    atomic_write(path, b"one")
    assert path.read_bytes() == b"one"
    atomic_write(path, b"")
    assert path.read_bytes() == b""
    assert only_file(tmp_path) == path


@needs_posix
def test_permissions_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    for mode in (0o640, 0o444, 0o777):
        path.chmod(mode)
        atomic_write(path, b"new")
        assert stat.S_IMODE(path.stat().st_mode) == mode


@needs_posix
def test_a_new_file_has_the_usual_permissions(tmp_path: Path) -> None:
    usual = tmp_path / "usual"
    usual.touch()
    atomic_write(tmp_path / "ours", b"")
    assert (tmp_path / "ours").stat().st_mode == usual.stat().st_mode


@needs_posix
def test_a_link_is_followed_and_stays(tmp_path: Path) -> None:
    real, link = tmp_path / "real" / "file", tmp_path / "link"
    real.parent.mkdir()
    real.write_bytes(b"old")
    link.symlink_to(Path("real") / "file")
    atomic_write(link, b"new")
    assert link.is_symlink()
    assert real.read_bytes() == b"new"
    assert only_file(real.parent) == real


@needs_posix
def test_a_link_to_a_file_that_is_not_there_makes_it(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "real")
    atomic_write(link, b"new")
    assert (tmp_path / "real").read_bytes() == b"new"
    assert link.is_symlink()


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        atomic_write(tmp_path / "none" / "file", b"")
    assert not list(tmp_path.iterdir())


def test_a_folder_in_the_files_place_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").mkdir()
    with pytest.raises(OSError):  # noqa: PT011 - which one depends on the system
        atomic_write(tmp_path / "file", b"new")
    assert only_file(tmp_path).is_dir()


# Failures on the way


@pytest.mark.parametrize(
    "call", ["os.fsync", "os.fdopen", "pathlib.Path.replace", "pathlib.Path.chmod"]
)
def test_a_full_disk_leaves_the_old_file(
    call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(call, fail)
        with pytest.raises(OSError, match="No space left"):
            atomic_write(path, b"new")
    assert path.read_bytes() == b"old"
    assert only_file(tmp_path) == path


def test_an_interrupt_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", interrupt)
        with pytest.raises(KeyboardInterrupt):
            atomic_write(path, b"new")
    assert path.read_bytes() == b"old"
    assert only_file(tmp_path) == path


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts descriptors in /proc")
def test_no_descriptor_is_left_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    before = len(list(Path("/proc/self/fd").iterdir()))
    atomic_write(tmp_path / "file", b"new")
    for call in ("os.fsync", "pathlib.Path.chmod", "pathlib.Path.replace"):
        with monkeypatch.context() as patched:
            patched.setattr(call, fail)
            with pytest.raises(OSError, match="No space left"):
                atomic_write(tmp_path / "file", b"new")
    assert len(list(Path("/proc/self/fd").iterdir())) == before


LIMITED = """
import resource, signal, sys
from pathlib import Path
from initstudio.files import atomic_write
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    atomic_write(Path(sys.argv[1]), b"n" * 200_000)
except OSError as error:
    print(error.errno)
"""


@needs_posix
def test_a_write_cut_short_by_the_system_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    command = [sys.executable, "-c", LIMITED, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(errno.EFBIG)]
    assert path.read_bytes() == b"old"
    assert only_file(tmp_path) == path


# Killed while writing

LOOP = """
import sys
from pathlib import Path
from initstudio.files import atomic_write
path, turn = Path(sys.argv[1]), int(sys.argv[2])
while True:
    turn += 1
    atomic_write(path, b"%d\\n" % turn + b"x" * 300_000 + b"\\n%d" % turn)
    print(turn, flush=True)
"""


@needs_posix
def test_kill_at_any_moment_leaves_a_whole_file_and_loses_nothing_acknowledged(
    tmp_path: Path,
) -> None:
    path = tmp_path / "file"
    chance = random.Random(1)
    written = 0
    for _ in range(25):
        command = [sys.executable, "-c", LOOP, str(path), str(written)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout
            for _ in range(chance.randint(1, 4)):
                written = int(child.stdout.readline())
            busy = chance.random() * 2e5
            while busy > 0:  # to land anywhere within a write, not at its end
                busy -= 1
            child.send_signal(signal.SIGKILL)
            acknowledged = [int(line) for line in child.stdout if line.endswith("\n")]
        written = max([written, *acknowledged])
        first, body, last = path.read_bytes().split(b"\n")
        assert first == last
        assert len(body) == 300_000
        assert int(first) in (written, written + 1)
        written = int(first)
