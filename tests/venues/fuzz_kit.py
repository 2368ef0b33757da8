"""A fuzzer for any venue: requests, frames and time in an order that no client would think of.

    fuzz = Fuzz("binance_spot", seed=1)
    for number in range(10):
        fuzz.episode(number)

A run is a row of episodes, each with a venue of its own and random numbers that depend on seed and episode alone, so
that a failure is played again by its two numbers. A step is one of

* a unified call of an unmodified ccxt with odd arguments, often with its parameters damaged *before* they are signed
* a request seen before, damaged *after* it was signed; or one made of nothing
* a frame: random text, damaged sample frames (``fuzz_frames``), or one seen before, on sessions that open and close
* time that passes, a little or a lot; somebody who takes part of an order; events rendered for whoever is subscribed

What must hold after each: no exception, an end in time (``HANGS``), an answer in the venue's envelope (``about()``)
that ``interpret`` reads, and a definite refusal that changed neither money nor orders. At the end of an episode the
core's auditor looks at everything, and no atom of any asset came or went (``check``, ``total``).
"""

from __future__ import annotations

import contextlib
import json
import random
import signal
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from direct import MS, Failed, Wire, core_of
from fuzz_calls import requests_of, unified
from fuzz_frames import frames_of
from fuzz_values import BODIES, JUNK, METHODS, TEXTS, Odd

from outtrade_mocks.core.invariants import check, total
from outtrade_mocks.venues.api import Call, Close, Commit, HttpAnswer, HttpRequest, Push, Reading

EPISODE = 400
"""Steps of an episode."""
HANGS = 10.0
"""CPU seconds after which a step hangs."""
READINGS = ("ok", "definite", "ambiguous")


class Wrong(BaseException):
    """What must hold did not. No Exception, so that no client library swallows it."""


class Hangs(BaseException):
    """A step took too long."""


