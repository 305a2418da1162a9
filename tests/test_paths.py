"""Where things lie, on each system and from each kind of installation."""

import sys
from pathlib import Path

import pytest

from initstudio import paths


def test_shipped_files_are_found() -> None:
    assert paths.resource("digits.npz").is_file()


def test_a_missing_resource_is_named() -> None:
    with pytest.raises(FileNotFoundError, match="'none such' is missing"):
        paths.resource("none such")


def test_a_frozen_app_finds_its_own_resources_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "resources").mkdir()
    (tmp_path / "resources" / "digits.npz").touch()
    monkeypatch.setattr(sys, "_MEIPASS", str(tmp_path), raising=False)
    assert paths.resource("digits.npz") == tmp_path / "resources" / "digits.npz"


@pytest.mark.parametrize(
    ("platform", "variables", "expected"),
    [
        ("linux", {}, "home/.local/share/InitStudio"),
        ("linux", {"XDG_DATA_HOME": "data"}, "data/InitStudio"),
        ("darwin", {}, "home/Library/Application Support/InitStudio"),
        ("win32", {"LOCALAPPDATA": "local"}, "local/InitStudio"),
        ("win32", {}, "home/InitStudio"),
        ("linux", {"INITSTUDIO_DATA": "own", "XDG_DATA_HOME": "data"}, "own"),
    ],
)
def test_user_data_lies_where_the_system_wants_it(
    platform: str, variables: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("INITSTUDIO_DATA", "XDG_DATA_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(Path, "home", lambda: Path("home"))
    assert paths.user_data() == Path(expected)


def test_asking_where_user_data_lies_makes_no_folder() -> None:
    assert not paths.user_data().exists()


def test_the_engine_is_this_program(monkeypatch: pytest.MonkeyPatch) -> None:
    assert paths.own_command("--engine") == [sys.executable, "-m", "initstudio", "--engine"]
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert paths.own_command("--engine") == [sys.executable, "--engine"]
