"""The written-out modules against torch's own, in training and in evaluation."""

import pytest
import torch
from torch import nn

from initstudio.engine.template import BatchNorm, Masked, template_of


@pytest.mark.parametrize(
    ("original", "shape"),
    [
        (nn.BatchNorm1d(5), (7, 5)),
        (nn.BatchNorm1d(5, eps=0.1, momentum=0.3), (7, 5)),
        (nn.BatchNorm1d(5, affine=False), (2, 5)),
        (nn.BatchNorm1d(3), (4, 3, 6)),
        (nn.BatchNorm2d(3), (4, 3, 6, 2)),
        (nn.BatchNorm3d(2), (3, 2, 4, 2, 3)),
    ],
    ids=repr,
)
def test_batch_normalization_is_torchs(original: nn.BatchNorm1d, shape: tuple[int, ...]) -> None:
    original = original.double()
    if original.affine:
        nn.init.normal_(original.weight)
        nn.init.normal_(original.bias)
    ours = template_of(original)
    assert isinstance(ours, BatchNorm)
    for _ in range(3):
        x = (3 * torch.randn(shape, dtype=torch.float64) + 2).requires_grad_()
        twin = x.detach().clone().requires_grad_()
        wanted, found = original(x), ours(twin)
        torch.testing.assert_close(found, wanted)
        (wanted**3).sum().backward()
        (found**3).sum().backward()
        torch.testing.assert_close(twin.grad, x.grad)
        for name, moved in ours.moved.items():
            ours.get_buffer(name).copy_(moved)
            torch.testing.assert_close(moved, original.get_buffer(name))
    x = torch.randn(shape, dtype=torch.float64)
    torch.testing.assert_close(ours.eval()(x), original.eval()(x))


def test_dropout_multiplies_by_its_mask_in_training_only() -> None:
    network = template_of(nn.Sequential(nn.Linear(3, 3), nn.Sequential(nn.Dropout(0.4))))
    dropped = network.get_submodule("1.0")
    assert isinstance(dropped, Masked)
    mask, x = torch.tensor([0.0, 2.0, 0.0]), torch.tensor([3.0, 4.0, 5.0])
    dropped.mask = mask
    assert torch.equal(dropped(x), torch.tensor([0.0, 8.0, 0.0]))
    dropped.eval()
    assert torch.equal(dropped(x), x)


def test_the_original_keeps_its_parts() -> None:
    network = nn.Sequential(nn.Dropout(), nn.BatchNorm1d(3))
    template = template_of(network)
    assert isinstance(network[0], nn.Dropout)
    assert isinstance(network[1], nn.BatchNorm1d)
    weight = template.get_submodule("1").get_parameter("weight")
    assert weight.data_ptr() != network[1].weight.data_ptr()
