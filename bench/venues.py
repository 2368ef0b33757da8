"""What a request costs in each mock venue, and what starting one costs.

    python bench/venues.py                 every venue
    python bench/venues.py kraken_spot     one of them

*Create order* is all that a venue does for one signed request: reading it, key, signature, clock and limits, matching
and the account, and the bytes of the answer; without HTTP parsing and without a network. The requests are made in
advance by an unmodified ccxt and played to fresh venues, several times; printed are the fastest tenth and the median of
all, in microseconds. On a busy machine the former is the better figure: whoever is interrupted is slower, and nobody is
faster. *Core* is how much of that tenth is spent in the exchange core (``Exchange.place``: matching, the account, its
events), which all venues share. Orders rest, in an account that has up to eighty open (Kraken takes no more). RSA,
Ed25519, ES256 and EdDSA requests are fewer, because ccxt takes long to sign them. Where a request carries a token
(Coinbase), a line of its own says how much of the fastest tenth is spent in verifying it: the work of ``cryptography``.
*header* is a key that is sent as it is (Alpaca): what is left is codec and core. *session* is an order with the token
of a session that was signed in before (Deribit), and the line below it what signing in costs (``public/auth``).
*Start* is ``build`` in milliseconds, once the process has read the reference data (and, apart, the first time, with the
import of the package); the 3,000 instruments come through ``VenueConfig.reference``.
"""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from statistics import median
from time import perf_counter_ns
from typing import Any, NamedTuple

from msgspec import structs

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "mocks"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "venues"))

from direct import MIDS, MS, Wire, core_of

from outtrade_mocks.venues import NAMES, load
from outtrade_mocks.venues.api import Call, Commit, HttpAnswer, HttpRequest
from outtrade_mocks.venues.config import VenueConfig

EPOCH = 1_767_225_600 * 10**9
"""1 January 2026, in UNIX nanoseconds: calendars know no sessions of 1970."""

SESSIONS = {"deribit": "/api/v2/public/auth?grant_type=client_credentials&client_id={key}&client_secret={secret}"}
"""Where a session can be signed in, whose token stands for a signature: the request for that."""
LOGINS = 200
"""Times that a session is signed in."""
MOCKS = Path(__file__).resolve().parents[1] / "mocks"
ORDERS, FEWER, OPEN, RUNS = 400, 80, 80, 5
"""Orders a pass with a shared secret, and with a key pair; most that are open at once; passes."""
CALM = {"maker_rate": 0.0, "taker_rate": 0.0, "volatility_bps": 0.0}
Asked = tuple[int, HttpRequest, bool]
"""When (UNIX ns), what, and whether it is timed."""


def key_pairs(kinds: Any) -> Iterator[tuple[str, str | None, bytes | None]]:
    """Kind, private and public half (PEM) of each kind of key that the venue takes.

    HMAC, ES256, plain headers and sessions are what the venue's own credentials are for, and need none.
    """
    if not kinds:
        yield "header", None, None
        return
    yield "ES256" if "es256" in kinds else "HMAC", None, None
    if "bearer" in kinds:
        yield "session", None, None
    if "eddsa" in kinds:
        yield from token_keys()
    if not {"rsa", "ed25519"} & set(kinds):
        return
    try:
        from cryptography.hazmat.primitives import serialization as form
        from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
    except ImportError:
        print("RSA and Ed25519 keys left out: pip install 'outtrade[keys]'", file=sys.stderr)
        return
    made = {"rsa": lambda: rsa.generate_private_key(65537, 2048), "ed25519": ed25519.Ed25519PrivateKey.generate}
    for kind in (kind for kind in made if kind in kinds):
        key: Any = made[kind]()
        private = key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption()).decode()
        public = key.public_key().public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo)
        yield kind.upper() if kind == "rsa" else "Ed25519", private, public


