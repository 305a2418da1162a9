"""A learning rate with which the first steps grow instead of shrink."""

from math import isfinite

from initstudio.finding import Evidence, Finding, Fix, Verdict, short


def _look(evidence: Evidence) -> Verdict | None:
    rate, stable = evidence.learning_rate, evidence.stable_rate
    if not (isfinite(rate) and isfinite(stable)) or rate <= stable or stable <= 0:
        return None
    half = float(f"{stable / 2:.2g}")
    return Verdict(
        sentence=f"The learning rate {short(rate)} is {short(rate / stable)} times the largest "
        f"with which steps shrink where the loss bends most ({short(stable)}).",
        severity="bad" if rate > 10 * stable else "careful",
        fix=Fix(text=f"Use the learning rate {half:g}", learning_rate=half),
    )


UNSTABLE_RATE = Finding(
    key="unstable_rate",
    label="Learning rate above stability",
    summary="Gradient descent grows along a direction whose curvature is above 2 over the rate.",
    source="LeCun et al. 1998, Efficient backprop, section 4.6; Cohen et al. 2021",
    order=20,
    look=_look,
)
