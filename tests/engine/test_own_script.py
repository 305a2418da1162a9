"""A script with a person's own network in it does what we do."""

from pathlib import Path

import pytest

from initstudio.engine.script import script_of
from initstudio.errors import ExperimentError
from initstudio.experiment import Choice
from initstudio.presets import contender
from tests.engine.test_script import assert_same, experiment
from tests.own_networks import MLP, NOISY, RECURRENT, RESIDUAL, SHARED, own


def test_own_networks(tmp_path: Path) -> None:
    """Also under names that the script has, and of a file that draws with NumPy and trains."""
    busy = MLP.replace("class Net(", "class data(").replace(
        "        self.act =",
        "        self.out.weight.data += float(np.random.rand())\n        self.act =",
    )
    busy += """

import numpy as np

torch.manual_seed(0)
QUOTES = '''two \\n kinds of "quotes" '''
if __name__ == "__main__":
    raise SystemExit
"""
    twice = own(MLP.replace("classes=3", "classes=6"))
    backwards = (
        MLP.replace(
            "        self.fc1 =",
            "        self.last = nn.Linear(hidden, hidden)\n        self.fc1 =",
        )
        .replace("self.fc1(x))))", "self.fc1(x))))).tanh()")
        .replace("self.out(self.act", "self.out(self.last(self.act")
    )
    asked = {
        "drawn in another order than that of the signal": experiment(network=(own(backwards),)),
        "mlp": experiment(network=(own(MLP),)),
        "residual": experiment(network=(own(RESIDUAL),)),
        "recurrent": experiment(network=(own(RECURRENT),)),
        "noisy": experiment(network=(own(NOISY),)),
        "shared": experiment(network=(own(SHARED),)),
        "shared and multiplied": experiment(
            network=(own(SHARED),), contenders=(contender("NTK", 0, "ntk"),)
        ),
        "twice": experiment(network=(twice, twice, own(busy, factory="data"))),
    }
    assert_same(asked, tmp_path)


def test_the_text_of_the_file_is_in_it_as_it_is() -> None:
    text = script_of(experiment(network=(own(MLP),)))
    assert MLP in text
    assert "initstudio" not in text.replace("InitStudio", "")


def test_code_that_is_not_trusted_makes_no_script() -> None:
    choice = own(MLP)
    params = {**choice.params, "code": f"{choice.params['code']}raise RuntimeError('it ran')"}
    with pytest.raises(ExperimentError, match="not trusted"):
        script_of(experiment(network=(Choice("own", params),)))
