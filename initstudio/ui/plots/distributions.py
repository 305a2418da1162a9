"""Weights, gradients, updates and outputs as distributions."""

from initstudio.history import Header
from initstudio.ui.plots.distribution_plot import DistributionPlot


class WeightsPlot(DistributionPlot):
    """Weights."""

    key = "weights"
    label = "Weights"
    summary = "How the weights are spread: at the start, and now."
    invitation = "The distribution of the weights appears here."
    order = 30
    reads = ("weights",)
    quantity = "weight"
    drawn = True


class GradientsPlot(DistributionPlot):
    """Gradients."""

    key = "gradients"
    label = "Gradients"
    summary = "How the loss's gradient by each weight is spread: at the start, and now."
    invitation = "The distribution of the gradients appears here."
    order = 40
    reads = ("gradients",)
    quantity = "gradient"


class UpdatesPlot(DistributionPlot):
    """Updates."""

    key = "updates"
    label = "Updates"
    summary = "How what the last step added to each weight is spread."
    invitation = "The distribution of the weights' updates appears here."
    order = 42
    reads = ("updates",)
    quantity = "update"
    silence = "No weight has been updated yet: the first updates appear after the first steps."


class OutputsPlot(DistributionPlot):
    """Outputs of layers."""

    key = "outputs"
    label = "Activations"
    summary = "How a layer's outputs are spread: at the start, and now."
    invitation = "The distribution of a layer's outputs appears here."
    order = 44
    pages = ("board", "xray")
    reads = ("activations",)
    quantity = "output"

    def names_of(self, header: Header) -> tuple[str, ...]:
        """Return the names of the layers."""
        return header.layers
