"""The data-dependent start of weight normalization: each unit standardized on the first batch."""

from initstudio.catalogue import NoParams, Trial, Tuning
from initstudio.rehearsal import WeightLayer, walk


def _tune(trial: Trial, _params: NoParams) -> None:
    walk(trial.network, trial.x, _visit)


def _visit(layer: WeightLayer) -> None:
    """Make y = (t - mean(t)) / std(t) of t = w x: as g = 1 / std and b = -mean / std, in one w."""
    if layer.has_units():
        layer.standardize_units(mean=0)


WEIGHT_NORM = Tuning(
    key="weight_norm",
    label="Weight-norm start",
    summary="Gives each unit of each layer pre-activations of mean 0 and variance 1 on a batch.",
    source="Salimans and Kingma 2016, Weight normalization, eq. 5 and 6",
    order=30,
    params=NoParams,
    tune=_tune,
)
"""The weights are not split into direction and length: those of the network become what the split
ones would multiply to. A layer without a bias gets its variance only. Linear and bilinear layers,
convolutions and embeddings have units; others are passed by."""
