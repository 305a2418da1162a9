"""Which classes are taken for which in the validation part, and the examples judged worst there.

Both are read at step 0 and at each epoch's end.
"""

from typing import TYPE_CHECKING

import lazy_loader

from initstudio.catalogue import DataFacts
from initstudio.measurement import Judged, Moment, Probe

if TYPE_CHECKING:
    import torch
else:
    torch = lazy_loader.load("torch")

MOST_CLASSES = 100
"""A table of more classes than this squared is not made."""
WORST = 16
"""Examples that are told of, for each network."""


def _has_classes(facts: DataFacts) -> bool:
    return facts.task == "classes" and facts.outputs <= MOST_CLASSES


def _has_images(facts: DataFacts) -> bool:
    return facts.task == "classes" and bool(facts.picture) and not facts.positions


def _confusion(moment: Moment) -> "torch.Tensor":
    """Return how many examples of each class are taken for each, int64 [R, classes, classes]."""
    judged = _judged(moment)
    replicas, classes = len(judged.truth), judged.classes
    pairs = (judged.truth * classes + judged.predicted).flatten(1)
    pairs = pairs + classes**2 * torch.arange(replicas)[:, None]
    counts = torch.bincount(pairs.flatten(), minlength=replicas * classes**2)
    return counts.view(replicas, classes, classes)


def _worst(moment: Moment) -> "torch.Tensor":
    """Return place, loss, class and predicted class of the worst, float64 [R, 4, at most WORST].

    A loss that is no number counts as greater than any; of equal ones the first in the part.
    """
    judged = _judged(moment)
    order = judged.loss.sort(dim=1, descending=True, stable=True).indices[:, :WORST]
    told = (judged.example, judged.loss, judged.truth, judged.predicted)
    return torch.stack([one.gather(1, order).double() for one in told], dim=1)


def _judged(moment: Moment) -> Judged:
    """Return what is known of each example.

    Raises:
        ValueError: Nothing is, of this moment.
    """
    if moment.judged is None:
        message = "no validation example was judged at this moment"
        raise ValueError(message)
    return moment.judged


CONFUSION = Probe(
    key="confusion",
    label="Confusion matrix",
    summary="How many validation examples of each class are taken for each class.",
    source="Definition; the predicted class is that of the greatest output",
    unit="examples",
    order=32,
    axes=("replica", "class", "class"),
    cadence="epoch",
    measure=_confusion,
    applies=_has_classes,
    judges=True,
)

WORST_EXAMPLES = Probe(
    key="worst",
    label="Worst examples",
    summary=f"The {WORST} validation images with the greatest loss: place in the data set, loss, "
    "class and predicted class.",
    source="Definition; the loss is that of the experiment, of one example",
    unit="",
    order=33,
    axes=("replica", "verdict", "rank"),
    cadence="epoch",
    measure=_worst,
    applies=_has_images,
    judges=True,
)
