"""The HTML report in a browser: it asks for nothing, runs nothing, and fits a desk and a phone, light and dark."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from chromium_page import CHROMIUM, WHY, Page, browser
from test_stored_reports import EVIL, folder

from outtrade.report import html
from outtrade.report.stored import load

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason=WHY)

TOO_WIDE = """
[...document.querySelectorAll("body *")].filter(one => !one.closest(".scroll") && !one.closest(".skip") &&
  one.getBoundingClientRect().right > document.documentElement.clientWidth + 1).map(one => one.outerHTML.slice(0, 120))
"""
FAINT = """
(() => {
  const parts = color => (color.match(/[\\d.]+/g) || []).map(Number);
  const light = color => parts(color).slice(0, 3).map(c => c / 255)
    .map(c => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, n) => sum + c * [0.2126, 0.7152, 0.0722][n], 0);
  const behind = one => {
    for (; one; one = one.parentElement) {
      const color = getComputedStyle(one).backgroundColor, all = parts(color);
      if (all.length === 3 || all[3] > 0) return color;
    }
    return "rgb(255, 255, 255)";
  };
  const said = [...document.querySelectorAll("body *")].filter(one => one.getClientRects().length
    && [...one.childNodes].some(node => node.nodeType === 3 && node.data.trim()));
  return said.filter(one => {
    const pair = [light(getComputedStyle(one).color), light(behind(one))].sort((a, b) => b - a);
    return (pair[0] + 0.05) / (pair[1] + 0.05) < 4.5 || getComputedStyle(one).opacity < 1;
  }).map(one => one.outerHTML.slice(0, 120));
})()
"""


@pytest.fixture(scope="module")
def tab() -> Iterator[Page]:
    with browser() as page:
        yield page


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A page of an agent that says nothing strange, of one that attacks, and of one that passes."""
    passed = {"failures": [], "exit": {"code": 0, "reasons": []}, "critical": 0, "properties": [], "results": []}
    made = {}
    for name, words, changes in (("plain", "", {}), ("evil", EVIL * 3, {}), ("good", "", passed)):
        place = folder(tmp_path_factory.mktemp(name) / "run", words, **changes)
        made[name] = place / "report.html"
        made[name].write_text(html.build(load(place)))
    return made


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [1280, 400])
@pytest.mark.parametrize("name", ["plain", "evil", "good"])
def test_it_fits_and_asks_for_nothing(
    tab: Page, reports: dict[str, Path], tmp_path: Path, name: str, width: int, dark: bool
) -> None:
    tab.open(reports[name].as_uri(), width=width, dark=dark)
    assert tab.requests() == [reports[name].as_uri()]
    assert tab.complaints() == []
    tab.ask("document.querySelectorAll('details').forEach(one => { one.open = true })")
    assert tab.ask("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), "scrolls sideways"
    assert tab.ask(TOO_WIDE) == []
    assert tab.ask(FAINT) == [], "contrast below 4.5 to 1"
    assert tab.ask("document.querySelectorAll('script, img, iframe, link, object, form, [onerror]').length") == 0
    tab.picture(tmp_path / "page.png", whole=True)
    assert (tmp_path / "page.png").read_bytes().startswith(b"\x89PNG")


def test_a_script_would_not_run(tab: Page, reports: dict[str, Path], tmp_path: Path) -> None:
    """Should something get through, the policy in the page stops it; this test shows that Chromium obeys it."""
    broken = tmp_path / "broken.html"
    inside = "<script>document.title = 'owned'</script><img src='http://127.0.0.1:9/x' onerror='document.title = 1'>"
    broken.write_text(reports["plain"].read_text().replace("<main>", "<main>" + inside, 1))
    tab.open(broken.as_uri())
    assert "owned" not in tab.ask("document.title") and tab.ask("document.title") != "1"
    assert any("Content Security Policy" in line for line in tab.complaints())


def test_what_was_believed_stands_beside_what_was_true(tab: Page, reports: dict[str, Path]) -> None:
    tab.open(reports["plain"].as_uri())
    heads = "[...document.querySelectorAll('.lanes thead th')].map(one => one.textContent)"
    assert tab.ask(heads) == ["time", "sent and received", "on the exchange", "believed"]
    differs = tab.ask("[...document.querySelectorAll('tr.differs')].map(one => one.innerText)")
    assert any("failed, 0 filled" in line and "0.4 filled in 1 order" in line for line in differs)


def test_on_a_phone_the_lanes_stand_below_each_other(tab: Page, reports: dict[str, Path]) -> None:
    tab.open(reports["plain"].as_uri(), width=400)
    cells = "[...document.querySelectorAll('.lanes tbody td:not(:empty)')]"
    assert tab.ask(f"{cells}.every(one => one.getBoundingClientRect().right <= document.documentElement.clientWidth)")
    labels = tab.ask(f"{cells}.map(one => getComputedStyle(one, '::before').content.slice(1, -1))")
    assert set(labels) == {"sent and received", "on the exchange", "believed"}
    assert tab.ask("getComputedStyle(document.querySelector('.lanes thead')).display") == "none"
