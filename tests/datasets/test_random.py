import numpy as np

from initstudio.datasets.random import RANDOM, RandomParams


def test_features_are_standard_normal_and_classes_a_fair_draw() -> None:
    params = RandomParams(examples=100_000, features=10, classes=4)
    features, classes = RANDOM.make(params, np.random.default_rng(0))
    draws = features.size
    # five standard errors: of a mean 1/sqrt n, of a variance sqrt(2/n), of a share sqrt(p(1-p)/n)
    assert abs(features.mean()) < 5 / draws**0.5
    assert abs(features.var() - 1) < 5 * (2 / draws) ** 0.5
    shares = np.bincount(classes) / params.examples
    assert np.abs(shares - 0.25).max() < 5 * (0.25 * 0.75 / params.examples) ** 0.5


def test_the_defaults_are_the_article_s() -> None:
    facts = RANDOM.facts(RandomParams())
    assert (facts.examples, facts.shape, facts.outputs) == (1000, (20,), 2)
