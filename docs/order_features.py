"""Writes the page of order features: what there is, which tests hold it to its word, and where the rule comes from.

    python docs/order_features.py > docs/order_features.md

A row names tests; they are looked up in the tests' source, and a name that is not there, or there twice, ends
the script.
A test compares the page with what this writes, and sees that every value an order, a list or a practice can have is in
some row (``covers``), so that nothing new goes without one.
"""

from __future__ import annotations

import ast
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILES = ("core/test_*.py", "binance/test_scaled_entry.py")
BINANCE, FAQ = "Binance spot, New Order", "Binance spot, FAQ"
PRODUCT = "test_every_combination_of_an_orders_features"
LISTS = "test_every_combination_of_a_lists_orders"


@dataclass(frozen=True)
class Row:
    """One feature; ``covers`` are values of the core's vocabularies, ``tests`` names of test functions."""

    feature: str
    covers: str
    tests: str
    source: str


ROWS = [
    Row("market, limit", "type.market type.limit price lots side symbol client_id label",
        "test_price_before_time_before_size test_binances_example_of_a_market_order_without_enough_liquidity "
        + PRODUCT,
        f"{BINANCE}; {FAQ} market orders"),
    Row("market by quote amount", "quote",
        "test_market_buy_by_quote_amount_spends_at_most_that test_market_sell_by_quote_amount_obtains_at_most_that "
        + PRODUCT, f"{BINANCE}: quoteOrderQty"),
    Row("trigger order by quote amount", "quote trigger",
        "test_a_stop_by_quote_amount_is_sized_when_it_triggers "
        "test_a_quote_amount_that_pays_for_nothing_when_it_triggers_is_rejected " + PRODUCT,
        "OKX, place algo order: tgtCcy"),
    Row("GTC, IOC, FOK", "tif.GTC tif.IOC tif.FOK",
        "test_ioc_takes_what_is_there_and_expires test_fok_is_all_or_nothing "
        "test_what_an_iceberg_hides_counts_for_fok_and_market_orders " + PRODUCT, f"{BINANCE}: timeInForce"),
    Row("GTD", "tif.GTD expires", "test_an_order_with_an_end_expires_then test_a_trigger_order_expires_while_it_waits "
        + PRODUCT, "Binance USD-M: GTD, goodTillDate"),
    Row("DAY, by time and by calendar", "tif.DAY expires",
        "test_an_order_with_an_end_expires_then test_a_day_order_ends_with_its_session " + PRODUCT, "Alpaca, "
        "orders: day"),
    Row("on open, on close", "tif.OPG tif.CLS auction_cutoff auction_reopens",
        "test_orders_for_the_opening_auction_alone test_orders_for_the_closing_auction_alone", "Alpaca, orders: "
        "opg, cls"),
    Row("orders of an instrument that ends; its settlement price", "settlement_window",
        "test_orders_end_and_the_market_with_them test_the_settlement_price_is_the_average_of_the_index "
        "test_the_window_is_the_venues", "Deribit, expiration: average of the index over 30 minutes"),
    Row("extended hours, queued or refused outside of them", "extended outside_session collar_bps",
        "test_extended_hours_trade_among_orders_marked_for_them test_a_venue_that_queues_nothing "
        "test_market_orders_wait_reserved_above_the_reference", "Alpaca, orders: extended hours, queued orders"),
    Row("post-only: refused or ended", "post_only post_only.reject post_only.cancel",
        "test_post_only_never_takes test_a_post_only_order_is_taken_in_and_ended_where_the_venue_does_so "
        "test_a_post_only_stop_limit_that_would_take_when_triggered " + PRODUCT,
        "Binance spot LIMIT_MAKER -2010; OKX cancelSource 31"),
    Row("stop and take-profit, market and limit", "trigger kind.stop kind.take_profit immediate_trigger.reject "
        "immediate_trigger.trigger", "test_a_trigger_fires_at_its_price_and_once "
        "test_a_stop_limit_rests_at_its_limit_and_keeps_its_lock "
        "test_one_that_is_reached_already_is_refused_or_triggers_at_once " + PRODUCT, BINANCE),
    Row("limit of a trigger order beyond the price band", "band_of_waiting",
        "test_the_limit_of_a_trigger_order_is_held_to_the_band_or_not",
        "Binance spot, filters: held to it; OKX, price limits: not (*inferred*)"),
    Row("triggered by last, mark or index price", "source.last source.mark source.index",
        "test_mark_and_index_are_told_to_the_core " + PRODUCT, "Binance USD-M: workingType; Bybit: triggerBy"),
    Row("money of trigger orders", "reserve.placement reserve.trigger",
        "test_money_at_placement_or_at_the_trigger test_reserving_at_the_trigger_locks_nothing_before_and_after "
        + PRODUCT,
        "Binance spot, Alpaca: at placement; Bybit, OKX: at the trigger"),
    Row("the limit of an order that waits, held to the price band or not", "band_of_waiting",
        "test_the_limit_of_an_order_that_waits_is_held_to_the_band_or_not", "Binance spot, filters; OKX, price "
        "limits"),
    Row("trailing: absolute, percent, with activation", "trigger",
        "test_binances_trailing_scenarios test_alpacas_trailing_stop_example "
        "test_an_activation_changes_until_it_is_reached " + PRODUCT,
        f"{FAQ} trailing stop, scenarios A to E; Alpaca, trailing stops"),
    Row("OCO", "list.oco", "test_an_oco_locks_once_and_the_filled_limit_ends_the_stop test_binances_example_of_an_oco "
        "test_the_prices_that_binances_oco_rule_forbids " + LISTS, "Binance, support article 360032605831"),
    Row("OTO", "list.oto", "test_an_oto_waits_for_a_complete_fill " + LISTS, "Binance spot, New Order list - OTO"),
    Row("OTOCO, bracket", "list.otoco list.bracket",
        "test_a_bracket_from_entry_to_exit test_a_released_order_without_money_is_rejected_and_the_list_ends " + LISTS,
        "Binance spot, New Order list - OTOCO; Alpaca, bracket orders"),
    Row("partial fills in lists", "partial.cancel partial.reduce released_part",
        "test_a_partial_fill_ends_the_other_or_reduces_it "
        "test_an_entry_that_ends_early_takes_what_waits_with_it " + LISTS,
        "Binance spot: ends; Alpaca: reduced"),
    Row("iceberg", "visible iceberg_parts",
        "test_an_iceberg_shows_a_part_and_queues_anew_for_each test_coinbases_iceberg_events "
        "test_icebergs_that_are_refused " + PRODUCT, "Binance spot icebergQty; Coinbase Exchange, FIX iceberg orders"),
    Row("contracts: reduce-only, close-position", "reduce_only close_position reduce_only.trim reduce_only.reject",
        "test_resting_reduce_only_orders_follow_the_position test_a_reduce_only_order_is_cut_to_the_position "
        "test_or_refused_where_the_venue_refuses test_close_position_by_a_trigger_takes_what_there_is_by_then "
        "test_one_taker_cannot_fill_more_reduce_only_orders_than_there_is_position",
        "Binance USD-M: reduceOnly, closePosition, -2022; Bybit: reduceOnly"),
    Row("contracts: hedge and one-way mode", "position_side",
        "test_hedge_mode_holds_both_sides test_position_sides_fit_the_mode", "Binance USD-M: positionSide, -4061"),
    Row("contracts: leverage, cross and isolated margin", "leverage isolated maintenance.mark maintenance.entry",
        "test_leverage_limits_the_size test_isolated_margin_leaves_the_wallet_and_comes_back "
        "test_binance_liquidation_price test_bybit_keeps_maintenance_at_entry",
        "Binance, liquidation price of USD-M contracts; Bybit, liquidation price under isolated mode"),
    Row("contracts: liquidation", "liquidation.steps liquidation.whole",
        "test_a_large_position_is_reduced_to_the_next_lower_bracket_first "
        "test_or_closed_at_once_where_the_venue_does_so "
        "test_a_fund_that_cannot_pay_deleverages_the_highest_ranked_opponents",
        "Binance Futures, liquidation protocols; Bybit, auto-deleveraging"),
    Row("self-trade prevention", "self_trade self_trade.none self_trade.expire_taker self_trade.expire_maker "
        "self_trade.expire_both self_trade.decrement",
        "test_binances_self_trade_scenarios test_self_trade_modes test_the_venues_mode_where_the_order_names_none "
        + PRODUCT, f"{FAQ} STP, scenarios A to G"),
    Row("amend: priority kept or lost", "amend.reduce amend.change amend.requeue amend_below_filled.reject "
        "amend_below_filled.cancel", "test_amend_price_and_quantity test_amend_as_other_venues_do "
        "test_binances_example_of_keeping_priority test_an_amended_iceberg_loses_what_it_hides_first",
        f"{FAQ} order amend keep priority; Binance USD-M Modify Order; Deribit edit"),
    Row("amend of orders that wait", "amend_waiting.no amend_waiting.fixed amend_waiting.all",
        "test_a_waiting_orders_trigger_limit_and_quantity test_a_trailing_distance_changes_and_the_best_price_stays "
        "test_what_a_waiting_order_has_not_got_cannot_be_amended", "Bybit amend order; OKX amend-algos; Alpaca trail"),
    Row("amend of listed orders", "amend_listed",
        "test_amending_one_of_a_pair_affects_both test_a_take_profit_leg_is_moved_to_a_marketable_price "
        "test_held_legs_change_and_a_brackets_legs_go_with_its_entry "
        "test_the_orders_of_an_oto_are_amended_individually",
        f"{FAQ} order amend keep priority; Alpaca, staff in the forum on brackets"),
    Row("a new order takes the old one's place", "amend.replace",
        "test_a_new_order_takes_the_old_ones_place test_a_replaced_leg_keeps_its_place_in_the_list "
        "test_alpacas_replaced_order_counts_the_larger_of_the_two", "Alpaca, replace order; Kraken edit_order"),
    Row("cancel/replace: modes and restrictions", "mode.stop_on_failure mode.allow_failure mode.atomic only.new "
        "only.partially_filled", "test_replace_by_mode test_an_atomic_replacement_does_both_or_nothing "
        "test_a_cancel_restricted_to_new_or_partially_filled_orders", "Binance spot, order/cancelReplace"),
    Row("batches with a result per item", "batch_limit batch_cancels batch_amends",
        "test_each_item_of_a_batch_has_its_own_result test_batches_of_cancels_and_amends_have_a_result_for_each_item",
        "Binance USD-M batchOrders; OKX batch-orders, amend- and cancel-batch-orders"),
    Row("cancel all, of a side or kind", "cancel_all.plain cancel_all.trigger cancel_all.stop cancel_all.take_profit "
        "cancel_all.trailing", "test_cancel_all test_cancel_all_takes_those_that_wait_too "
        "test_cancel_all_of_one_side_or_kind", "Gate: side; Bybit: orderFilter; Deribit: type"),
    Row("dead man's switch", "", "test_a_countdown_cancels_everything_unless_it_is_renewed",
        "Binance USD-M countdownCancelAll; Kraken CancelAllOrdersAfter"),
    Row("scaled entry (an agent's pattern)", "",
        "test_fifty_orders_are_placed_partly_filled_and_cancelled "
        "test_there_are_as_many_order_slots_as_the_filter_says "
        "test_nothing_is_lost_in_a_split", "Binance spot filters: MAX_NUM_ORDERS, NOTIONAL"),
    Row("orders that borrow and repay", "side_effect",
        "test_a_purchase_borrows_what_it_lacks_and_a_sale_pays_it_back test_a_short_sale_of_shares_borrows_them "
        "test_what_was_borrowed_for_an_order_goes_back_with_it test_a_stop_borrows_when_its_money_is_locked",
        "Binance margin, New Order: sideEffectType, autoRepayAtCancel"),
    Row("limits of open orders and of holdings", "max_orders max_algo_orders max_iceberg_orders max_order_lists "
        "max_notional notional_asset", "test_number_of_open_orders test_the_legs_of_a_list_are_orders_too "
        "test_the_worth_of_all_holdings_is_limited", "Binance spot filters"),
    Row("refusals in the drop copy", "", "test_each_kind_of_request_is_told_when_it_is_refused "
        "test_their_numbers_never_repeat_and_no_order_id_is_used_up", "inferred"),
]  # fmt: skip


