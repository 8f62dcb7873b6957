"""Who may talk to the editor: the page that it made itself, and nobody else on the machine or in the web.

What is guarded against: other users and programs of this machine, which can reach the loopback too; web pages
in the same browser, which can send requests there but neither know the token nor set the header; names that
are made to point at 127.0.0.1 (DNS rebinding), whose Host is another.
"""

import hmac
import secrets
from email.message import Message

HEADER = "X-Ptrack-Session"
HOST = "127.0.0.1"


class Guard:
    """The token of the address, good for one use, and the secret that the page then sends with each request.

    The secret is only in the memory of the page: a header, not a cookie, since cookies go to every port of
    the loopback. Loading the page again takes the next token, which the page was given. ``lasting``: the
    token stays good, for a notebook, whose frames are loaded anew whenever they come into view.
    """

    def __init__(self, port: int, *, lasting: bool = False) -> None:
        self.authority = f"{HOST}:{port}"
        self.lasting = lasting
        self._token = secrets.token_urlsafe(32)
        self.secret = secrets.token_urlsafe(32)

    @property
    def origin(self) -> str:
        """The origin of the page."""
        return f"http://{self.authority}"

    @property
    def address(self) -> str:
        """The address with the token that is good now."""
        return f"{self.origin}/?token={self._token}"

    def meant(self, headers: Message) -> bool:
        """Tell whether a request was meant for this server, and comes from no other page's script."""
        return headers.get("Host") == self.authority and headers.get("Origin") in {None, self.origin}

    def is_good(self, token: str) -> bool:
        """Tell whether the token is the one that is good now."""
        return _equal(token, self._token)

    def admit(self, token: str) -> bool:
        """Tell whether the token is the one that is good now, and make it good no more."""
        good = self.is_good(token)
        if good and not self.lasting:
            self._token = secrets.token_urlsafe(32)
        return good

    def knows(self, headers: Message) -> bool:
        """Tell whether a request comes from the page: it has the secret."""
        site = headers.get("Sec-Fetch-Site")
        return _equal(headers.get(HEADER) or "", self.secret) and site in {None, "same-origin"}


def _equal(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode())
