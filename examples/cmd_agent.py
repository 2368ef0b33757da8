"""An agent as a program of its own, in any language: this one is Python with httpx and knows nothing of Outtrade.

    outtrade run cmd:"python examples/cmd_agent.py" --scenarios 4

It reads and writes lines of JSON (docs/protocol.md) and trades at the address it is told. Its rules for a lost answer:
keep the id, make it durable before sending, ask until the venue knows, and send again only after proof of absence.
"""

import contextlib
import hashlib
import hmac
import json
import sys
import time
from decimal import Decimal
from urllib.parse import urlencode

import httpx

AMBIGUOUS = {-1000, -1001, -1006, -1007, -1008}
STATUS = {"NEW": "open", "PARTIALLY_FILLED": "open", "FILLED": "filled", "CANCELED": "cancelled"}


def say(**message):
    """One line to the harness."""
    print(json.dumps(message), flush=True)


def hear():
    """The next line from the harness; at the end of its input this program ends, too."""
    line = sys.stdin.readline()
    return json.loads(line) if line else sys.exit()


class Doubtful(Exception):
    """Nobody knows whether the request was carried out."""


class Refused(Exception):
    """The venue said no. Args: code, text."""


class NotSent(Exception):
    """The request never left."""


class Venue:
    """Signed requests, one at a time, with the pauses that the venue demands."""

    def __init__(self, told):
        self.told = told
        self.http = httpx.Client(base_url=told["rest_url"], timeout=3, verify=told["ca_file"] or True)
        self.quiet_until = 0.0

    def call(self, method, path, **params):
        """The answer's JSON; raises Doubtful, Refused, NotSent."""
        time.sleep(max(0.0, self.quiet_until - time.time()))
        query = urlencode(params | {"timestamp": int(time.time() * 1000), "recvWindow": 2500})
        signature = hmac.new(self.told["secret"].encode(), query.encode(), hashlib.sha256).hexdigest()
        try:
            url, headers = f"{path}?{query}&signature={signature}", {"X-MBX-APIKEY": self.told["key"]}
            answer = self.http.request(method, url, headers=headers)
            data = answer.json()
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise NotSent(str(error)) from None
        except (httpx.HTTPError, ValueError) as error:
            raise Doubtful(repr(error)) from None
        if answer.status_code in (418, 429):
            self.quiet_until = time.time() + float(answer.headers.get("Retry-After", 2))
        code = data.get("code", 0) if isinstance(data, dict) else 0
        if answer.status_code >= 500 or code in AMBIGUOUS:
            raise Doubtful(f"{answer.status_code} {code}")
        if answer.status_code >= 400:
            raise Refused(code, data.get("msg", ""))
        return data


