"""Colours that stand for numbers, in each theme: one hue for amounts, two for what has a sign.

They are mixed in OKLab, in which equal steps look equal (Ottosson 2020).
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from initstudio.ui.theme import Theme

Pixels = npt.NDArray[np.uint8]

STEPS = 256
AMOUNTS = {
    "light": ("#e9eff9", "#8fb4ea", "#2f6fd0", "#12377c", "#0a1a3f"),
    "dark": ("#1d2534", "#234b8c", "#3f80dc", "#8fc0fa", "#eef6ff"),
}
"""From little to much: away from the plot's ground."""
SIGNS = {
    "light": ("#123f8f", "#5b93dd", "#f1f2f4", "#e39148", "#8a3d02"),
    "dark": ("#a8d0ff", "#3f7fd6", "#262b35", "#d57a2a", "#ffd9a8"),
}
"""From below to above: blue, the plot's ground, orange; told apart by colour-blind people, too."""

CLASSES = {
    "light": (
        *("#0a74d6", "#d95f0e", "#1f5151", "#85188b", "#6a4c11", "#fa4295", "#12a012", "#5606ea"),
    ),
    "dark": (
        *("#3d74ff", "#e07008", "#188b57", "#ea06b1", "#faa629", "#dfaaca", "#84ca72", "#a38dfc"),
    ),
}
"""Of the classes of the data: eight, then again from the first. No contender has one of them."""
PALE, STRONG = 0.1, 0.62
"""How much of a class's colour is mixed into the ground where it is as likely as chance, and where
it is certain."""


@dataclass(frozen=True, eq=False)
class Shades:
    """Colours uint8 [STEPS, 3] for numbers, from the least to the greatest."""

    table: Pixels

    def of(self, values: npt.NDArray[np.floating], low: float, high: float) -> Pixels:
        """Return a colour for each value [...], uint8 [..., 4]; see-through where it is NaN.

        Values beyond `low` and `high` have the colour of the end.
        """
        span = high / 2 - low / 2  # halved first: the difference may overflow
        with np.errstate(invalid="ignore", over="ignore"):
            place = (np.asarray(values, np.float64) / 2 - low / 2) / (span if span > 0 else 1.0)
        known = ~np.isnan(place)
        index = np.rint(np.clip(np.where(known, place, 0.0), 0, 1) * (STEPS - 1)).astype(np.intp)
        found = np.empty((*index.shape, 4), np.uint8)
        found[..., :3] = self.table[index]
        found[..., 3] = np.where(known, 255, 0)
        return found


def amounts(theme: Theme) -> Shades:
    """Return the colours of what grows from little to much."""
    return _mixed(AMOUNTS[theme.name])


def signs(theme: Theme) -> Shades:
    """Return the colours of what lies below or above a middle."""
    return _mixed(SIGNS[theme.name])


def class_colour(theme: Theme, at: int) -> str:
    """Return the colour of a class."""
    known = CLASSES[theme.name]
    return known[at % len(known)]


def classified(
    theme: Theme, found: npt.NDArray[np.floating], sure: npt.NDArray[np.floating]
) -> Pixels:
    """Return the colour of each class [...] as strong as it is sure, from 0 to 1: uint8 [..., 4].

    See-through where there is none, NaN.
    """
    tables = _certainties(theme)
    known = ~np.isnan(found)
    at = np.where(known, found, 0).astype(np.intp) % len(tables)
    step = np.rint(np.clip(np.where(known, sure, 0), 0, 1) * (STEPS - 1)).astype(np.intp)
    pixels = np.empty((*found.shape, 4), np.uint8)
    pixels[..., :3] = tables[at, step]
    pixels[..., 3] = np.where(known, 255, 0)
    return pixels


@lru_cache(maxsize=64)
def classes(theme: Theme, count: int) -> Shades:
    """Return the colours of so many classes one after another, each from unsure to certain."""
    places = np.arange(STEPS) * count / STEPS
    tables = _certainties(theme)
    return Shades(tables[places.astype(int) % len(tables), (places % 1 * STEPS).astype(int)])


@lru_cache(maxsize=4)
def _certainties(theme: Theme) -> Pixels:
    """Return the colours of each class, from as likely as chance to certain [classes, STEPS, 3]."""
    shares = np.linspace(PALE, STRONG, STEPS)
    rows = [[_parts(theme.blend(one, share)) for share in shares] for one in CLASSES[theme.name]]
    return np.array(rows, np.uint8)


def _parts(colour: str) -> tuple[int, int, int]:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return red, green, blue


@lru_cache(maxsize=16)
def _mixed(stops: tuple[str, ...]) -> Shades:
    """Return the colours between stops, evenly spaced in OKLab."""
    known = np.array([_parts(stop) for stop in stops]) / 255
    lab = _to_lab(known)
    places = np.linspace(0, len(stops) - 1, STEPS)
    mixed = np.stack([np.interp(places, range(len(stops)), part) for part in lab.T], axis=1)
    return Shades(np.rint(np.clip(_to_rgb(mixed), 0, 1) * 255).astype(np.uint8))


_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def _to_lab(rgb: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    found: npt.NDArray[np.float64] = np.cbrt(linear @ _CONES.T) @ _LAB.T
    return found


def _to_rgb(lab: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    linear = np.clip((lab @ np.linalg.inv(_LAB).T) ** 3 @ np.linalg.inv(_CONES).T, 0, 1)
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
