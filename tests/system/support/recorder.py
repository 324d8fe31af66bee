"""A mail server that remembers which messages came, when, and on which connection: for counting that nothing is lost
and nothing comes twice. The id of a message is its X-Id field."""
import re
import time

from .instance import wait_until
from .remote_server import Server

_ID = re.compile(rb"^X-Id: (\S+)\r$", re.MULTILINE)


def letter(identity, size=0):
    """A message with an id and so many octets of body."""
    line = b"0123456789abcdef" * 4 + b"\r\n"
    return b"Subject: %s\r\nX-Id: %s\r\n\r\n" % (identity.encode(), identity.encode()) + line * (size // len(line)) + b"end\r\n"


class Recorder(Server):
    def __init__(self, keep_bodies=False, **options):
        self.arrivals = {}  # id to the instants (monotonic) at which it was answered 250
        self.keep_bodies = keep_bodies
        super().__init__(self._script, **options)

    def _script(self, dialogue):
        dialogue.greet()
        while True:
            dialogue.take_envelope()
            dialogue.take_body(answer=None)
            self.record(dialogue)

    def record(self, dialogue):
        """Remembers the message that this connection has just brought, and answers."""
        with self.changed:
            # Other connections may have added theirs meanwhile.
            at = max(i for i, message in enumerate(self.messages) if message.connection == dialogue.number)
            found = _ID.search(self.messages[at].body)
            if not self.keep_bodies:
                del self.messages[at]
            self.arrivals.setdefault(found.group(1).decode() if found else "", []).append(time.monotonic())
        dialogue.say("250 2.0.0 Ok: recorded\r\n")

    @property
    def route(self):
        return f"127.0.0.1:{self.port}"

    def wait_for(self, identities, patience=60):
        wanted = set(identities)
        wait_until(lambda: wanted <= self.arrivals.keys(),
                   lambda: f"{len(wanted - self.arrivals.keys())} of {len(wanted)} messages", patience)

    def duplicates(self):
        return {identity: times for identity, times in self.arrivals.items() if len(times) > 1}
