"""The one error for what a person asked and cannot have."""


class ExperimentError(Exception):
    """Something in an experiment is wrong: where, as a JSON path, and why, as one sentence.

    Programming mistakes are `ValueError`s; this one is shown to a person as it stands.
    """

    def __init__(self, where: str, why: str) -> None:
        super().__init__(where, why)
        self.where = where
        self.why = why

    def __str__(self) -> str:
        return f"{self.where}: {self.why}"
