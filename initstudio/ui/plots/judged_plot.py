"""What a picture of the validation examples is: of the newest epoch's end, or why there is none."""

from initstudio.catalogue import DataFacts
from initstudio.engine.plan import data_facts, split_sizes
from initstudio.errors import ExperimentError
from initstudio.history import Header, History
from initstudio.ui.chart.lines import number
from initstudio.ui.plots.plot import Plot

NOTHING_KEPT_OUT = "No data is kept out for validation; see Data."


class JudgedPlot(Plot):
    """One picture of what the networks say of the validation examples."""

    unlike = "other data"

    @staticmethod
    def unfit(facts: DataFacts) -> str:
        """Return why data of that kind has no such picture; "" where it has one."""
        raise NotImplementedError

    def state_of(self, history: History) -> object:
        """Return the step of the newest readings."""
        return history.epoch_step

    def when(self, history: History) -> str:
        """Return the step and the epoch of what is shown."""
        step = history.epoch_step
        return f"step {step:,} (epoch {number(step / max(1, history.header.steps_per_epoch))})"

    def fits(self, pinned: Header, present: Header) -> bool:
        """Return whether a pinned run was judged by the same data set."""
        return pinned.experiment.data.dataset == present.experiment.data.dataset

    def _why_nothing(self, history: History | None) -> str:
        why = super()._why_nothing(history)
        if not why and history and not any(self.lines_with(key, history) for key in self.reads):
            return self.invitation
        if why != self.invitation or history is None:
            return why
        try:
            facts = data_facts(history.header.experiment)
        except ExperimentError as error:
            return error.why
        if trouble := self.unfit(facts):
            return trouble
        kept_out = split_sizes(history.header.experiment, facts)[1]
        return why if kept_out else NOTHING_KEPT_OUT