class Fuzz:
    """One venue under fire. ``done`` counts steps by kind; ``seen`` counts answers by reading."""

    def __init__(self, venue: str, seed: int) -> None:
        self.name, self.seed = venue, seed
        self.wire = Wire(venue)
        self.about = self.wire.module.about()
        self.done: Counter[str] = Counter()
        self.seen: Counter[str] = Counter()
        self._paths = [(row.method, row.path) for row in self.about.endpoints if row.method != "WS"]
        self.damaging = False
        self.sent: list[dict[str, Any]] = []
        self._sign = self.wire.ccxt.sign
        self.wire.ccxt.sign = self._signing
        self.wire.load()
        self.signable = requests_of(self.wire.ccxt, set(self._paths))
        assert self.signable, "ccxt signs none of the requests in about()"
        self.markets = [name for name in self.wire.config.symbols if name in self.wire.ccxt.markets]
        assert self.markets, "ccxt sees none of the configured symbols"
        self.wire.asked, self.wire.seen = self._note, self._judge

    # ------------------------------------------------------------------ running
    def begin(self, number: int) -> None:
        """A venue of its own for an episode."""
        self.rng = random.Random(f"{self.name} {self.seed} {number}")
        self.odd = Odd(self.rng)
        self.wire.restart(self.name, self.rng.randrange(1000))
        self.past: list[HttpRequest] = []
        self.sent = []
        self.ids: list[str] = ["1"]
        self.sessions: list[Any] = []
        self.pushes: list[Push] = []
        self.damaging = False
        self.last = "the beginning"
        self.wire.venue.on_push(self.pushes.append)

    def episode(self, number: int, steps: int = EPISODE) -> None:
        """A venue of its own, ``steps`` steps, and the auditor. Raises AssertionError that says how to see it again."""
        self.begin(number)
        core = core_of(self.wire.venue)
        assets = sorted(
            {name for account in core.accounts.values() for name in account.balances} | set(core.ledger.fees)
        )
        before = {asset: total(core, asset) for asset in assets}
        began = sum(self.done.values())
        try:
            with _alarm():
                for _ in range(steps):
                    signal.setitimer(signal.ITIMER_PROF, HANGS)
                    self._step()
                signal.setitimer(signal.ITIMER_PROF, 0)
                check(core, self.last)
                after = {asset: total(core, asset) for asset in assets}
                if after != before:
                    raise Wrong(f"money came or went: {before} became {after}")
        except (Exception, Failed, Wrong, Hangs) as error:
            again = f"python tests/venues/fuzz.py {self.name} --seed {self.seed} --episode {number}"
            kind = "" if isinstance(error, Wrong | Failed) else f"{type(error).__name__}: "
            step = sum(self.done.values()) - began
            raise AssertionError(f"step {step}, {self.last}: {kind}{error}\n    again: {again}") from error

    def _step(self) -> None:
        rng = self.rng
        kind = rng.choices(
            ("call", "damaged call", "signed", "replay", "nothing", "frame", "session", "time", "fill", "push"),
            (16, 18, 16, 14, 6, 16, 3, 8, 2, 3),
        )[0]
        self.done[kind] += 1
        getattr(self, "_" + kind.replace(" ", "_"))()

    # ------------------------------------------------------------------ steps
    def _call(self) -> None:
        self.wire.now += MS * self.rng.randrange(1, 50)
        name, call = self.rng.choice(unified(self.rng, self.wire.ccxt, self.markets, self.ids))
        self.last = name
        try:
            told = call()
        except Exception:
            return  # the client's own opinion, or its reading of a refusal
        for one in told if isinstance(told, list) else [told]:
            if isinstance(one, dict) and isinstance(one.get("id"), str):
                self.ids.append(one["id"])
                del self.ids[:-30]

    def _damaged_call(self) -> None:
        self.damaging = True
        try:
            self._call()
        finally:
            self.damaging = False

    def _signing(self, path: str, api: Any = "public", method: str = "GET", params: Any = None, *rest: Any) -> Any:
        params = {} if params is None else params
        if params and isinstance(params, dict):
            self.sent.append(params)
            del self.sent[:-30]
        return self._sign(path, api, method, self.odd.damage(params) if self.damaging else params, *rest)

    def _signed(self) -> None:
        """Any request of the venue, signed, with parameters of another."""
        rng = self.rng
        params = dict(rng.choice(self.sent)) if self.sent else {}
        if rng.random() < 0.7:
            params = self.odd.damage(params)
        self.send_signed(*rng.choice(self.signable), params)

    def send_signed(self, path: str, api: list[str], method: str, params: Any) -> None:
        """One of ``signable`` with these parameters, as ccxt signs it."""
        self.wire.now += MS * self.rng.randrange(1, 50)
        try:
            made = self._sign(path, api, method, params)
        except Exception:
            return  # the client cannot sign that
        parts = urlsplit(made["url"])
        headers = {str(name).lower(): str(value) for name, value in (made["headers"] or {}).items()}
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        body = (made["body"] or "").encode("utf-8", "replace")
        self.send(HttpRequest(method, target, parts.hostname or "", headers, body))

    def _replay(self) -> None:
        if not self.past:
            return self._nothing()
        old, rng = self.rng.choice(self.past), self.rng
        method, target, body, headers = old.method, old.target, old.body, dict(old.headers)
        for _ in range(rng.randrange(3)):
            what = rng.randrange(7)
            if what == 0:
                target = self.odd.scratched(target.encode()).decode("latin-1")
            elif what == 1:
                body = self.odd.scratched(body)
            elif what == 2 and headers:
                del headers[rng.choice(sorted(headers))]
            elif what == 3 and headers:
                headers[rng.choice(sorted(headers))] = str(rng.choice(JUNK))
            elif what == 4:
                method = rng.choice(METHODS)
            elif what == 5:
                pairs = f"{rng.choice(('symbol', 'limit', 'timestamp', 'x', ''))}={rng.choice(JUNK)}"
                target += ("&" if "?" in target else "?") + pairs
            else:
                body = json.dumps(self.odd.damage({"symbol": "BTCUSDT", "a": [1]})).encode()
        self.send(HttpRequest(method, target, old.host, headers, body))

    def _nothing(self) -> None:
        rng = self.rng
        method, path = rng.choice(self._paths)
        if rng.random() < 0.3:
            method, path = (
                rng.choice(METHODS),
                rng.choice(("/", "", "*", "//", "/%2e%2e", "http://[", path + "/x", path[:-1])),
            )
        query = "&".join(f"{rng.choice(('symbol', 'limit', 'category', 'instId', 'pair'))}={rng.choice(JUNK)}"
                         for _ in range(rng.randrange(4)))  # fmt: skip
        body = rng.choice((*BODIES, rng.randbytes(rng.randrange(40)), json.dumps(rng.choice(JUNK)).encode()))
        hosts = [host for host, _ in self.wire.venue.rest_hosts] + ["localhost", ""]
        kinds = ("application/json", "application/x-www-form-urlencoded", "text/plain", "")
        self.send(HttpRequest(method, f"{path}?{query}", rng.choice(hosts), {"content-type": rng.choice(kinds)}, body))

    def send(self, request: HttpRequest) -> None:
        """A request as it is."""
        self.last = f"{request.method} {request.target[:300]} {request.body[:300]!r} {request.headers}"
        self.wire.now += self.rng.randrange(3 * MS)
        self.wire.send(request)

    def _frame(self) -> None:
        rng, now = self.rng, self.wire.now
        connections = frames_of(self.wire, self.odd.damage if rng.random() < 0.5 else dict)
        if len(self.sessions) < 3:
            self._open(connections)
        place, session = rng.choice(self.sessions)
        own = next(frames for host, path, frames in connections if (host, path) == place)
        text = rng.choice(own) if own and rng.random() < 0.8 else rng.choice(TEXTS)
        if rng.random() < 0.4:
            text = self.odd.scratched(text.encode("utf-8", "surrogatepass")).decode("utf-8", "replace")
        self.last = f"frame on {place[1]}: {text[:300]}"
        call = session.read(text)
        if not isinstance(call.op, str) or not isinstance(call.params, dict):
            raise Wrong(f"a call without op or params: {call}")
        answer = session.admit(call, now)
        if answer is None:
            answer = session.render(session.execute(call, now), now)
        said = [answer.body.decode("utf-8"), *answer.also] if answer.body else list(answer.also)
        self._spoken(said)
        if answer.body:
            self._read(session.interpret(answer.status, answer.headers, answer.body, now))
        if any(isinstance(one, Close) for one in answer.also):
            self._shut(place, session)

    def _open(self, connections: Any) -> None:
        host, path, _ = self.rng.choice(connections)
        self.last = f"connection to {host}{path}"
        session = self.wire.venue.open_session(host, path, self.wire.now)
        self.sessions.append(((host, path), session))
        self._spoken(session.opened(self.wire.now))

    def _shut(self, place: Any, session: Any) -> None:
        session.closed()
        self.sessions.remove((place, session))

    def _session(self) -> None:
        rng = self.rng
        self.last = "session"
        if self.sessions and rng.random() < 0.5:
            place, session = rng.choice(self.sessions)
            self._shut(place, session)
            if rng.random() < 0.3:
                session.closed()
        elif len(self.sessions) < 6:
            if rng.random() < 0.2:
                host, path = rng.choice(
                    (("", ""), ("nowhere", "/"), (self.wire.venue.stream_hosts[0][0], "/ws/%00?a=b&a"))
                )
                self.last = f"connection to {host}{path}"
                odd = self.wire.venue.open_session(host, path, self.wire.now)
                self._spoken(odd.opened(self.wire.now))
                odd.closed()
            else:
                self._open(frames_of(self.wire))

    def _time(self) -> None:
        self.last = "time"
        self.wire.wait(self.rng.choice((0, 1, MS, 100 * MS, 1000 * MS, 5_000 * MS, 30_000 * MS, 70_000 * MS)))
        now = self.wire.now
        soon = self.wire.venue.next_time()
        if soon is not None and soon <= now:
            raise Wrong(f"at {now} the venue's next time is {soon}")
        for place, session in list(self.sessions):
            for _ in range(10_000):
                at = session.next_time()
                if at is None or at > now:
                    break
                said = session.due(now)
                self._spoken(said)
                if any(isinstance(one, Close) for one in said):
                    self._shut(place, session)
                    break
            else:
                raise Wrong(f"the session on {place[1]} is never done at {now}")

    def _fill(self) -> None:
        working = self.wire.venue.truth()["working"]
        self.last = "fill"
        if working:
            self.wire.venue.fill(self.rng.choice(working), Decimal(self.rng.choice(("0.1", "0.5", "1"))))

    def _push(self) -> None:
        self.last = "events"
        for push in self.pushes[-20:]:
            json.loads(push.render())
            for _, session in self.sessions:
                self._spoken(session.frames(push))
        self.pushes.clear()

    # ------------------------------------------------------------------ judging
    def _note(self) -> None:
        """What must be the same after a refusal; looked at now and then, because it costs."""
        self.before = None
        if self.rng.random() < 0.25:
            self.wire.venue.advance(self.wire.now)
            self.before = self._held()

    def _held(self) -> tuple[Any, ...]:
        truth = self.wire.venue.truth()
        return truth["balances"], truth["working"], truth.get("positions")

    def _judge(self, request: HttpRequest, call: Call, commit: Commit | None, answer: HttpAnswer) -> None:
        if len(request.body) < 4000 and len(request.target) < 4000:
            self.past.append(request)
            del self.past[:-20]
        if not isinstance(call.op, str) or not all(isinstance(part, str) for part in call.params):
            raise Wrong(f"a call without op or params: {call}")
        if not 100 <= answer.status <= 599:
            raise Wrong(f"status {answer.status}")
        for name, value in answer.headers.items():
            if not (isinstance(name, str) and isinstance(value, str)) or set(name + value) & {"\r", "\n", "\0"}:
                raise Wrong(f"header {name!r}: {value!r}")
        reading = self.wire.venue.interpret(answer.status, answer.headers, answer.body, self.wire.now)
        self._read(reading)
        refused = reading.outcome == "definite" and (commit is None or not commit.order_ids)
        if refused and self.before is not None and (after := self._held()) != self.before:
            raise Wrong(f"refused ({answer.status} {answer.body[:200]!r}), but {self.before} became {after}")
        if "json" not in answer.content_type:
            return
        try:
            body = json.loads(answer.body) if answer.body else None
        except ValueError:
            raise Wrong(f"no JSON: {answer.body[:200]!r}") from None
        keys = self.about.answer_keys if reading.outcome == "ok" else self.about.refusal_keys
        if keys and (not isinstance(body, dict) or not all(set(key.split("|")) & set(body) for key in keys)):
            raise Wrong(f"{answer.status}, read as {reading.outcome}, lacks {keys}: {answer.body[:200]!r}")

    def _read(self, reading: Reading) -> None:
        if reading.outcome not in READINGS:
            raise Wrong(f"read as {reading}")
        self.seen[reading.outcome] += 1

    def _spoken(self, said: Any) -> None:
        for one in said:
            if not isinstance(one, str | Close):
                raise Wrong(f"a session says {one!r}")


@contextlib.contextmanager
def _alarm() -> Iterator[None]:
    """SIGPROF, which CPU time raises, ends a step that hangs."""

    def hangs(*_: object) -> None:
        raise Hangs(f"more than {HANGS:.0f} s of CPU time")

    before = signal.signal(signal.SIGPROF, hangs)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
