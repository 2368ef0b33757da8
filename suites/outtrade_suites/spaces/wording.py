"""An intent as a sentence, for agents that read and for the timeline that people read."""

from __future__ import annotations

from typing import Any

from outtrade.model.units import is_inverse

_PARTIAL = {
    "keep": "",
    "cancel": "cancel the rest at the first partial fill",
    "complete": "if it fills in part, cancel it and take the rest at the market",
}


AUCTIONS = {"OPG": "at the opening auction", "CLS": "at the closing auction"}


def sentence(fields: dict[str, Any]) -> str:
    """The sentence for the fields of an Intent (numbers as they stand there)."""
    kind = fields["kind"]
    if kind == "cancel":
        return f"Cancel the order of {fields['target']}."
    if kind == "flatten":
        return f"Cancel everything in {fields['symbol']} and close the position there."
    if kind == "halt":
        return "Stop: cancel all own orders and send nothing more until the end."
    if kind == "watch":
        return "Keep the books right until the end."
    if kind == "amend" and any(fields.get(name) is not None for name in ("stop_price", "take_profit_price")):
        return _move(fields)
    if kind == "amend" and fields.get("limit_price") is not None:
        total = "" if fields.get("quantity") is None else f", and to {fields['quantity']} in all with what is filled"
        return f"Move the order of {fields['target']} to a limit of {fields['limit_price']}{total}."
    if kind == "amend":
        return f"Reduce the order of {fields['target']} to {fields['quantity']} in all, what is filled included."
    if kind == "protect":
        return _protection(fields)
    if kind == "trade":
        return _trade(fields)
    base, _, quote = fields["symbol"].partition("/")
    if is_inverse(fields["symbol"]):  # counted in what it is quoted in
        quote = quote.partition(":")[0]
        base = f"{quote} worth of {fields['symbol']}"
    side = fields["side"].capitalize()
    if fields.get("quote_quantity") is not None:
        text = f"{side} {base} for {fields['quote_quantity']} {quote} at the market"
    elif fields["type"] == "market":
        text = f"{side} {fields['quantity']} {base} for {quote} at the market"
    else:
        text = f"{side} {fields['quantity']} {base} with a limit of {fields['limit_price']} {quote}"
    notes = []
    if fields.get("post_only"):
        notes.append("only as maker")
    if fields.get("time_in_force") == "IOC":
        notes.append("immediately or cancel")
    if fields.get("time_in_force") == "FOK":
        notes.append("all at once or not at all")
    if fields.get("time_in_force") == "DAY":
        notes.append("for the day")
    if fields.get("time_in_force") in AUCTIONS:
        notes.append(AUCTIONS[fields["time_in_force"]])
    if fields.get("extended_hours"):
        notes.append("in extended hours, too")
    if note := _PARTIAL[fields.get("on_partial", "keep")]:
        notes.append(note)
    if fields.get("expires") is not None:
        notes.append(f"until {fields['expires']:g} s")
    return "; ".join([text, *notes]) + "."


def _move(fields: dict[str, Any]) -> str:
    """New prices for a protection."""
    names = {"stop_price": "stop", "take_profit_price": "take-profit"}
    what = " and ".join(f"the {word} to {fields[name]}" for name, word in names.items() if fields.get(name) is not None)
    return f"Move the protection of {fields['target']}: {what}."


def _protection(fields: dict[str, Any]) -> str:
    stop, target = fields.get("stop_price"), fields.get("take_profit_price")
    if fields.get("trail") is not None:
        what = "the position" if fields.get("quantity") is None else f"{fields['quantity']} of the position"
        how = f"a stop that follows the price at {fields['trail']} basis points"
        return f"Protect {what} in {fields['symbol']} with {how}."
    ways = [f"a stop at {stop}"] * (stop is not None) + [f"a take-profit at {target}"] * (target is not None)
    what = "the position" if fields.get("quantity") is None else f"{fields['quantity']} of the position"
    both = ", one cancels the other" if len(ways) == 2 else ""
    return f"Protect {what} in {fields['symbol']} with {' and '.join(ways)}{both}."


def _trade(fields: dict[str, Any]) -> str:
    """An exposure that is wanted, and what it may cost."""
    base, _, quote = fields["symbol"].partition("/")
    amount = f"{fields['quantity']} {base}" if fields.get("quantity") is not None else f"{base} for"
    if fields.get("quote_quantity") is not None:
        amount += f" {fields['quote_quantity']} {quote}"
    notes = [f"{fields['side'].capitalize()} {amount}, by whatever orders are best"]
    if fields.get("max_slippage_bps") is not None:
        notes.append(f"at most {fields['max_slippage_bps']} basis points from the mid of now")
    if fields.get("max_fee_bps") is not None:
        notes.append(f"fees of at most {fields['max_fee_bps']} basis points")
    if fields.get("patience") is not None:
        notes.append(f"wait {fields['patience']:g} s for a maker fill before taking")
    if fields.get("max_age") is not None:
        notes.append(f"on no price older than {fields['max_age']:g} s")
    if fields.get("expires") is not None:
        notes.append(f"until {fields['expires']:g} s")
    return "; ".join(notes) + "."
