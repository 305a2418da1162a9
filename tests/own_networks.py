"""Networks of a person's own as a test needs them: their texts, read and trusted."""

from initstudio.described import Described, to_text
from initstudio.engine.describe import describe
from initstudio.experiment import Choice
from initstudio.trust import trust

HEAD = "import torch\nfrom torch import nn\nfrom torch.nn import functional as F\n\n\n"

MLP = (
    HEAD
    + '''class Net(nn.Module):
    """Two hidden layers."""

    def __init__(self, inputs=6, hidden=7, classes=3):
        super().__init__()
        self.fc1 = nn.Linear(inputs, hidden)
        self.fc2 = nn.Linear(hidden, hidden)
        self.out = nn.Linear(hidden, classes)
        self.act = nn.Tanh()

    def forward(self, x):
        return self.out(self.act(self.fc2(F.relu(self.fc1(x)))))
'''
)

CNN = (
    HEAD
    + """class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.head = nn.Linear(32, 10)
        self.conv1 = nn.Conv2d(1, 4, 3, padding=1)
        self.conv2 = nn.Conv2d(4, 8, 3, stride=2)
        self.pool = nn.MaxPool2d(2)

    def forward(self, x):
        x = self.pool(F.relu(self.conv1(x)))
        return self.head(F.pad(F.relu(self.conv2(x)), (0, 1, 0, 1)).flatten(1))
"""
)

RESIDUAL = (
    HEAD
    + """class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.lin = nn.Linear(width, width)
        self.norm = nn.BatchNorm1d(width)
        self.drop = nn.Dropout(0.3)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x):
        y = self.drop(self.norm(self.lin(x)))
        y += x
        return self.relu(y)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Linear(6, 8)
        self.blocks = nn.ModuleList([Block(8), Block(8)])
        self.scale = nn.Parameter(torch.ones(1))
        self.register_buffer("weights", torch.linspace(0.5, 1.5, 8))
        self.out = nn.Linear(8, 3)

    def forward(self, x):
        x = self.stem(x)
        for block in self.blocks:
            x = block(x)
        return self.out(x * self.weights * self.scale)
"""
)

RECURRENT = (
    HEAD
    + """class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.LSTM(2, 5, batch_first=True)
        self.out = nn.Linear(5, 3)

    def forward(self, x):
        outputs, _ = self.rnn(x.view(len(x), 3, 2))
        return self.out(outputs[:, -1])
"""
)

GRU_CELL = (
    HEAD
    + """class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell = nn.GRUCell(2, 5)
        self.out = nn.Linear(5, 3)

    def forward(self, x):
        state = torch.zeros(len(x), 5, dtype=x.dtype)
        for step in range(3):
            state = self.cell(x[:, 2 * step : 2 * step + 2], state)
        return self.out(state)
"""
)

CELL = (
    HEAD
    + '''class Net(nn.Module):
    """Elman's network, written out: its two layers are used at every step."""

    def __init__(self):
        super().__init__()
        self.out = nn.Linear(5, 3)
        self.reads = nn.Linear(2, 5)
        self.keeps = nn.Linear(5, 5, bias=False)

    def forward(self, x):
        state = torch.zeros(len(x), 5, dtype=x.dtype)
        for step in range(3):
            state = torch.tanh(self.reads(x[:, 2 * step : 2 * step + 2]) + self.keeps(state))
        return self.out(state)
'''
)

SHARED = (
    HEAD
    + """class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Linear(6, 8)
        self.twice = nn.Linear(8, 8)
        self.act = nn.Tanh()
        self.tied = nn.Linear(8, 8)
        self.tied.weight = self.twice.weight
        self.more = nn.Linear(8, 8)
        self.out = nn.Linear(8, 3)

    def forward(self, x):
        x = self.act(self.twice(self.act(self.twice(self.stem(x)))))
        return self.out(self.act(self.more(self.act(self.tied(x)))))
"""
)

NOISY = (
    HEAD
    + """class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(6, 16)
        self.out = nn.Linear(16, 3)

    def forward(self, x):
        return self.out(F.dropout(F.relu(self.fc1(x)), 0.4, self.training))
"""
)


def read(
    code: str, shape: tuple[int, ...] = (6,), factory: str = "Net", tokens: int = 0
) -> Described:
    """Return the description of a text, run in this process."""
    return describe(code, factory, shape, tokens)


def own(code: str, shape: tuple[int, ...] = (6,), factory: str = "Net", tokens: int = 0) -> Choice:
    """Return a text as a layer, read and trusted."""
    trust(code)
    described = to_text(read(code, shape, factory, tokens))
    return Choice("own", {"code": code, "factory": factory, "described": described})
