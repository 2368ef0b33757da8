"""Reference agents: how an intent is executed when answers get lost.

These agents share one way of deciding. What differs is only how they speak to the venue:

* ``httpx_agent.execute``: ``httpx.AsyncClient`` signing its own requests, and the private stream over ``websockets``;
* ``threaded_agent.execute``: the same with blocking clients, the stream and the requests in threads of their own;
* ``ccxt_agent.execute``: unmodified, synchronous ccxt, polling only, at every venue; the first two speak Binance spot;
* ``stateless_agent.execute``: the same without a store: what it knows after a restart, the venue told it;
* ``ccxt_pro_agent.execute``: the private stream of ccxt.pro first, at every venue;
* ``alpaca_agent.execute``: US equities at Alpaca over alpaca-py, for markets that open and close.

The modules, from the wire inwards (how answers, errors and events are read stands in ``outtrade.dialects``, which the
tools for language models use as well):

    port        what the decisions need from a venue, and the three ways in which a request can fail
    ccxt_port   any venue over ccxt's unified API
    alpaca_port equities at Alpaca over alpaca-py
    alpaca_orders new orders in alpaca-py's words, and the legs of pairs by name
    habits      what has to be known of a venue beforehand, read from its declared traits
    stream      the private stream of the httpx and the threaded agent
    state       an own order and its phase; a job: what has become of an intent
    books       own orders, own fills and foreign orders, merged so that no news is lost or counted twice
    journal     what is made durable before anything is sent
    pacing      back-off with jitter, and the gate that rate limits and bans close
    sizing      an intent as an order on the venue's grid, or the reason why it is impossible
    requests    everything that is sent, with what each failure means
    resolution  orders in doubt: found, or proven absent; cancels that were answered with "unknown order"
    accounts    reading the account: after a restart, after a gap in the stream, at the end
    reporting   outcomes and report
    auditing    the account against its trades: what nothing explains is told
    alarm       fills and orders that nobody asked for: an alert, and nothing new any more
    amending    a smaller quantity for an order that works
    replacing   the same where a change makes a new order
    deadman     the venue's dead-man switch, set while orders stand
    protecting  stops and take-profits: the position is covered for its full size, or left
    trailing    protection by a stop that follows the price, at the venue
    moving      protection at other prices: the old order goes, the new one comes
    brain       the loop: which intent does what next

The rule behind all of it: **an order is in doubt from the moment before it is sent until the venue has said what
became of it**, and nothing that adds exposure for the same intent leaves before that.
"""

AGENTS = {
    "httpx": "py:outtrade_suites.agents.httpx_agent:execute",
    "threaded": "py:outtrade_suites.agents.threaded_agent:execute",
    "ccxt": "py:outtrade_suites.agents.ccxt_agent:execute",
    "stateless": "py:outtrade_suites.agents.stateless_agent:execute",
    "ccxt_pro": "py:outtrade_suites.agents.ccxt_pro_agent:execute",
    "alpaca": "py:outtrade_suites.agents.alpaca_agent:execute",
}
"""Reference agents: name -> target."""
