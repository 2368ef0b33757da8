"""A micro-language for histories, so that a case fits on one line.

    >>> h = history("i1:buy 1@100 | 1 place a -> lost | 12 query a -> none | 45 place b -> ok")
    >>> [type(e).__name__ for e in h.events][:5]
    ['Snapshot', 'Started', 'Request', 'Broken', 'Request']

Statements are separated by ``|`` or line ends. First come declarations, then statements that begin with a time in
seconds of run time (``+2`` = two seconds after the statement before). A tiny exchange plays along: it keeps orders,
fills and balances, so that snapshots, listings and the truthful report need not be spelled out.

**Declarations**

``i1:buy 1@100 exp=60``
    An intent: id, side, quantity, limit price (``buy 1`` alone: a market order; ``buy 500q``: 500 of quote). Options:
    ``sym=ETH/USDT at=5 exp=60 tif=IOC kind=trade part=complete target=i0 post ro type=stop fallback=market``
    (``part`` = on_partial), and any other field of Intent by its name.
    Its tag is its id filled up with ``x`` to 8 characters: ``i1xxxxxx``.
``set until=600 reuse=never``
    Settings: ``until absent tick step size min max mmin mmax notional nmax fee mid scope streams leave reuse window
    pattern band modes instances old ack dead switch`` (``band=0.2,5``), any bound (``answer attempts recovery resolve
    ...``), any cap (``max_position max_notional max_orders_per_second ...``) and the starting balance of an asset
    (``USDT=100000 BTC=10``).
``fault rate_limit duration=20 on.op=place``
    The next fault of the plan (index 0, 1, ...), fields as in `outtrade.model.fault`.

**Requests**: ``TIME op [NAME] [options] -> END``

Operations: ``place query cancel amend`` with an order's name, ``open`` (open_orders) ``all`` (all_orders) ``trades
account time info`` (exchange_info) ``depth``, and any other operation by its own name. A name ``a`` stands for the
client order id ``i1xxxxxx-a``: tag of the intent (``i=i2`` chooses; default the first), dash, name; ``id=RAW`` gives
the id literally, ``id=-`` sends none; ``v`` (on query and cancel) asks by the venue's id. A place takes side, price and
quantity from its intent; ``q= p= qq= side= type= tif= sym= stop= trail= post ro`` change them (``p=-`` leaves one out).

``amend a q=2`` gives an order another quantity, fills included. ``place_list s t i=i2`` places a stop and a limit order
of which one cancels the other, at the ``stop_price`` and the ``take_profit_price`` of the intent (``stop= p= q=``
change them). A protection is declared as ``i2:sell kind=protect stop=95 take_profit_price=110``, one that follows the
price as ``i2:sell kind=protect trail=100`` (basis points); its orders trail so far, or as ``trail=`` says
(``trail=5q``: 5 of quote, ``trail=-``: not at all).

END is one of these; ``@T`` after it sets when the client sees it (default 0.04 s after sending, 10 s for ``lost``):

``ok``                  done and answered. On a place ``ok:fill`` fills it at once, ``ok:0.4`` fills 0.4 of it,
                        ``ok:expire`` ends it unfilled, ``ok:0.4,expire`` ends it after 0.4. On a listing ``ok:a,b``
                        says what is in it (default: what truly is).
``lost reset close``    the client gave up waiting, saw a reset, saw the end of the connection, a cut answer; with
``truncated``           ``:ok``, ``:fill``, ``:0.4`` the exchange carried it out, without it did not.
``502 503 504 1006``    an answer that leaves the outcome open (and ``1007 garbage``); ``:ok`` and so on as above.
``no:CLASS``            a definite refusal of this error class: ``no:rate no:ban no:funds no:parameter no:transient
                        no:permanent no:clock no:auth no:duplicate no:closed``; ``none`` = not_found, ``unknown`` =
                        unknown_order.
``flight``              no end on record.

After END: ``ra=20`` (the answer's Retry-After), ``f=0`` (made by fault 0, which thereby lands), ``code=-1102`` (the
venue's code). ``param=NAME`` on a place sends another parameter.

**What the exchange does by itself**: ``TIME fill a 0.4@100 fee=0.1USDT t=t7 maker``, ``TIME xcancel a`` (somebody else
cancels), ``TIME expire a``, ``TIME triggered a`` (the market has reached its stop price), ``TIME foreign f buy 1@90``
(an order that is not ours), ``TIME balance USDT=500``.

**Contracts** (of the first intent's symbol, or ``sym=``): ``TIME holds -1@100 margin=10`` (the position from now on),
``TIME lever 10`` (the account's leverage), ``TIME mark 105``, ``TIME charge -0.5 why=liquidation_fee`` (else funding),
``TIME taken sell:1@95 why=adl gain=-5`` (the venue closes a part, by order
``F2`` and trade ``tF2`` where two changes of orders came before). ``set modes=1``: the venue says that ``positions``
shows leverage and margin mode, and ``account`` the position mode.

**Dead-man switch** (``set dead=30``: asked for; ``switch=stream``, ``switch=none``: what the venue has instead of a
timer): ``TIME arm t=30`` (a request sets it; ``-> END`` as above), ``TIME arm t=0`` (switches it off), ``TIME fired``
(it goes off: what stands is cancelled); ``sym=``: of one symbol.

**Stream**: ``TIME up``, ``TIME down`` (``down client``), ``TIME event a`` (an order update), ``TIME event a fill`` (its
last fill; ``t=t7`` chooses), ``TIME lose a fill`` (kept from the client; ``f=0`` by fault 0). ``n=3`` gives the
venue's number, ``c=2`` the connection.

**Target**: ``TIME crash [point]``, ``TIME start`` (the next incarnation), ``TIME store key=value``, ``TIME publish
a=filled:1@100``, ``TIME sleep 5``, ``TIME noreport raised``, ``TIME deadlocked THREAD...``,
``TIME as 1`` (what follows is the doing of copy 1, which thereby starts), ``TIME back`` (what follows
is the doing of the life before, which goes on), ``TIME alert i1`` (published, an error),
``TIME report ...``. A bare ``report`` is the truth; words
change it: ``i1=failed`` ``i1=done:1@100`` (outcome), ``a=cancelled:0.4`` (order) ``a=-`` (left out), ``t1=0.5@100``
``t1=a:0.5@100:0.01USDT`` (fill) ``t1=-``, ``t1*2`` (twice), ``USDT=900/100`` (free/locked), ``BTC/USDT=1@100``
(position, ``BTC/USDT:USDT=-1@100,unrealised=5,leverage=10``), ``i1.record=100/4.5/no/0.04`` (execution record: intended
price, slippage, partial, latency; ``-``: unsaid), ``no:fills no:positions no:balances`` (not tracked), ``alert``,
``alert=WORD`` (what it says).

**Gateway**: ``TIME call 1 submit a`` and ``TIME result 1 open:0.4`` (an order view) or ``TIME result 1 !ambiguous`` (an
exception with that meaning); other methods: ``call 2 order a``, ``call 3 fills``; ``result 3 ok``.

**Tools**: ``TIME tool order`` (a language model's tool call, answered), ``TIME tool get_order code=unknown_tool``
(refused).

**Faults**: ``TIME landed 0``, ``TIME healed 0``, ``TIME ledger 0 landed``.

A start, a last Ended and the snapshots are added by themselves. Errors are `MicroError` and name the word.
"""

from __future__ import annotations

from collections.abc import Iterator

from outtrade.judge.micro.player import Player
from outtrade.judge.micro.words import MicroError, Script
from outtrade.model.history import NS, History

__all__ = ["MicroError", "history", "lines"]


def history(text: str) -> History:
    """The history that the text describes; raises MicroError, naming the word that is wrong."""
    return Player(Script(text)).play()


def lines(text: str) -> Iterator[str]:
    """The history of ``text`` as readable lines (for failing tests): number, seconds, event."""
    for event in history(text).events:
        yield f"{event.seq:3} {event.at / NS:9.3f} {event!r}"
