"""Which real hosts may be let through to: names of model providers and the like, never one of an exchange.

A name is refused if orders could go there: it is a host of a venue that Outtrade plays, or of an exchange that it knows
by name, or anything else under the same domain (*inferred*: ``api.binance.com`` is served, so is all of
``binance.com``). What cannot be told by its name is refused, too: addresses, ``localhost``, names without a dot,
wildcards, ports. A name says nothing of who answers: a host of your own that passes orders on to an exchange is
not recognised.

    >>> checked("API.OpenAI.com.")
    'api.openai.com'
    >>> checked("testnet.binance.com")
    Traceback (most recent call last):
        ...
    outtrade.outside.hosts.HostError: testnet.binance.com belongs to an exchange (binance.com): orders could reach it
"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import urlsplit

from outtrade_mocks import venues
from outtrade_mocks.cassettes.model import one_line

_DOMAINS = """
3ona.co alpaca.markets apex.exchange asterdex.com backpack.exchange bequant.io big.one binance.com binance.me
binance.th binance.us binance.vision binancefuture.com bingx.com bit.team bit2c.co.il bitbank.cc bitbns.com
bitfinex.com bitflyer.com bitget.com bithumb.com bitmart.com bitmex.com bitopro.com bitrue.com bitso.com
bitstamp.net bitteam.com bitvavo.com blockchain.com blofin.com btc-alpha.com btcalpha.com btcmarkets.net btcturk.com
btse.com btse.io bullish-test.com bullish.com bybit-tr.com bybit.com bybit.eu bybit.id bybit.kz bybit.nl bydfi.com
bytick.com cex.io coinbase.com coincatch.com coincheck.com coinex.com coinmate.io coinone.co.kr coins.ph coins.xyz
coinspot.com.au crypto.com cryptocom.com cryptomus.com deepcoin.com delta.exchange deltaex.org deribit.com
derive.xyz digifinex.com dydx.exchange dydx.trade dydx.xyz elliot.ai exmo.com exmo.me extended.exchange fmfw.io
foxbit.com.br ftx.com ftx.us gate.com gate.io gateapi.io gateeu.com gateio.ws gemini.com grvt.io hashkey.com
hashkeydev.com hibachi.xyz hitbtc.com hollaex.com htx.com huobi.com huobi.pro hyperliquid-testnet.xyz
hyperliquid.xyz ibkr.com independentreserve.com indodax.com interactivebrokers.com kraken.com kucoin.com latoken.com
lbank.com lbank.info lbkex.com lighter.xyz luno.com mercadobitcoin.com.br mercadobitcoin.net mexc.com mode.network
modetrade.io mudrex.com myokx.com nado.xyz ndax.io novadax.com novadax.com.br oceanex.cc oceanex.pro okcoin.com
okex.com okx.cab okx.com onetrading.com orderly.org p2b.io p2pb2b.com pacifica.fi paradex.trade paymium.com
phemex.com poloniex.com polymarket.com probit.com revolut.com robinhood.com timex.io tokocrypto.com toobit.com
tradestation.com tradier.com upbit.com vertexprotocol.com waves.exchange wavesexchange.com wavesplatform.com
wazirx.com weex.com whitebit.com woo.network woo.org woox.io xt.com yobit.net zaif.jp zebpay.com zebstage.com
zonda.exchange zondacrypto.exchange
"""
EXCHANGES = frozenset(_DOMAINS.split())
"""Domains of exchanges and brokers, from the addresses in ccxt 4.5 and those of the clients in docs/clients.md; some
are from memory (*inferred*). One too many does no harm."""

_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")


class HostError(ValueError):
    """A host that is not let through; the message is one line."""


def checked(host: str) -> str:
    """The name as the World knows it (lower case, without a trailing dot). Raises HostError."""
    shown = one_line(host, 100) or "(nothing)"
    name = host.strip().lower().removesuffix(".")
    if "*" in name:
        raise HostError(f"{shown}: no wildcards; name each host")
    if "://" in name or "/" in name:
        raise HostError(f"{shown}: a host, not an address with a path, for example api.openai.com")
    labels = name.split(".")
    if name == "localhost" or labels[-1] in ("localhost", "local", "internal") or len(labels) < 2:
        raise HostError(f"{shown}: a local name does not tell what answers there; only public names are let through")
    if labels[-1].isdigit() or ":" in name or "[" in name or re.fullmatch(r"0x[0-9a-f]*", labels[-1]):
        raise HostError(f"{shown}: a name without a port, and no address: an address does not tell whose it is")
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise HostError(f"{shown}: not a host name (write other alphabets as xn--...)")
    domain = exchange(name)
    if domain is not None:
        raise HostError(f"{name} belongs to an exchange ({domain}): orders could reach it")
    return name


def exchange(name: str) -> str | None:
    """The domain of the exchange that a name belongs to, or None."""
    labels = name.split(".")
    above = (".".join(labels[start:]) for start in range(len(labels)))
    return next((domain for domain in above if domain in EXCHANGES or domain in _served()), None)


@lru_cache(maxsize=1)
def _served() -> frozenset[str]:
    """The domains of every venue that is played here."""
    modules = [venues.load(venue) for venue in venues.NAMES]
    hosts = [urlsplit(url).hostname or "" for module in modules for url in (module.rest_url, module.stream_url)]
    return frozenset(".".join(host.split(".")[-2:]) for host in hosts)