def token_keys() -> Iterator[tuple[str, str | None, bytes | None]]:
    """An Ed25519 key in the form in which Coinbase hands it out: seed and public key, base64."""
    try:
        from cryptography.hazmat.primitives import serialization as form
        from cryptography.hazmat.primitives.asymmetric import ed25519
    except ImportError:
        return
    key = ed25519.Ed25519PrivateKey.generate()
    public = key.public_key()
    halves = key.private_bytes_raw() + public.public_bytes_raw()
    pem = public.public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo)
    yield "EdDSA", b64encode(halves).decode(), pem


def keys_of(venue: str) -> Any:
    """What kinds of key sign a venue's requests; nothing where none does."""
    return load(venue).traits["auth"].value.get("keys", ())


def signing_in(wire: Wire, venue: str) -> HttpRequest:
    """The request that signs a session in."""
    keys = wire.module.credentials
    target = SESSIONS[venue].format(key=keys.key, secret=keys.secret)
    return HttpRequest("GET", target, wire.venue.rest_hosts[0][0], {}, b"")


def requests(wire: Wire, venue: str, orders: int, *, session: bool = False) -> list[Asked]:
    """What a client sends that places orders deep in the book, and cancels them all now and then. ``session``: with the
    token of a session, which the same venue gives again for the same first request."""
    wire.load()
    wire.restart(venue, 1, **CALM)
    made: list[Asked] = []
    bearer: dict[str, str] = {}

    def note(request: HttpRequest, call: Call, commit: Commit | None, answer: HttpAnswer) -> None:
        assert wire.venue.interpret(answer.status, answer.headers, answer.body, wire.now).outcome == "ok", answer.body
        if bearer:
            request = structs.replace(request, headers={**request.headers, **bearer})
        made.append((wire.now, request, call.op in ("place", "place_batch")))

    wire.seen = note
    if session:
        token = json.loads(wire.send(signing_in(wire, venue)).body)["result"]["access_token"]
        bearer["authorization"] = f"Bearer {token}"
    symbol = wire.config.symbols[0]
    mid = float(MIDS[symbol.split("/")[0]])
    market = wire.ccxt.market(symbol)
    amount = 200.0 if market.get("inverse") else 200 / mid
    tick = market["precision"]["price"]
    mine: list[str] = []
    for n in range(orders):
        wire.wait(500 * MS)
        price = round(mid * (0.9 - n % 90 / 1000) / tick) * tick
        order = wire.ccxt.create_order(symbol, "limit", "buy", amount, round(price, 4))
        mine.append(order["id"])
        if len(mine) == OPEN:
            wire.wait(60_000 * MS)
            for one in mine:
                wire.wait(500 * MS)
                wire.ccxt.cancel_order(one, symbol)
            mine.clear()
    return made


class Costs(NamedTuple):
    """Of a timed request, in us: the fastest tenth, the median, the core's part of the fastest tenth, the token's."""

    fastest: float
    median: float
    core: float
    token: float | None = None


