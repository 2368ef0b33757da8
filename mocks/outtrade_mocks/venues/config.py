"""What a mock venue is built from: plain data, the same for every venue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a client signs with. ``secret`` is what it shares with the venue (HMAC); with ``public_key`` (PEM, of an RSA
    or Ed25519 key) in its place, the venue checks signatures made with the private key, which it never sees."""

    key: str
    secret: str = field(repr=False)
    passphrase: str | None = field(default=None, repr=False)
    public_key: bytes | None = field(default=None, repr=False)


@dataclass(slots=True, kw_only=True)
class VenueConfig:
    """One venue for one run.

    ``symbols``: unified (``BTC/USDT``). ``balances``: asset -> amount of the account under test. ``markets``: symbol ->
    fields of a scenario's market (mid, spread_bps, depth, levels, maker_rate, taker_rate, taker_size, volatility_bps,
    opening, path, events, tape); a symbol without one has an empty book until orders come. ``fees``: maker and taker,
    as fractions. ``epoch_ns``: UNIX time of the start. ``knobs``: settings for what the venue does not document (see
    its ``KNOBS``). ``reference``: in place of the venue's own reference data (``listings``: unified symbol -> the
    venue's object of it, ``fees``: unified symbol -> maker and taker), as a venue's ``recorded`` makes it.
    ``credentials``: of the account under test; None: the venue's own test credentials.
    """

    symbols: Sequence[str]
    balances: Mapping[str, Decimal]
    markets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    fees: tuple[Decimal, Decimal] = (Decimal("0.001"), Decimal("0.001"))
    seed: int = 0
    epoch_ns: int
    knobs: Mapping[str, bool | int | float | str] = field(default_factory=dict)
    reference: Mapping[str, Any] | None = None
    credentials: Credentials | None = None
