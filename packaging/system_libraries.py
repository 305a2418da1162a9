"""What Qt needs from a Linux system, what of it is missing, and how to get it."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator


class Library(NamedTuple):
    """Something from the system: its soname or program, and its package in each distribution."""

    name: str
    apt: str
    dnf: str
    pacman: str


# What `ldd` names for Qt's core, xcb and offscreen plugins beyond the C library.
QT_LIBRARIES = (
    Library("libEGL.so.1", "libegl1", "libglvnd-egl", "libglvnd"),
    Library("libGL.so.1", "libgl1", "libglvnd-glx", "libglvnd"),
    Library("libglib-2.0.so.0", "libglib2.0-0", "glib2", "glib2"),
    Library("libdbus-1.so.3", "libdbus-1-3", "dbus-libs", "dbus"),
    Library("libfontconfig.so.1", "libfontconfig1", "fontconfig", "fontconfig"),
    Library("libxkbcommon.so.0", "libxkbcommon0", "libxkbcommon", "libxkbcommon"),
    Library("libxkbcommon-x11.so.0", "libxkbcommon-x11-0", "libxkbcommon-x11", "libxkbcommon-x11"),
    Library("libX11-xcb.so.1", "libx11-xcb1", "libX11-xcb", "libx11"),
    Library("libxcb-cursor.so.0", "libxcb-cursor0", "xcb-util-cursor", "xcb-util-cursor"),
    Library("libxcb-icccm.so.4", "libxcb-icccm4", "xcb-util-wm", "xcb-util-wm"),
    Library("libxcb-image.so.0", "libxcb-image0", "xcb-util-image", "xcb-util-image"),
    Library("libxcb-keysyms.so.1", "libxcb-keysyms1", "xcb-util-keysyms", "xcb-util-keysyms"),
    Library("libxcb-randr.so.0", "libxcb-randr0", "libxcb", "libxcb"),
    Library(
        "libxcb-render-util.so.0",
        "libxcb-render-util0",
        "xcb-util-renderutil",
        "xcb-util-renderutil",
    ),
    Library("libxcb-shape.so.0", "libxcb-shape0", "libxcb", "libxcb"),
    Library("libxcb-sync.so.1", "libxcb-sync1", "libxcb", "libxcb"),
    Library("libxcb-xfixes.so.0", "libxcb-xfixes0", "libxcb", "libxcb"),
    Library("libxcb-xkb.so.1", "libxcb-xkb1", "libxcb", "libxcb"),
)
FONT = Library("a font", "fonts-dejavu-core", "dejavu-sans-fonts", "ttf-dejavu")
XVFB = Library("Xvfb", "xvfb", "xorg-x11-server-Xvfb", "xorg-server-xvfb")


def lacking_here(*, display: bool) -> list[Library]:
    """Return what this system lacks; with `display` the virtual display counts."""
    wanted = [*QT_LIBRARIES, XVFB] if display else QT_LIBRARIES
    return missing(wanted, loadable(), has_font=has_font())


def loadable() -> set[str] | None:
    """Return the sonames that the loader knows, or None where it does not tell."""
    program = shutil.which("ldconfig", path=f"{os.environ.get('PATH', '')}:/sbin:/usr/sbin")
    if program is None:
        return None
    listing = subprocess.run([program, "-p"], capture_output=True, text=True, check=False).stdout
    return {line.split()[0] for line in listing.splitlines() if "=>" in line} or None


def missing(
    libraries: Iterable[Library],
    known: Collection[str] | None,
    *,
    has_font: bool,
    which: Callable[[str], str | None] = shutil.which,
) -> list[Library]:
    """Return what the system lacks; where the loader does not tell, libraries count as there."""
    lacking = [] if has_font else [FONT]
    for item in libraries:
        if ".so." not in item.name:
            there = which(item.name) is not None
        else:
            there = known is None or item.name in known
        if not there:
            lacking.append(item)
    return lacking


def has_font() -> bool:
    """Say whether any outline font is installed."""
    home = Path.home()
    places = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), home / ".local/share/fonts")
    return any(
        next(place.rglob(pattern), None)
        for place in (*places, home / ".fonts")
        for pattern in ("*.ttf", "*.otf", "*.ttc")
    )


def install_commands(lacking: Iterable[Library]) -> list[str]:
    """Return the command that installs the libraries, for each family of distributions."""
    items = list(lacking)

    def words(names: Iterable[str]) -> str:
        return " ".join(dict.fromkeys(names))

    return [
        f"sudo apt-get install {words(item.apt for item in items)}",
        f"sudo dnf install {words(item.dnf for item in items)}",
        f"sudo pacman -S {words(item.pacman for item in items)}",
    ]


@contextlib.contextmanager
def virtual_display(program: str) -> Iterator[str]:
    """Give the name of a fresh virtual display.

    Raises:
        OSError: Xvfb did not start.
    """
    # Xvfb itself and not xvfb-run: that one needs xauth too, which a minimal install leaves out.
    reader, writer = os.pipe()
    options = ["-displayfd", str(writer), "-screen", "0", "1920x1200x24", "-nolisten", "tcp"]
    server = subprocess.Popen([program, *options], pass_fds=[writer], stderr=subprocess.DEVNULL)
    os.close(writer)
    try:
        with os.fdopen(reader) as pipe:
            number = pipe.readline().strip()
        if not number:
            message = f"Xvfb did not start (exit {server.wait()})."
            raise OSError(message)
        yield f":{number}"
    finally:
        server.terminate()
        server.wait()