class Job:
    """One intent on its way: new, doubt (sent, unknown), open, over."""

    def __init__(self, agent, intent):
        self.agent, self.venue, self.intent = agent, agent.venue, intent
        self.symbol = self.venue.told["symbols"].get(intent["symbol"])
        self.id = f"{intent['tag']}-1"
        self.state, self.order, self.reason, self.next = "new", None, "", 0.0
        self.expires = intent["expires"] or agent.task["until"] - 10
        if intent["kind"] != "order" or intent["type"] not in ("limit", "market") or self.symbol is None:
            self.state, self.reason = "over", "only plain orders"
        self.sent = 0.0
        if agent.store.get(intent["id"]):  # an earlier incarnation may have sent it just before it died
            self.state, self.sent = "doubt", agent.now()

    def step(self):
        """Do what is due."""
        now = self.agent.now()
        if self.state == "over" or now < max(self.intent["at"], self.next):
            return
        self.next = now + 0.4
        try:
            if self.state == "new":
                self.place(now)
            elif self.state == "doubt":
                self.ask(now)
            elif now >= self.expires:
                self.cancel()
            else:
                self.seen(self.query())
        except (Doubtful, NotSent):
            pass  # asked again in a moment

    def place(self, now):
        if now >= self.expires:
            self.state, self.reason = "over", "could not be placed in time"
            return
        self.agent.remember(self.intent["id"], True)
        self.sent = self.agent.now()
        try:
            self.seen(self.venue.call("POST", "/api/v3/order", **self.terms()))
        except NotSent:
            pass
        except Doubtful:
            self.state, self.sent = "doubt", self.agent.now()
        except Refused as error:
            code, text = error.args
            if "Duplicate" in text:
                self.state = "doubt"
            elif code not in (-1003, -1015):  # not "later": no
                self.state, self.reason = "over", text

    def terms(self):
        intent = self.intent
        terms = {"symbol": self.symbol, "side": intent["side"].upper(), "newClientOrderId": self.id}
        terms["newOrderRespType"] = "FULL"
        if intent["quote_quantity"] is not None:
            terms["quoteOrderQty"] = intent["quote_quantity"]
        else:
            terms["quantity"] = intent["quantity"]
        if intent["type"] == "market":
            return terms | {"type": "MARKET"}
        terms["price"] = intent["limit_price"]
        if intent["post_only"]:
            return terms | {"type": "LIMIT_MAKER"}
        return terms | {"type": "LIMIT", "timeInForce": intent["time_in_force"] or "GTC"}

    def query(self):
        return self.venue.call("GET", "/api/v3/order", symbol=self.symbol, origClientOrderId=self.id)

    def ask(self, now):
        try:
            self.seen(self.query())
        except Refused as error:
            if error.args[0] == -2013 and now > self.sent + self.venue.told["absent_after"]:
                self.state = "new"  # it is proven that no such order exists

    def cancel(self):
        with contextlib.suppress(Doubtful, Refused):  # the question tells what became of it
            self.venue.call("DELETE", "/api/v3/order", symbol=self.symbol, origClientOrderId=self.id)
        self.seen(self.query())

    def seen(self, order):
        self.order = order
        status = STATUS.get(order["status"], "expired")
        self.state = "open" if status == "open" else "over"
        self.agent.publish(self.view())

    def view(self):
        order = self.order
        filled = Decimal(order["executedQty"])
        return {
            "client_id": self.id,
            "venue_ids": [str(order["orderId"])],
            "symbol": self.intent["symbol"],
            "side": self.intent["side"],
            "type": self.intent["type"],
            "quantity": order["origQty"],
            "filled": str(filled),
            "average_price": str(Decimal(order["cummulativeQuoteQty"]) / filled) if filled else None,
            "status": STATUS.get(order["status"], "expired"),
            "intent": self.intent["id"],
        }

    def outcome(self):
        if self.order is None:
            return {"status": "failed" if self.sent else "refused", "reason": self.reason}
        view = self.view()
        status = "done" if view["status"] == "filled" else "partial" if Decimal(view["filled"]) else "failed"
        return {"status": status, "filled": view["filled"], "average_price": view["average_price"]}


class Agent:
    """One task."""

    def __init__(self, execute):
        self.task, self.store = execute["task"], execute["store"]
        self.venue = Venue(execute["venue"])
        self.jobs = [Job(self, intent) for intent in self.task["intents"]]

    def now(self):
        return time.time() - self.task["epoch"]

    def remember(self, key, value):
        """Durable once the harness says so."""
        say(type="store", id=1, key=key, value=value)
        assert hear()["type"] == "stored"

    def publish(self, view):
        say(type="publish", view="OrderView", data=view)

    def work(self):
        while any(job.state != "over" for job in self.jobs):
            for job in self.jobs:
                job.step()
            time.sleep(0.05)

    def read(self, path, **params):
        """A question without harm: until there is an answer."""
        while True:
            try:
                return self.venue.call("GET", path, **params)
            except (Doubtful, NotSent, Refused):
                time.sleep(0.4)

    def report(self):
        orders = [job.view() for job in self.jobs if job.order]
        ours = {order["venue_ids"][0] for order in orders}
        fills, positions = [], {}
        for symbol, name in self.venue.told["symbols"].items():
            base, net = self.venue.told["instruments"][symbol]["base"], Decimal(0)
            for trade in self.read("/api/v3/myTrades", symbol=name, limit=1000):
                if str(trade["orderId"]) not in ours:
                    continue
                fee, asset, quantity = Decimal(trade["commission"]), trade["commissionAsset"], Decimal(trade["qty"])
                net += quantity if trade["isBuyer"] else -quantity
                net -= fee if asset == base else 0
                fill = {"trade_id": str(trade["id"]), "order": str(trade["orderId"]), "price": trade["price"]}
                fills.append(fill | {"quantity": trade["qty"], "fee": str(fee), "fee_asset": asset})
            positions[symbol] = {"quantity": str(net)}
        rows = self.read("/api/v3/account")["balances"]
        balances = {row["asset"]: {"free": row["free"], "locked": row["locked"]} for row in rows}
        outcomes = {job.intent["id"]: job.outcome() for job in self.jobs}
        return {
            "outcomes": outcomes, "orders": orders, "fills": fills, "positions": positions, "balances": balances
        }  # fmt: skip


def main():
    while True:
        message = hear()
        if message["type"] == "init":
            say(type="ready", id=message["id"], name="cmd_agent", version="1")
        elif message["type"] == "execute":
            agent = Agent(message)
            agent.work()
            say(type="report", id=message["id"], report=agent.report())
        elif message["type"] == "shutdown":
            return


if __name__ == "__main__":
    main()
