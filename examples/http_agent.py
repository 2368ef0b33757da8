"""An agent as a service: the agent of cmd_agent.py behind POST /execute.

    python examples/http_agent.py 9000 &
    outtrade run http://127.0.0.1:9000 --scenarios 4 --workers 4

The answer to ``execute`` is a stream of lines: what is believed and stored as it happens, the report last. ``stored``
comes as a POST of its own, in another thread. A broken stream means that this task is dead: its thread ends.
"""

import itertools
import json
import select
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cmd_agent import Agent

numbers = itertools.count(1)
waiting = {}


class Task(Agent):
    """One task, which speaks through the answer of its request."""

    def __init__(self, execute, say, gone):
        self.say, self.gone = say, gone
        super().__init__(execute)

    def now(self):
        """Asked all the time; whoever has died notices it here."""
        if self.gone():
            raise ConnectionError("the harness hung up")
        return super().now()

    def remember(self, key, value):
        """Durable once ``stored`` with the same id has come."""
        number, durable = next(numbers), threading.Event()
        waiting[number] = durable
        self.say(type="store", id=number, key=key, value=value)
        if not durable.wait(10):
            raise ConnectionError("never became durable")

    def publish(self, view):
        self.say(type="publish", view="OrderView", data=view)


class Handler(BaseHTTPRequestHandler):
    """POST /execute with one message of the protocol."""

    def do_POST(self):
        message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.send_header("Content-Type", "application/x-ndjson")
        self.end_headers()  # HTTP/1.0: the end of the connection is the end of the answer
        if message["type"] == "init":
            self.say(type="ready", id=message["id"], name="http_agent", version="1")
        elif message["type"] == "stored":
            waiting.pop(message["id"]).set()
        elif message["type"] == "execute":
            task = Task(message, self.say, self.gone)
            task.work()
            self.say(type="report", id=message["id"], report=task.report())

    def say(self, **message):
        self.wfile.write(json.dumps(message).encode() + b"\n")

    def gone(self):
        """Whether the harness has hung up: there is something to read, and that can only be the end."""
        return bool(select.select([self.connection], [], [], 0)[0])

    def log_message(self, *what):
        """No line for each request."""


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        print(f"a task ended: {sys.exc_info()[1]!r}", file=sys.stderr)


if __name__ == "__main__":
    server = Server(("127.0.0.1", int(sys.argv[1])), Handler)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()
