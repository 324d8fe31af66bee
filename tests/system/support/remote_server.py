"""An SMTP server that does as a script says, for what no honest server would do.

A script is a function of one Dialogue; it runs in a thread for each connection. Ready-made parts: greet(), take_envelope(),
take_body(). Everything that clients sent in whole messages is in Server.messages.

    def script(d):
        d.greet()
        d.take_envelope()
        d.close()

    with Server(script) as server:
        ... server.destination ...
"""
import collections
import socket
import threading
import time

Message = collections.namedtuple("Message", "sender recipients body connection")


class Gone(Exception):
    """The client has closed."""


class Dialogue:
    def __init__(self, server, connection, number):
        self.server, self.connection, self.number = server, connection, number
        self._input = bytearray()
        self.commands = []  # what the client said, without bodies
        self.sender, self.recipients = None, []

    def say(self, text):
        try:
            self.connection.sendall(text.encode() if isinstance(text, str) else text)
        except OSError as error:
            raise Gone from error

    def read_more(self):
        try:
            more = self.connection.recv(1 << 16)
        except OSError as error:
            raise Gone from error
        if not more:
            raise Gone
        self._input += more

    def read_until(self, end):
        seen = 0
        while (found := self._input.find(end, seen)) < 0:
            seen = max(0, len(self._input) - len(end))
            self.read_more()
        taken = bytes(self._input[:found])
        del self._input[:found + len(end)]
        return taken

    def command(self):
        line = self.read_until(b"\r\n").decode()
        with self.server.changed:
            self.commands.append(line)
            self.server.changed.notify_all()
        return line

    def close(self):
        self.connection.close()
        raise Gone

    def reset(self):
        """Closes with RST."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        self.close()

    # -- parts of an honest server ------------------------------------------------------------------------------------
    def greet(self, offers=("PIPELINING", "SIZE 100000000", "8BITMIME", "ENHANCEDSTATUSCODES"), verb="EHLO"):
        self.say("220 script.test\r\n")
        assert self.command().startswith(verb + " ")
        lines = ["script.test", *offers]
        self.say("".join(f"250{'-' if i + 1 < len(lines) else ' '}{line}\r\n" for i, line in enumerate(lines)))

    def take_envelope(self, mail="250 2.1.0 ok", rcpt="250 2.1.5 ok", data="354 go on"):
        """Answers MAIL, RCPT, DATA; `rcpt` may be a function of the command line. None: no answer. Answers QUIT."""
        while True:
            line = self.command()
            verb = line.split()[0].upper()
            if verb == "MAIL":
                self.sender, self.recipients = line[11:line.index(">")], []
                answer = mail
            elif verb == "RCPT":
                answer = rcpt(line) if callable(rcpt) else rcpt
                if answer and answer[0] == "2":
                    self.recipients.append(line[9:line.index(">")])
            elif verb == "DATA":
                if data:
                    self.say(data + "\r\n")
                return
            elif verb == "QUIT":
                self.say("221 bye\r\n")
                self.close()
            else:
                answer = "250 ok"
            if answer:
                self.say(answer + "\r\n")

    def take_body(self, answer="250 2.0.0 Ok: queued as SCRIPT"):
        body = self.read_until(b"\r\n.\r\n") + b"\r\n"
        with self.server.changed:
            self.server.messages.append(Message(self.sender, self.recipients, body, self.number))
            self.server.changed.notify_all()
        if answer:
            self.say(answer + "\r\n")

    def serve(self):
        """An honest server until the client leaves."""
        while True:
            self.take_envelope()
            self.take_body()


    def serve_lmtp(self, answer="250 2.0.0 Saved"):
        """The same by LMTP: `answer`, or what it says of a recipient, for each of them."""
        while True:
            self.take_envelope()
            self.take_body(answer=None)
            for recipient in self.recipients:
                self.say((answer(recipient) if callable(answer) else answer) + "\r\n")


def honest(dialogue):
    dialogue.greet()
    dialogue.serve()


class Server:
    def __init__(self, script=honest, address="127.0.0.1", port=0, path=None):
        self.script = script
        self.messages = []
        self.dialogues = []
        self.changed = threading.Condition()
        self._listener = socket.socket(socket.AF_UNIX if path else socket.AF_INET, socket.SOCK_STREAM)
        if path:
            self._listener.bind(str(path))
            self.destination = str(path)
        else:
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._listener.bind((address, port))
            self.address, self.port = self._listener.getsockname()
            self.destination = f"[{self.address}]:{self.port}"
        self._listener.listen(128)
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._listener.shutdown(socket.SHUT_RDWR)  # close() alone would leave it open to the thread in accept()
        self._listener.close()
        for dialogue in self.dialogues:
            dialogue.connection.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            if connection.family == socket.AF_INET:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            dialogue = Dialogue(self, connection, len(self.dialogues))
            with self.changed:
                self.dialogues.append(dialogue)
                self.changed.notify_all()
            threading.Thread(target=self._run, args=(dialogue,), daemon=True).start()

    def _run(self, dialogue):
        try:
            self.script(dialogue)
        except Gone:
            pass
        with self.changed:
            dialogue.over = True
            self.changed.notify_all()
        dialogue.connection.close()

    def wait_until(self, condition, seconds=20):
        deadline = time.monotonic() + seconds
        with self.changed:
            while not condition():
                left = deadline - time.monotonic()
                assert left > 0, "it did not come to pass"
                self.changed.wait(left)
