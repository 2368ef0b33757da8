/* An execution agent in JavaScript, on npm's unmodified ccxt. It knows nothing of Outtrade but the line protocol.
 *
 *     cd examples/node && npm ci && cd ../..
 *     outtrade run cmd:"node examples/node/agent.mjs" --scenarios 4
 *
 * It reads and writes lines of JSON (docs/protocol.md) and trades at the address it is told: plain http on 127.0.0.1.
 * (Against `outtrade serve --tls`, start node with NODE_EXTRA_CA_CERTS=<the CA file that serve prints>.)
 *
 * Its rules for an answer that never came: the client order id is made of the intent's tag and never changes; it is
 * durable before the order is sent; nothing is sent again before the venue has said "not found" to a question asked
 * `absent_after` seconds after the last try.
 */
import readline from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import ccxt, { Precise } from 'ccxt';

console.log = console.info = console.error; // stdout belongs to the protocol
const AMBIGUOUS = new Set([-1000, -1001, -1006, -1007, -1008]);
const LATER = new Set([-1003, -1015]);
const NOT_SENT = /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|Connect Timeout/;
const STATUS = { NEW: 'open', PARTIALLY_FILLED: 'open', FILLED: 'filled', CANCELED: 'cancelled', REJECTED: 'rejected' };
const PAUSE = 0.4; // seconds between two questions

/* What a failed request means. `fate`: refused (a definite no), unsent (it never left), doubtful (nobody knows). */
class Failure extends Error {
  constructor(fate, text, code = 0) {
    super(text);
    this.fate = fate;
    this.code = code;
  }
}

/* ccxt at the address we were told, one request at a time, with the pauses that the venue demands. */
class Venue {
  constructor(told) {
    this.told = told;
    this.quietUntil = 0;
    const options = { defaultType: 'spot', fetchMargins: false, fetchMarkets: { types: ['spot'] } };
    this.ccxt = new ccxt.binance({ apiKey: told.key, secret: told.secret, timeout: 3000, options });
    this.ccxt.urls.api = this.moved(this.ccxt.urls.api);
  }

  /* All addresses of ccxt (a tree of URLs) on the origin that we were told: no request can reach the real exchange. */
  moved(urls) {
    if (typeof urls === 'string') return this.told.rest_url + new URL(urls).pathname;
    return Object.fromEntries(Object.entries(urls).map(([name, url]) => [name, this.moved(url)]));
  }

  /* One call into ccxt: its result, or a Failure. ccxt's exceptions say little about the fate of an order, so the
   * answer decides: a whole one with a code that means "no" is a no, everything else after the connect is doubtful. */
  async call(method, ...args) {
    await sleep(Math.max(0, this.quietUntil - Date.now()));
    this.ccxt.last_http_response = undefined;
    try {
      return await this.ccxt[method](...args);
    } catch (error) {
      const text = `${error.constructor.name}: ${String(error.message).slice(0, 200)}`;
      if (NOT_SENT.test(error.message)) throw new Failure('unsent', text);
      if (error instanceof ccxt.DDoSProtection) {
        const seconds = Number(this.ccxt.last_response_headers?.['Retry-After'] ?? 2);
        this.quietUntil = Date.now() + 1000 * seconds;
        throw new Failure('refused', text, -1003);
      }
      const code = codeOf(this.ccxt.last_http_response);
      if (code < 0 && !AMBIGUOUS.has(code)) throw new Failure('refused', text, code);
      throw new Failure('doubtful', text, code);
    }
  }

  /* A question without harm: until there is an answer. */
  async ask(method, ...args) {
    for (;;) {
      try {
        return await this.call(method, ...args);
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        await sleep(1000 * PAUSE);
      }
    }
  }
}

function codeOf(body) {
  try {
    return JSON.parse(body).code ?? 0;
  } catch {
    return 0;
  }
}

/* One intent on its way: new, doubt (sent, and nobody knows), open, over. */
class Job {
  constructor(agent, intent) {
    Object.assign(this, { agent, intent, venue: agent.venue, symbol: intent.symbol, id: `${intent.tag}-1` });
    Object.assign(this, { state: 'new', order: null, reason: '', next: 0, sent: 0 });
    this.expires = intent.expires ?? agent.task.until - 10;
    if (intent.kind !== 'order' || !['limit', 'market'].includes(intent.type) || !intent.symbol) {
      this.over('only plain orders');
    } else if (agent.store[intent.id]) {
      Object.assign(this, { state: 'doubt', sent: agent.now() }); // it may have left just before we died
    }
  }

  over(reason) {
    Object.assign(this, { state: 'over', reason });
  }

  /* Do what is due. */
  async step() {
    const now = this.agent.now();
    if (this.state === 'over' || now < Math.max(this.intent.at, this.next)) return;
    this.next = now + PAUSE;
    try {
      if (this.state === 'new') await this.place(now);
      else if (this.state === 'doubt') await this.settle(now);
      else if (now >= this.expires) await this.cancel();
      else this.seen(await this.query());
    } catch (error) {
      if (!(error instanceof Failure)) throw error; // asked again in a moment
    }
  }

