"""Which Python code of a person's own may run: the exact texts that they have said yes to.

What is kept is the SHA-256 digest of each text, one a line, in a file of the person's own. A text
that was changed by one letter is another text. This protects from code that came along unread in
somebody's file, not from malice in code that was read and trusted.
"""

from initstudio import paths
from initstudio.files import atomic_write

FILE = "trusted code.txt"


def is_trusted(text: str) -> bool:
    """Return whether the person has trusted exactly this text."""
    return _digest(text) in _trusted()


def trust(text: str) -> None:
    """Let this text run from now on, in this and every later start.

    Raises:
        OSError: It could not be written down; the text stays untrusted.
    """
    digests = [*_trusted(), _digest(text)]
    paths.user_data().mkdir(parents=True, exist_ok=True)
    data = "".join(f"{one}\n" for one in dict.fromkeys(digests))
    atomic_write(paths.user_data() / FILE, data.encode("ascii"))


def _digest(text: str) -> str:
    import hashlib  # noqa: PLC0415 - not at the window's start

    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _trusted() -> list[str]:
    """Return the digests; none where there is no such file or it cannot be read."""
    try:
        return (paths.user_data() / FILE).read_text(encoding="ascii").split()
    except (OSError, UnicodeDecodeError):
        return []
