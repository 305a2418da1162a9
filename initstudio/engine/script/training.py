"""The training of an experiment as text: a plain loop, one network after another."""

from initstudio.engine import data as data_module
from initstudio.engine.data import stream
from initstudio.engine.plan import Plan
from initstudio.engine.script.paste import Pasted
from initstudio.experiment import (
    SGD,
    Adam,
    AdamW,
    Optimizer,
    RMSprop,
    Training,
)
from initstudio.schedule import Constant, Cosine, Schedule, StepDecay, WarmUp


def training_text(resolved: Plan, pasted: Pasted) -> list[str]:
    """Return the text of the loss, `scores`, `train` and `main`."""
    training = resolved.experiment.training
    header = resolved.header
    streams, batches = pasted.take(stream), pasted.take(data_module.batches)
    clip = ""
    if training.clip_norm:
        clip = f"            nn.utils.clip_grad_norm_(model.parameters(), {training.clip_norm!r})\n"
    schedule = _schedule(training, header.steps, header.steps_per_epoch)
    seeds = list(resolved.experiment.seeds.each())
    classes = resolved.facts.task == "classes"
    right = "(outputs.argmax(-1) == y).double().mean().item()" if classes else 'float("nan")'
    score = ", right {100 * held[1]:.1f} %" if classes else ""
    return [
        _loss(training.loss, classes=classes),
        f"""SEEDS = {seeds}
EPOCHS = {training.epochs}
BATCH_SIZE = {training.batch_size}
LEARNING_RATE = {training.learning_rate!r}""",
        f'''def scores(model, x, y):
    """Return mean loss and share of right answers, NaN where there are none."""
    if not len(y):
        return float("nan"), float("nan")
    model.eval()
    with torch.no_grad():
        outputs = model(x)
    model.train()
    right = {right}
    return loss_of(outputs, y).item(), right''',
        f'''def train(model, seed):
    """Train, and yield for each epoch the losses of its batches, and the scores held out before."""
    x, y, held_x, held_y = data(seed)
    optimizer = {_optimizer(training.optimizer)}
    # the noise of dropout and its like, the same for every contender
    torch.manual_seed(int({streams}(seed, "dropout").integers(2**62)))
    step = 0
    for epoch in range(EPOCHS):
        held, losses = scores(model, held_x, held_y), []
        for index in {batches}(seed, len(x), BATCH_SIZE, epoch):
            optimizer.zero_grad()
            loss = loss_of(model(x[index]), y[index])
            loss.backward()
            losses.append(loss.item())
{clip}            optimizer.param_groups[0]["lr"] = {schedule}
            optimizer.step()
            step += 1
        yield losses, held''',
        f"""def main():
    for name, init, tune in CONTENDERS:
        for seed in SEEDS:
            model = start(init, tune, seed)
            for epoch, (losses, held) in enumerate(train(model, seed)):
                mean = sum(losses) / len(losses)
                print(f"{{name}}, seed {{seed}}, epoch {{epoch}}: loss {{mean:.6g}}, "
                      f"before it, held out: {{held[0]:.6g}}{score}")""",
    ]


def _loss(loss: str, *, classes: bool) -> str:
    """Return the text of the loss, with the very operations of `objective.loss_of`."""
    lines = ["def loss_of(outputs, targets):"]
    if loss == "cross_entropy":
        lines += [
            '    """Return the mean cross-entropy over the batch and all positions."""',
            "    logarithms = nn.functional.log_softmax(outputs, -1)",
            "    return -logarithms.gather(-1, targets.unsqueeze(-1)).mean()",
        ]
        return "\n".join(lines)
    function = {
        "mse": "mse_loss",
        "huber": "huber_loss",
        "bce": "binary_cross_entropy_with_logits",
    }[loss]
    if classes:
        lines.append("    classes = torch.arange(outputs.shape[-1])")
        lines.append("    targets = (targets.unsqueeze(-1) == classes).to(outputs.dtype)")
    lines.append(f"    return nn.functional.{function}(outputs, targets)")
    return "\n".join(lines)


def _optimizer(chosen: Optimizer) -> str:
    decay = f", weight_decay={chosen.weight_decay!r}" if chosen.weight_decay else ""
    match chosen:
        case SGD():
            words = f", momentum={chosen.momentum!r}" if chosen.momentum else ""
            words += ", nesterov=True" if chosen.nesterov else ""
            return f"torch.optim.SGD(model.parameters(), LEARNING_RATE{words}{decay})"
        case Adam() | AdamW():
            # a decay of 0 is said, too: that of AdamW is not by itself
            words = f"betas=({chosen.beta1!r}, {chosen.beta2!r}), eps={chosen.eps!r}"
            words += f", weight_decay={chosen.weight_decay!r}"
            kind = type(chosen).__name__
            return f"torch.optim.{kind}(\n        model.parameters(), LEARNING_RATE, {words}\n    )"
        case RMSprop():
            words = f", alpha={chosen.alpha!r}, eps={chosen.eps!r}, momentum={chosen.momentum!r}"
            return f"torch.optim.RMSprop(model.parameters(), LEARNING_RATE{words}{decay})"


def _schedule(training: Training, steps: int, per_epoch: int) -> str:
    """Return the learning rate of a step as an expression."""
    chosen: Schedule = training.schedule
    match chosen:
        case Constant():
            return "LEARNING_RATE"
        case WarmUp(steps=rise):
            return f"LEARNING_RATE * min(1.0, (step + 1) / {rise})"
        case StepDecay(epochs=epochs, factor=by):
            return f"LEARNING_RATE * {by!r} ** (step // {per_epoch} // {epochs})"
        case Cosine(warm_up=rise, least=least):
            length = max(1, steps - rise)
            fall = (
                f"{least!r} + {1 - least!r} * (1 + np.cos(np.pi * (step - {rise}) / {length})) / 2"
            )
            rising = f"(step + 1) / {rise} if step < {rise} else " if rise else ""
            return f"LEARNING_RATE * ({rising}{fall})"
