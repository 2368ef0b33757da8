"""The zoo's list: which broken agent was made for which property, and what else it may fail.

The last column names the consequences that are permitted in the kill matrix; everything else that fails is a finding
about us. They were seen over 70 to 150 scenarios of the default space, and each follows from the bug: whoever sends
twice also holds too much, whoever forgets an order leaves it working.
"""

from __future__ import annotations

from outtrade.suites import Broken


def _broken(
    name: str,
    base: str,
    property: str,
    source: str,
    also: str = "",
    *,
    needs_fault: bool = True,
    space: str | None = None,
) -> Broken:
    spec = f"py:outtrade_suites.zoo.{name}:execute"
    return Broken(name, spec, base, property, tuple(also.split()), source, needs_fault, space)


ZOO: tuple[Broken, ...] = (
    _broken(
        "blind_retry",
        "ccxt",
        "RTY-02",
        "scrtlabs/catalyst#315",
        "ORD-01 PAR-11 RCV-03 RCV-04 RCV-06 RCV-18 REC-10 RTY-01",
    ),
    _broken(
        "timeout_is_rejected", "httpx", "RCV-03", "nautechsystems/nautilus_trader#3995", "ORD-01 RCV-04 RCV-18 REC-10"
    ),
    _broken("failed_query_is_absence", "ccxt", "RCV-05", "hummingbot/hummingbot#8457", "RCV-04 RTY-01 RTY-02"),
    _broken("unknown_is_cancelled", "httpx", "RCV-15", "freqtrade/freqtrade#3647", "RCV-03"),
    _broken("retry_after_ignored", "ccxt", "RTY-06", "hummingbot/hummingbot#1291"),
    _broken("ban_ignored", "httpx", "RTY-07", "rotki/rotki#1860"),
    _broken("float_quantities", "httpx", "PAR-05", "ccxt/ccxt#663", "PAR-02 PAR-06 PAR-13", needs_fault=False),
    _broken("off_tick", "httpx", "PAR-01", "nautechsystems/nautilus_trader#2980", "PAR-05", needs_fault=False),
    _broken("off_step", "httpx", "PAR-02", "ccxt/ccxt#799", "PAR-05", needs_fault=False),
    _broken("base_fee_ignored", "httpx", "PAR-18", "freqtrade/freqtrade#528", "RCV-06 REC-02", needs_fault=False),
    _broken("gross_position", "ccxt", "REC-02", "yubing744/trading-gpt#95", "RCV-06", needs_fault=False),
    _broken(
        "replayed_fill_counts",
        "httpx",
        "RCV-11",
        "nautechsystems/nautilus_trader#3172",
        "PAR-18 RCV-06 REC-02 REC-04 REC-05",
        needs_fault=False,
    ),
    _broken("gap_left_open", "httpx", "RCV-08", "nautechsystems/nautilus_trader#4991"),
    _broken(
        "late_waiter",
        "httpx",
        "RCV-12",
        "nautechsystems/nautilus_trader#3870",
        "RCV-06 REC-01 REC-02 REC-04 REC-12 RTY-05",
        needs_fault=False,
    ),
    _broken("replaces_before_cancelled", "httpx", "RCV-16", "stellar-deprecated/kelp#458", "RTY-01", needs_fault=False),
    _broken(
        "restart_amnesia",
        "ccxt",
        "RCV-06",
        "nautechsystems/nautilus_trader#3878",
        "ORD-01 RCV-01 RCV-03 RCV-04 RCV-18 REC-02 REC-04 REC-10 REC-12 RTY-03",
    ),
    _broken("impatient_absence", "ccxt", "RCV-04", "ccxt/ccxt#6615", "PAR-11 REC-10 RTY-02 RTY-11"),
    _broken("duplicate_is_rejected", "ccxt", "RTY-12", "nautechsystems/nautilus_trader#4215", "ORD-01 REC-10"),
    _broken("hammers_permanent_errors", "httpx", "RTY-04", "freqtrade/freqtrade#528", "RTY-09"),
    _broken("endless_retries", "httpx", "RTY-05", "bennycode/trading-signals#1178", "RTY-06 RTY-07"),
    _broken(
        "no_timeout",
        "httpx",
        "RTY-13",
        "measured: alpaca-py, krakenex and hyperliquid have no default timeout",
        "ORD-01 RCV-18 REC-10",
    ),
    _broken("limit_price_as_average", "ccxt", "REC-05", "ccxt/ccxt#6093", needs_fault=False),
    _broken("fee_in_quote", "httpx", "REC-06", "freqtrade/freqtrade#4057", needs_fault=False),
    _broken("leaves_orders_working", "ccxt", "REC-10", "hummingbot/hummingbot#1357", "RCV-06", needs_fault=False),
    _broken("quantity_in_quote", "httpx", "PAR-06", "ccxt/ccxt#17164", "PAR-03 RCV-06 RTY-01", needs_fault=False),
    _broken("partial_is_done", "ccxt", "REC-12", "DeviaVir/zenbot#1936", needs_fault=False),
    _broken("speaks_after_the_report", "httpx", "REC-15", "Haehnchen/crypto-trading-bot#53", needs_fault=False),
    _broken("always_good_till_cancelled", "ccxt", "PAR-07", "ccxt/ccxt#17932", needs_fault=False),
    _broken(
        "foreign_alphabet",
        "httpx",
        "PAR-11",
        "nautilus_trader docs, integrations/okx.md",
        "RCV-18 RTY-03",
        needs_fault=False,
    ),
    _broken("invents_an_endpoint", "httpx", "PAR-16", "constructed", needs_fault=False),
    _broken("stale_timestamp", "httpx", "PAR-12", "ccxt/binance-trade-bot#164", "RTY-03", needs_fault=False),
    _broken("raises_to_the_minimum", "ccxt", "PAR-15", "constructed", "PAR-06 PAR-13 RCV-06 RTY-01", needs_fault=False),
    _broken(
        "too_small_again_and_again",
        "httpx",
        "PAR-03",
        "lomacks/bittrex-order-refresh#1",
        "PAR-02 PAR-15 RTY-04 RTY-09",
        needs_fault=False,
    ),
    _broken("locked_is_missing", "httpx", "REC-03", "DeviaVir/zenbot#397", needs_fault=False),
    _broken("newest_fill_only", "ccxt", "REC-04", "ccxt/ccxt#8327", "RCV-06 REC-02 REC-05", needs_fault=False),
    _broken("ghost_orders", "httpx", "REC-01", "hummingbot/hummingbot#4024", "RCV-06 RCV-12", needs_fault=False),
    _broken("gives_up_on_a_limit", "ccxt", "RTY-03", "askmike/gekko#1855", "RTY-07"),
    _broken(
        "never_adopts",
        "httpx",
        "RCV-01",
        "nautechsystems/nautilus_trader#4958",
        "ORD-01 RCV-06 RCV-18 REC-02 REC-04 REC-10",
    ),
    _broken(
        "assumes_filled", "ccxt", "RCV-02", "askmike/gekko#1806", "ORD-01 RCV-03 RCV-18 REC-01 REC-04 REC-10 REC-12"
    ),
    _broken("never_resolves", "httpx", "RCV-18", "nautilus_trader release notes 2026 (OKX)", "RTY-03"),
    _broken("trusts_the_id", "ccxt", "RTY-01", "longbridge/developers#1134", "RCV-04 RCV-06 REC-07 RTY-02"),
    _broken("forgets_deadlines", "ccxt", "ORD-01", "nautechsystems/nautilus_trader#3797", "RTY-15", needs_fault=False),
    _broken("forgets_the_rest", "httpx", "ORD-02", "DeviaVir/zenbot#1936", needs_fault=False),
    _broken("sends_at_once", "ccxt", "ORD-11", "shinnytech/tqsdk-python#71", needs_fault=False),
    _broken("pulls_its_orders", "httpx", "ORD-12", "Kraken documentation, rate limits", needs_fault=False),
    _broken("drops_post_only", "ccxt", "EXQ-03", "Binance documentation, LIMIT_MAKER", "PAR-07", needs_fault=False),
    _broken("argues_about_parameters", "httpx", "RTY-09", "QuantConnect/Lean.Brokerages.TradeStation#101", "RTY-04"),
    _broken(
        "resends_from_a_timer",
        "httpx",
        "RTY-11",
        "Haehnchen/crypto-trading-bot#53",
        "PAR-11 RCV-12 REC-07 RTY-01",
    ),
    _broken("polls_without_pause", "httpx", "RTY-14", "hummingbot/hummingbot#1291", needs_fault=False),
    _broken("empties_its_queue", "httpx", "RTY-15", "shinnytech/tqsdk-python#71", needs_fault=False),
    _broken("trusts_a_silent_stream", "httpx", "RCV-09", "nautechsystems/nautilus_trader#4020"),
    _broken(
        "trusts_the_stream",
        "httpx",
        "RCV-10",
        "QuantConnect/Lean.Brokerages.TradeStation#101",
        "RCV-18",
        needs_fault=False,
    ),
    _broken("late_news_wins", "httpx", "REC-07", "nautechsystems/nautilus_trader#3797"),
    _broken("fat_finger", "ccxt", "PAR-04", "SEC Release 34-75331", needs_fault=False),
    _broken("rounds_to_the_nearest", "httpx", "PAR-13", "ccxt/ccxt#663", "PAR-18", needs_fault=False),
    _broken("retries_in_step", "httpx", "RTY-08", "hummingbot/hummingbot#1291", space="retry"),
    _broken("silent_when_cut_off", "ccxt", "RTY-16", "freqtrade/freqtrade#7932", space="retry"),
    _broken("sulks_after_a_limit", "ccxt", "RTY-19", "hummingbot/hummingbot#1993", "RTY-07", space="retry"),
    _broken("starts_with_a_clean_slate", "httpx", "ORD-10", "constructed", needs_fault=False, space="orders"),
    _broken(
        "two_orders_for_a_pair",
        "ccxt",
        "ORD-04",
        "QuantConnect/Lean.Brokerages.Alpaca#74",
        needs_fault=False,
        space="orders",
    ),
    _broken("protects_the_first_fill", "httpx", "ORD-05", "tony-ho/binance-oco#19", needs_fault=False, space="orders"),
    _broken(
        "logs_a_refused_stop",
        "httpx",
        "ORD-07",
        "freqtrade/freqtrade#4051",
        "ORD-05",
        needs_fault=False,
        space="orders",
    ),
    _broken(
        "trusts_its_store",
        "ccxt",
        "RCV-07",
        "freqtrade/freqtrade#8913",
        "ORD-01 RCV-01 RCV-06 REC-02 REC-04 REC-10 REC-12",
        space="recovery",
    ),
    _broken("failed_read_is_empty", "httpx", "RCV-14", "nautechsystems/nautilus_trader#4230", space="recovery"),
    _broken("drops_the_second_step", "ccxt", "RCV-20", "stellar-deprecated/kelp#458", space="recovery"),
    _broken("ignores_caps", "httpx", "LIM-01", "SEC Release 34-70694", needs_fault=False, space="execution"),
    _broken("fires_at_will", "ccxt", "LIM-02", "SEC Release 34-70694", needs_fault=False, space="execution"),
    _broken("halts_what_it_sees", "httpx", "LIM-04", "SEC Release 34-70694", needs_fault=False, space="execution"),
)
