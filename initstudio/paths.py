"""Where resources and a person's own data lie, from source, wheel or frozen app."""

import os
import sys
from pathlib import Path

APP = "InitStudio"


def resource(name: str) -> Path:
    """Return the path of a shipped file.

    Raises:
        FileNotFoundError: The installation lacks it.
    """
    for root in _resource_roots():
        path = root / name
        if path.exists():
            return path
    message = f"resource {name!r} is missing from this installation"
    raise FileNotFoundError(message)


def user_data() -> Path:
    """Return the folder for logs and recovery; it may not exist yet."""
    override = os.environ.get("INITSTUDIO_DATA")
    if override:
        return Path(override)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", str(Path.home()))) / APP
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / APP
    return Path(os.environ.get("XDG_DATA_HOME", str(Path.home() / ".local" / "share"))) / APP


def own_command(*words: str) -> list[str]:
    """Return the command line that starts this same program with these words."""
    if getattr(sys, "frozen", False):
        return [sys.executable, *words]
    return [sys.executable, "-m", "initstudio", *words]


def own_environment() -> dict[str, str]:
    """Return the environment in which `own_command` finds this same package, wherever we run."""
    home = str(Path(__file__).resolve().parents[1])
    search = os.pathsep.join(filter(None, [home, os.environ.get("PYTHONPATH", "")]))
    return {**os.environ, "PYTHONIOENCODING": "utf-8", "PYTHONPATH": search}


def _resource_roots() -> list[Path]:
    here = Path(__file__).resolve().parent
    bundle = getattr(sys, "_MEIPASS", None)
    roots = [here.parent / "resources", here / "resources"]
    return [Path(bundle) / "resources", *roots] if bundle else roots
