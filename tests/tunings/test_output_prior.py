"""The output prior: the first loss is that of the class frequencies."""

from dataclasses import replace
from math import log

import pytest
import torch
from torch import nn
from torch.nn import functional

from initstudio.catalogue import Trial
from tests.tunings.trials import CLASSES, batch_for, start, trial_of, tune

COUNTS = (10, 25, 5)
CLASSES_OF_ALL = torch.tensor([0] * COUNTS[0] + [1] * COUNTS[1] + [2] * COUNTS[2])


def trial_with(all_y: torch.Tensor, kind: str = "dense") -> Trial:
    """Return a trial whose last weights are 0."""
    network = start(kind)
    nn.init.zeros_(network[-1].weight)  # type: ignore[arg-type]
    return replace(trial_of(network, batch_for(kind)), all_y=all_y)


def bias_of(network: nn.Sequential) -> torch.Tensor:
    bias = network[-1].bias
    assert isinstance(bias, torch.Tensor)
    return bias.detach().double()


@pytest.mark.parametrize("kind", ["dense", "convolutional", "recurrent", "attentive"])
def test_the_first_loss_is_the_entropy_of_the_class_frequencies(kind: str) -> None:
    trial = trial_with(CLASSES_OF_ALL, kind)
    network = tune("output_prior", trial)
    shares = [count / sum(COUNTS) for count in COUNTS]
    entropy = -sum(share * log(share) for share in shares)
    assert trial.loss(network(trial.x), CLASSES_OF_ALL).item() == pytest.approx(entropy, rel=1e-5)
    assert bias_of(network).tolist() == pytest.approx([log(share) for share in shares], rel=1e-6)


def test_nothing_but_the_last_bias_changes() -> None:
    before, after = start("dense"), start("dense")
    tune("output_prior", replace(trial_of(after, batch_for("dense")), all_y=CLASSES_OF_ALL))
    changed = [
        name
        for (name, old), new in zip(before.named_parameters(), after.parameters(), strict=True)
        if not torch.equal(old, new)
    ]
    assert changed == ["4.bias"]


def test_a_class_without_examples_counts_as_half_a_one() -> None:
    network = tune("output_prior", trial_with(torch.tensor([0] * 30 + [2] * 10)))
    shares = torch.tensor([30, 0.5, 10]) / 40.5
    torch.testing.assert_close(bias_of(network), shares.double().log())


def test_one_class_only_is_finite_under_every_loss() -> None:
    for loss in (functional.cross_entropy, squared, binary):
        trial = replace(trial_with(torch.zeros(20, dtype=torch.int64)), loss=loss)
        assert bias_of(tune("output_prior", trial)).isfinite().all()


def test_values_start_at_their_mean() -> None:
    values = torch.randn(60, CLASSES, generator=torch.Generator().manual_seed(1)) * 2 + 5
    trial = replace(trial_with(values), loss=functional.mse_loss)
    network = tune("output_prior", trial)
    torch.testing.assert_close(bias_of(network), values.double().mean(0))
    loss = trial.loss(network(trial.x[:1]).expand(60, -1), values).item()
    assert loss == pytest.approx(values.var(0, correction=0).mean().item(), rel=1e-5)


def one_hot(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    return functional.one_hot(targets, outputs.shape[-1]).to(outputs.dtype)


def squared(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    return functional.mse_loss(outputs, one_hot(outputs, targets))


def binary(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    wanted = one_hot(outputs, targets)
    return functional.binary_cross_entropy_with_logits(outputs, wanted)


@pytest.mark.parametrize("loss", [squared, binary])
def test_another_loss_gets_its_own_best_constant(loss: object) -> None:
    """Found by descent on the constant alone."""
    trial = replace(trial_with(CLASSES_OF_ALL), loss=loss)  # type: ignore[arg-type]
    constant = torch.zeros(CLASSES, dtype=torch.float64, requires_grad=True)
    descent = torch.optim.LBFGS([constant], max_iter=200, tolerance_grad=1e-12)

    def closure() -> torch.Tensor:
        descent.zero_grad()
        value = trial.loss(constant.expand(len(CLASSES_OF_ALL), -1), CLASSES_OF_ALL)
        value.backward()
        return value

    for _ in range(5):
        descent.step(closure)
    network = tune("output_prior", trial)
    torch.testing.assert_close(bias_of(network), constant.detach(), rtol=1e-4, atol=1e-5)


def test_every_position_of_a_sequence_counts() -> None:
    network = nn.Sequential(nn.Linear(4, CLASSES))
    x = torch.randn(6, 5, 4, generator=torch.Generator().manual_seed(2))
    all_y = torch.tensor([[0, 1, 2, 1, 1]]).expand(20, -1)

    def loss(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        return functional.cross_entropy(outputs.movedim(-1, 1), targets)

    trial = Trial(
        network=network, x=x, y=all_y[:6], all_y=all_y, loss=loss, generator=torch.Generator()
    )
    tune("output_prior", trial)
    shares = torch.tensor([0.2, 0.6, 0.2], dtype=torch.float64)
    torch.testing.assert_close(bias_of(network), shares.log())


@pytest.mark.parametrize(
    ("all_y", "sentence"),
    [
        (torch.tensor([0, 1, 3]), "The targets are not classes from 0 to 2."),
        (torch.tensor([0, -1]), "The targets are not classes from 0 to 2."),
        (torch.zeros(0, dtype=torch.int64), "The targets are not classes from 0 to 2."),
        (torch.full((4, 3), torch.nan), "The targets are not finite, and have no mean"),
        (torch.zeros(4, 2), "The targets have 2 values each, and the network 3 outputs."),
    ],
    ids=["a class too many", "negative", "none", "NaN", "other width"],
)
def test_targets_that_do_not_fit_are_refused_in_a_sentence(
    all_y: torch.Tensor, sentence: str
) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the sentence is looked at below
        tune("output_prior", trial_with(all_y))
    assert str(caught.value).startswith(sentence)


def test_an_activation_after_the_last_layer_is_refused_in_a_sentence() -> None:
    network = nn.Sequential(nn.Linear(8, 3), nn.ReLU())
    with pytest.raises(ValueError, match=r"does not end with a layer that has a bias for each"):
        tune("output_prior", trial_of(network, batch_for("dense")))