  async place(now) {
    if (now >= this.expires) return this.over('could not be placed in time');
    await this.agent.remember(this.intent.id, true);
    const { type, side, quantity, quote_quantity, limit_price, post_only, time_in_force } = this.intent;
    const params = { clientOrderId: this.id, newOrderRespType: 'FULL' };
    if (quote_quantity !== null) params.quoteOrderQty = quote_quantity;
    if (post_only) params.postOnly = true;
    else if (type === 'limit') params.timeInForce = time_in_force ?? 'GTC';
    const price = limit_price ?? undefined;
    this.sent = this.agent.now();
    try {
      this.seen(await this.venue.call('createOrder', this.symbol, type, side, quantity ?? undefined, price, params));
    } catch (error) {
      if (!(error instanceof Failure) || error.fate === 'unsent') throw error;
      if (error.fate === 'doubtful' || /Duplicate/.test(error.message)) {
        Object.assign(this, { state: 'doubt', sent: this.agent.now() });
      } else if (!LATER.has(error.code)) this.over(error.message);
    }
  }

  query() {
    return this.venue.call('fetchOrder', undefined, this.symbol, { clientOrderId: this.id });
  }

  /* Does the order exist? */
  async settle(now) {
    try {
      this.seen(await this.query());
    } catch (error) {
      const absent = error.code === -2013 && now > this.sent + this.venue.told.absent_after;
      if (!absent) throw error;
      this.state = 'new'; // it is proven that no such order exists: the same again, under the same id
    }
  }

  async cancel() {
    try {
      await this.venue.call('cancelOrder', undefined, this.symbol, { clientOrderId: this.id });
    } catch (error) {
      if (!(error instanceof Failure)) throw error; // the question tells what became of it
    }
    this.seen(await this.query());
  }

  seen(order) {
    if (!STATUS[order?.info?.status] && !/^EXPIRED/.test(order?.info?.status)) {
      throw new Failure('doubtful', 'an answer without an order');
    }
    this.order = order.info; // the venue's own strings; ccxt's numbers are floats
    this.state = this.status() === 'open' ? 'open' : 'over';
    say({ type: 'publish', view: 'OrderView', data: this.view() });
  }

  status() {
    return STATUS[this.order.status] ?? 'expired';
  }

  view() {
    const { orderId, origQty, executedQty, cummulativeQuoteQty } = this.order;
    const { id, symbol, side, type } = this.intent;
    const average = Number(executedQty) ? Precise.stringDiv(cummulativeQuoteQty, executedQty) : null;
    return {
      client_id: this.id, venue_ids: [String(orderId)], symbol, side, type, quantity: origQty,
      filled: executedQty, average_price: average, status: this.status(), intent: id,
    };
  }

  outcome() {
    if (this.order === null) return { status: this.sent ? 'failed' : 'refused', reason: this.reason };
    const { status, filled, average_price } = this.view();
    return { status: status === 'filled' ? 'done' : Number(filled) ? 'partial' : 'failed', filled, average_price };
  }
}

/* One task. */
class Agent {
  constructor({ task, venue, store }) {
    Object.assign(this, { task, store, venue: new Venue(venue) });
    this.jobs = task.intents.map((intent) => new Job(this, intent));
  }

  now() {
    return Date.now() / 1000 - this.task.epoch;
  }

  /* Durable once the harness says so. */
  async remember(key, value) {
    say({ type: 'store', id: 1, key, value });
    const answer = await hear();
    if (answer.type !== 'stored') throw new Error(`expected "stored", heard ${answer.type}`);
  }

  async work() {
    await this.venue.ask('loadMarkets', true); // without "reload", ccxt repeats its first failure for ever
    while (this.jobs.some((job) => job.state !== 'over')) {
      for (const job of this.jobs) await job.step();
      await sleep(50);
    }
  }

  /* What was bought and sold by our own orders, and what the account holds. */
  async report() {
    const orders = this.jobs.filter((job) => job.order).map((job) => job.view());
    const ours = new Set(orders.flatMap((order) => order.venue_ids));
    const [fills, positions] = [[], {}];
    for (const [symbol, { base }] of Object.entries(this.venue.told.instruments)) {
      let net = '0';
      for (const { info } of await this.venue.ask('fetchMyTrades', symbol, undefined, 1000)) {
        const { id, orderId, price, qty, commission, commissionAsset, isBuyer } = info;
        if (!ours.has(String(orderId))) continue;
        net = isBuyer ? Precise.stringAdd(net, qty) : Precise.stringSub(net, qty);
        if (commissionAsset === base) net = Precise.stringSub(net, commission);
        const fee = { fee: commission, fee_asset: commissionAsset };
        fills.push({ trade_id: String(id), order: String(orderId), price, quantity: qty, ...fee });
      }
      positions[symbol] = { quantity: net };
    }
    const rows = (await this.venue.ask('fetchBalance')).info.balances;
    const balances = Object.fromEntries(rows.map(({ asset, free, locked }) => [asset, { free, locked }]));
    const outcomes = Object.fromEntries(this.jobs.map((job) => [job.intent.id, job.outcome()]));
    return { outcomes, orders, fills, positions, balances };
  }
}

// ------------------------------------------------------------------ the conversation
const lines = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();

function say(message) {
  process.stdout.write(JSON.stringify(message) + '\n');
}

/* The next message; at the end of its input this program ends, too. */
async function hear() {
  const { value, done } = await lines.next();
  return done ? process.exit(0) : JSON.parse(value);
}

for (;;) {
  const message = await hear();
  if (message.type === 'init') {
    say({ type: 'ready', id: message.id, name: 'node agent', version: ccxt.version });
  } else if (message.type === 'execute') {
    const agent = new Agent(message);
    await agent.work();
    say({ type: 'report', id: message.id, report: await agent.report() });
  } else if (message.type === 'shutdown') {
    process.exit(0);
  }
}