def create_order(wire: Wire, venue: str, asked: list[Asked]) -> Costs:
    """What a timed request costs."""
    times = sorted(_play(wire, venue, asked, lambda: None))
    core: list[int] = []
    tokens: list[int] = []

    def watch(owner: Any, name: str, into: list[int]) -> None:
        inner = getattr(owner, name)

        def timed(*words: Any, **named: Any) -> Any:
            began = perf_counter_ns()
            try:
                return inner(*words, **named)
            finally:
                into.append(perf_counter_ns() - began)

        setattr(owner, name, timed)

    def watched() -> None:
        watch(core_of(wire.venue), "place", core)
        if "es256" in keys_of(venue):
            watch(wire.venue.desk.keys, "check", tokens)

    for _ in _play(wire, venue, asked, watched):
        pass
    token = sorted(tokens)[len(tokens) // 10] / 1000 if tokens else None
    return Costs(times[len(times) // 10] / 1000, median(times) / 1000, sorted(core)[len(core) // 10] / 1000, token)


def _play(wire: Wire, venue: str, asked: list[Asked], begun: Callable[[], None]) -> Iterator[int]:
    """Play the requests to fresh venues; ns of each timed one. ``begun`` is called with each new venue in place."""
    for _ in range(RUNS):
        wire.restart(venue, 1, **CALM)
        made = wire.venue
        begun()
        gc.collect()
        gc.disable()
        for now, request, timed in asked:
            made.advance(now)
            began = perf_counter_ns()
            call = made.read(request)
            answer = made.admit(call, now)
            if answer is None:
                answer = made.render(made.execute(call, now), now)
            took = perf_counter_ns() - began
            assert answer.status in (200, 204), answer.body
            if timed:
                yield took
        gc.enable()


def sign_in(wire: Wire, venue: str) -> float:
    """The fastest tenth of signing a session in, us."""
    request = signing_in(wire, venue)
    asked = [(EPOCH + n * 500 * MS, request, True) for n in range(LOGINS)]
    times = sorted(_play(wire, venue, asked, lambda: None))
    return times[len(times) // 10] / 1000


def listings(venue: str, number: int) -> VenueConfig:
    """A configuration with that many instruments: the venue's own first one under other names."""
    reference = import_module(f"outtrade_mocks.venues.{venue}.reference")
    unified, entry = next((name, one) for name, one in reference.own_listings().items() if name.startswith("BTC/"))
    text = json.dumps(entry.raw)
    made = {}
    for n in range(number):
        base = f"N{n:04}"
        made[unified.replace("BTC", base)] = json.loads(
            text.replace("XXBT", base).replace("XBT", base).replace("BTC", base)
        )
    quote = unified.split("/")[1].split(":")[0]
    return VenueConfig(symbols=tuple(made), balances={quote: Decimal(1)}, epoch_ns=EPOCH, reference={"listings": made})


def start(build: Callable[[], Any]) -> float:
    """Median processor time of ``build``, in ms."""
    times = []
    for _ in range(5):
        gc.collect()
        began = time.process_time()
        build()
        times.append(time.process_time() - began)
    return median(times) * 1000


def first(venue: str) -> float:
    """Processor time of importing and building a venue with two symbols in a new process, in ms, less the core's."""
    code = (
        "import time\nfrom decimal import Decimal\nimport outtrade_mocks.core, outtrade_mocks.venues as v\n"
        "from outtrade_mocks.venues.config import VenueConfig\nbegan = time.process_time()\n"
        f"m = v.load({venue!r}); m.build(VenueConfig(symbols=sorted(m.symbols)[:2], balances={{}}, epoch_ns={EPOCH}))\n"
        "print(time.process_time() - began)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=MOCKS)
    return float(told.stdout) * 1000


def main(names: list[str]) -> None:
    print(
        f"{'venue':<14}{'key':<9}{'fastest':>8}{'median':>8}{'core':>7}  us{'start: 5':>12}{'3,000':>8}{'first':>7}  ms"
    )
    for venue in names or NAMES:
        module = load(venue)
        few, many = listings(venue, 5), listings(venue, 3_000)
        few = replace(few, symbols=sorted(module.symbols)[:5], reference=None)
        module.build(few)
        timed = [start(lambda: module.build(config)) for config in (few, many)]  # noqa: B023
        starts = f"{timed[0]:>16.2f}{timed[1]:>8.1f}{first(venue):>7.0f}"
        for kind, private, public in key_pairs(keys_of(venue)):
            wire = Wire(venue, secret=private, public_key=public)
            number = ORDERS if kind in ("HMAC", "header", "session") else FEWER
            cost = create_order(wire, venue, requests(wire, venue, number, session=kind == "session"))
            told = f"{venue:<14}{kind:<9}{cost.fastest:>8.0f}{cost.median:>8.0f}{cost.core:>7.0f}{starts}"
            print(told, flush=True)
            starts = ""
            if cost.token is not None:
                print(f"{venue:<14}{kind:<9}{cost.token:>8.0f} us of it verify the token", flush=True)
            if kind == "session":
                print(f"{venue:<14}{kind:<9}{sign_in(wire, venue):>8.0f} us to sign it in", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
