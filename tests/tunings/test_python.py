"""A person's own Python: what it may do, and what each mistake of it says."""

import os
import signal
import subprocess
import sys

import pytest
import torch
from torch import nn

from initstudio import own_code
from initstudio.own_code import Limits, OwnCodeError, limited, mistake
from initstudio.trust import trust
from initstudio.tunings import TUNINGS
from initstudio.tunings.python import TEMPLATE, may_run
from tests.tunings.trials import batch_for, start, trial_of

HEAD = "def init(module, generator):\n"
SHORT = Limits(seconds=0.3)
SMALL = Limits(seconds=300, memory=2**30, output=1000)


@pytest.fixture
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_code, "LIMITS", SHORT)
    monkeypatch.setattr(own_code, "GRACE", 300.0)  # or a busy machine would end the tests


@pytest.fixture
def _little(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_code, "LIMITS", SMALL)


def run(code: str, network: nn.Sequential | None = None) -> nn.Sequential:
    """Trust the code and run it on a small network."""
    trust(code)
    network = network or start("dense")
    tuning = TUNINGS["python"]
    tuning.tune(trial_of(network, batch_for("dense")), tuning.parse({"code": code}))
    return network


def test_the_template_is_the_articles_and_needs_no_trust() -> None:
    network = start("dense")
    tuning = TUNINGS["python"]
    tuning.tune(trial_of(network, batch_for("dense")), tuning.parse({}))
    linear = [one for one in network.modules() if isinstance(one, nn.Linear)]
    assert linear
    for one in linear:
        bound = (6 / (one.in_features + one.out_features)) ** 0.5
        assert one.weight.abs().max() <= bound
        assert (one.bias == 0.01).all()


def test_it_is_applied_as_torch_applies() -> None:
    body = "module.weight.normal_(0, 0.1, generator=generator)"
    code = f"{HEAD}    if hasattr(module, 'weight'):\n        {body}\n"
    network, other = start("dense"), start("dense")
    trial = trial_of(network, batch_for("dense"))
    state = trial.generator.get_state()
    trust(code)
    tuning = TUNINGS["python"]
    tuning.tune(trial, tuning.parse({"code": code}))
    generator = torch.Generator()
    generator.set_state(state)

    def init(module: nn.Module) -> None:
        weight = getattr(module, "weight", None)
        if weight is not None:
            with torch.no_grad():
                weight.normal_(0, 0.1, generator=generator)

    other.apply(init)
    wanted = other.state_dict()
    assert all(torch.equal(one, wanted[name]) for name, one in network.state_dict().items())


def test_code_that_nobody_trusted_does_not_run() -> None:
    code = "raise SystemError\n"
    assert not may_run(code)
    tuning = TUNINGS["python"]
    with pytest.raises(ValueError, match="not trusted yet"):
        tuning.tune(trial_of(start("dense"), batch_for("dense")), tuning.parse({"code": code}))


WRONG = {
    "no Python": ("def init(module, generator):\n  (", "line 2: '(' was never closed."),
    "a null": ("a = '\0'", "null bytes"),
    "no function": ("a = 1", "There is no function called init in it."),
    "not a function": ("init = 3", "There is no function called init in it."),
    "an error": (HEAD + "    x = 1\n    y = nothing\n", "line 3: NameError: name 'nothing' is not"),
    "an error at once": ("1 / 0", "line 1: ZeroDivisionError: division by zero."),
    "of another kind": ("def init(one): ...", "TypeError: init() takes 1 positional argument"),
    "an exit": ("import sys\nsys.exit(3)", "line 2: It asks to exit."),
    "no numbers": (
        HEAD + "    for p in module.parameters(): p.fill_(float('nan'))\n",
        "values of 0.weight not finite.",
    ),
    "another shape": (
        HEAD + "    if isinstance(module, nn.Linear):\n"
        "        module.weight = nn.Parameter(torch.zeros(1, 2))\n",
        "It has made 0.weight 1 x 2 of float32; it must be",
    ),
    "another type": (HEAD + "    module.double()\n", "of float64; it must be"),
    "one less": (
        HEAD + "    if isinstance(module, nn.Linear): module.bias = None\n",
        "It has taken the parameter 0.bias away.",
    ),
    "one more": (
        HEAD + "    module.extra = nn.Parameter(torch.zeros(1))\n",
        "It has added the parameter",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_mistake_is_one_sentence(name: str) -> None:
    code, why = WRONG[name]
    with pytest.raises(OwnCodeError) as caught:
        run(code)
    assert why in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX")
@pytest.mark.usefixtures("_quick")
@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("    while True: pass\n", "line 2: It takes longer than 0.3 s and was ended."),
        (
            "    try:\n        while True: pass\n    except Exception: pass\n",
            "It takes longer than 0.3 s and was ended.",
        ),
    ],
)
def test_what_would_never_end_is_ended(body: str, why: str) -> None:
    with pytest.raises(OwnCodeError) as caught:
        run(HEAD + body)
    assert why in str(caught.value)


@pytest.mark.usefixtures("_little")
def test_a_flood_of_output_is_ended() -> None:
    with pytest.raises(OwnCodeError, match="line 2: It prints more than 1,000 characters"):
        run(HEAD + "    while True: print('x' * 100)\n")


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="needs /proc")  # noqa: PTH110
@pytest.mark.usefixtures("_little")
@pytest.mark.parametrize("body", ["bytearray(10**11)", "torch.zeros(25 * 10**9)"])
def test_a_hundred_gigabytes_are_refused(body: str) -> None:
    with pytest.raises(OwnCodeError, match=r"line 2: It needs more than the 1 GiB of memory"):
        run(f"{HEAD}    {body}\n")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_forked_child_does_not_go_on_as_us() -> None:
    code = "import os\n" + HEAD + "    global child\n    child = os.fork()\n"
    # children leave `limited` by os._exit: none of them comes here
    run(code)
    while True:
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            break


def test_printing_is_allowed(capfd: pytest.CaptureFixture[str]) -> None:
    run(HEAD + "    print('hello')\n")
    assert "hello" in capfd.readouterr().err


@pytest.mark.skipif(os.name != "posix", reason="such limits are POSIX")
def test_limits_are_taken_back() -> None:
    import resource  # noqa: PLC0415 - not on Windows

    before = resource.getrlimit(resource.RLIMIT_AS), signal.getsignal(signal.SIGALRM)
    with limited("a test", SMALL):
        assert resource.getrlimit(resource.RLIMIT_AS)[0] > 0
    assert before == (resource.getrlimit(resource.RLIMIT_AS), signal.getsignal(signal.SIGALRM))
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX")
def test_code_that_lets_nothing_stop_it_ends_its_process() -> None:
    code = """
from initstudio import own_code
own_code.GRACE = 0.2
try:
    with own_code.limited("a test", own_code.Limits(seconds=0.2)):
        import signal
        signal.setitimer(signal.ITIMER_REAL, 0)  # the code's own doing
        while True: pass
finally:
    print("never")
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "Timeout" in done.stderr


def test_code_is_checked_without_being_run() -> None:
    assert mistake(TEMPLATE) is None
    assert mistake("raise SystemError") is None
    wrong = mistake("a = (")
    assert wrong is not None
    assert wrong.line == 1
    assert mistake("(" * 10_000 + ")" * 10_000) is not None
