"""Authentication of the editor: one-time tokens for pages, and the secret of the page."""

import hmac
import secrets
from email.message import Message
from time import monotonic

HEADER = "X-Ptrack-Session"
HOST = "127.0.0.1"


class Authenticator:
    """Admits pages by one-time tokens, and their requests by a secret.

    The secret is only in the memory of the page and is sent as a header. A cookie would go to every port of
    this machine. A page that is loaded again uses the next token, which it has received.
    """

    def __init__(self, port: int) -> None:
        self.authority = f"{HOST}:{port}"
        self.secret = secrets.token_urlsafe(32)
        self._expiries: dict[str, float] = {}

    @property
    def origin(self) -> str:
        """The origin of the page."""
        return f"http://{self.authority}"

    def create_address(self, lifetime: float = float("inf")) -> str:
        """Create the address of one page, with a token that expires after ``lifetime`` [s] if unused."""
        token = secrets.token_urlsafe(32)
        self._expiries[token] = monotonic() + lifetime
        return f"{self.origin}/?token={token}"

    def is_addressed(self, headers: Message) -> bool:
        """Return whether a request addresses this server and does not come from another page's script."""
        return headers.get("Host") == self.authority and headers.get("Origin") in {None, self.origin}

    def is_valid(self, token: str) -> bool:
        """Return whether a token is valid now."""
        return self._find(token) is not None

    def admit(self, token: str) -> bool:
        """Return whether a token is valid now, and invalidate it."""
        found = self._find(token)
        if found is not None:
            del self._expiries[found]
        return found is not None

    def _find(self, token: str) -> str | None:
        now = monotonic()
        self._expiries = {known: expiry for known, expiry in self._expiries.items() if expiry > now}
        return next((known for known in self._expiries if _is_equal(token, known)), None)

    def has_secret(self, headers: Message) -> bool:
        """Return whether a request comes from the page."""
        site = headers.get("Sec-Fetch-Site")
        return _is_equal(headers.get(HEADER) or "", self.secret) and site in {None, "same-origin"}


def _is_equal(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode())
