"""The examples of an experiment as text: how they are made, or the numbers themselves."""

import base64
import io
import textwrap
from typing import Any

import numpy as np

from initstudio.engine import data as data_module
from initstudio.engine.data import stream
from initstudio.engine.network import ROOT
from initstudio.engine.plan import Plan
from initstudio.engine.script.literals import literal
from initstudio.engine.script.paste import CannotPasteError, Pasted
from initstudio.errors import ExperimentError

MOST_DATA = 2 * 2**20
"""Bytes of data, packed, that a script carries."""
PRIVATE = {"initstudio.paths", "initstudio.tables", "initstudio.tables.examples"}
"""What reads files: data that come from there travel as they are."""


def data_text(resolved: Plan, pasted: Pasted) -> list[str]:
    """Return the text of `make_data(generator)` and `data(seed)`.

    Raises:
        ExperimentError: The data are too large to be carried.
    """
    own = _made_data(resolved, pasted)
    parts = pasted.take(data_module._parted)  # noqa: SLF001 - it is taken as it stands
    streams = pasted.take(stream)
    pasted.take(data_module.batches)
    scaled = resolved.experiment.data.standardize
    count = resolved.training_examples
    text = f'''
def data(seed):
    """Return the training part and the rest: x, y, held_x, held_y."""
    features, targets = make_data({streams}(seed, "data"))
    order = {streams}(seed, "split").permutation(len(features))
    training, rest = order[:{count}], order[{count}:]
    x, held_x = {parts}(features, training, rest, scaled={scaled})
    y, held_y = {parts}(targets, training, rest, scaled={scaled})
    return [torch.from_numpy(part) for part in (x, y, held_x, held_y)]'''
    return [own, text.strip("\n")]


def _made_data(resolved: Plan, pasted: Pasted) -> str:
    """Return the text of `make_data(generator)`: the source of ours, or the numbers themselves."""
    trial = Pasted()
    try:
        trial.take(resolved.dataset.make)
        own = not trial.modules & PRIVATE
    except CannotPasteError:
        own = False
    if own:
        make = pasted.take(resolved.dataset.make)
        params = literal(resolved.dataset_params, pasted)
        about = f"    # {resolved.dataset.label}"
        return f"def make_data(generator):\n{about}\n    return {make}({params}, generator)"
    features, targets = resolved.dataset.make(resolved.dataset_params, stream(0, "data"))
    packed = io.BytesIO()
    np.savez_compressed(packed, features=_small(features), targets=_small(targets))
    if packed.tell() > MOST_DATA:
        why = (
            f"its data are {packed.tell() / 2**20:.0f} MiB, packed, and a script carries at most "
            f"{MOST_DATA / 2**20:.0f}"
        )
        raise ExperimentError(f"{ROOT}.data.dataset", f"It cannot become a script: {why}.")
    for line in ("import base64", "import io"):
        pasted.bring(line)
    letters = base64.b85encode(packed.getvalue()).decode("ascii")
    lines = "\n".join(f"    {one!r}" for one in textwrap.wrap(letters, 90))
    told = f"{resolved.dataset.label}: {resolved.dataset.source}"
    about = "\n".join(f"# {line}" for line in textwrap.wrap(told, 94))
    return f"""{about}
PACKED = (
{lines}
)


def make_data(_generator):
    with np.load(io.BytesIO(base64.b85decode(PACKED))) as file:
        features, targets = file["features"], file["targets"]
    return features.astype("{features.dtype}"), targets.astype("{targets.dtype}")"""


def _small(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return whole numbers in the smallest type that holds them; other values as they are."""
    if not values.size or not np.array_equal(values, np.round(values)):
        return values
    least = np.result_type(
        np.min_scalar_type(int(values.min())), np.min_scalar_type(int(values.max()))
    )
    return values.astype(least)
