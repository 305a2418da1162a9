"""The client against real processes, with a made-up training in them."""

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from initstudio.engine.client import EngineClient
from initstudio.engine.messages import Ended, Progress, Ready, Report, Resume, Start, Started
from initstudio.experiment import Experiment
from initstudio.presets import ARTICLE
from tests import fake_engine

COMMAND = [sys.executable, str(Path(fake_engine.__file__))]
posix = pytest.mark.skipif(os.name != "posix", reason="signals are POSIX")


@pytest.fixture
def client() -> Iterator[EngineClient]:
    client = EngineClient(COMMAND)
    yield client
    client.close()


def at_rate(rate: float) -> Experiment:
    return replace(ARTICLE, training=replace(ARTICLE.training, learning_rate=rate))


def until_end(client: EngineClient) -> list[Report]:
    """Return all reports up to the end of a run or of the process."""
    reports: list[Report] = []
    while (report := client.read()) is not None:
        reports.append(report)
        if isinstance(report, Ended):
            break
    return reports


def test_a_run_from_start_to_end(client: EngineClient) -> None:
    assert client.read() == Ready("fake", {"cpu": "Made up"})
    assert client.send(Start(1, ARTICLE))
    started, *progress, ended = until_end(client)
    assert isinstance(started, Started)
    assert ended == Ended(1, "finished")
    steps = [
        int(step) for one in progress if isinstance(one, Progress) for step in one.stretch.steps
    ]
    assert steps == list(range(started.header.steps + 1))


def test_what_is_printed_stays_off_the_pipe(client: EngineClient) -> None:
    client.send(Start(1, at_rate(fake_engine.PRINTS)))
    assert until_end(client)[-1] == Ended(1, "finished")
    client.close()
    assert "hello" in client.lines[0]
    assert any("raw hello" in line for line in client.lines)


def test_a_failure_is_told_and_its_traceback_kept(client: EngineClient) -> None:
    client.send(Start(1, at_rate(fake_engine.RAISES)))
    assert until_end(client)[-1] == Ended(1, "failed", "Engine", "RuntimeError: on my head")
    client.close()
    assert any("Traceback" in line for line in client.lines)


def test_an_engine_without_memory_tells_what_it_asked_for_and_ends(client: EngineClient) -> None:
    client.send(Start(1, at_rate(fake_engine.NO_MEMORY)))
    ended = until_end(client)[-1]
    assert isinstance(ended, Ended)
    assert "3 TiB" in ended.why
    assert client.read() is None
    assert "3298534883328 bytes. A new one" in client.how_it_ended()


@posix
def test_a_killed_engine_is_the_end_of_the_reports(client: EngineClient) -> None:
    client.read()
    os.kill(client.pid, signal.SIGKILL)
    assert client.read() is None
    assert "killed" in client.how_it_ended()
    assert not client.send(Resume(1))


@posix
def test_the_engine_ends_with_its_window_even_in_the_middle_of_a_step() -> None:
    client = EngineClient(COMMAND)
    client.send(Start(1, at_rate(fake_engine.HANGS)))
    while not isinstance(client.read(), Progress):
        pass
    began = time.monotonic()
    client._close_stdin()  # all that an engine sees of a window that was killed
    client._process.wait()
    assert time.monotonic() - began < fake_engine.SLEEP / 2
    client.close()


def test_closing_does_not_wait_for_a_step() -> None:
    client = EngineClient(COMMAND)
    client.send(Start(1, at_rate(fake_engine.HANGS)))
    while not isinstance(client.read(), Progress):
        pass
    began = time.monotonic()
    client.close()
    assert time.monotonic() - began < fake_engine.SLEEP / 2
    assert client._process.returncode is not None
    client.close()  # twice does no harm


@posix
def test_an_engine_that_ignores_the_request_to_end_is_killed() -> None:
    code = (
        "import signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "sys.stderr.write('deaf\\n'); sys.stderr.flush(); time.sleep(60)"
    )
    client = EngineClient([sys.executable, "-c", code])
    while not client.lines:
        os.sched_yield()
    client.close()
    assert client._process.returncode == -signal.SIGKILL


def test_a_broken_stream_is_an_error() -> None:
    code = "import sys, time; sys.stdout.write('x' * 999); sys.stdout.flush(); time.sleep(60)"
    client = EngineClient([sys.executable, "-c", code])
    with pytest.raises((ValueError, msgspec.MsgspecError)):
        client.read()
    client.close()


def test_the_engine_finds_its_package_from_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    client = EngineClient(COMMAND)
    assert client.read() == Ready("fake", {"cpu": "Made up"})
    client.close()