def places() -> dict[str, list[str]]:
    """Test function -> the files that have it."""
    found: dict[str, list[str]] = {}
    for path in sorted(path for pattern in FILES for path in (ROOT / "tests").glob(pattern)):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                found.setdefault(node.name, []).append(f"{path.parent.name}/{path.name}")
    return found


def page() -> str:
    """The whole page. Raises ValueError on a test that is not there, or there twice."""
    known = places()
    lines = []
    for row in ROWS:
        tests = []
        for name in row.tests.split():
            if len(known.get(name, ())) != 1:
                raise ValueError(f"{row.feature}: {name} is a test in {known.get(name, 'no file')}, not in one")
            tests.append(f"[{name[5:].replace('_', ' ')}](../tests/{known[name][0]})")
        lines.append(f"| {row.feature} | {'<br>'.join(tests)} | {row.source} |")
    return f"""# Order features, their tests and their sources

This page is written by `python docs/order_features.py`; do not edit it.

Beside the tests of its own, a feature is tested in combination where the table says *every combination*: the whole
product of type, side, time in force, post-only, quantity or quote amount, trigger and iceberg is placed (6,240 orders)
and lives through a market that reaches every trigger, and so are the legs of lists. Under random operations every
feature is held to the core's invariants in `tests/core/test_terms_machine.py`.

| feature | tested by | source |
|---|---|---|
{chr(10).join(lines)}
"""


if __name__ == "__main__":
    sys.stdout.write(page())
