"""The look of the HTML report: one style sheet, light and dark, for the screen and for paper.

Colours are variables; both themes keep a contrast of at least 4.5 to 1 for text. Nothing is said by colour alone.
"""

from __future__ import annotations

STYLE = """
:root{color-scheme:light dark;--bg:#f6f7f9;--card:#fff;--ink:#1a2130;--soft:#566074;--line:#dde1e8;--accent:#1d4fb8;
--good:#17693a;--good-bg:#dff3e6;--bad:#a8201f;--bad-bg:#fce4e3;--warn:#7d5200;--warn-bg:#fbefcf;--mute:#566074;
--mute-bg:#eceff4;--bar-good:#3aa565;--bar-bad:#d64543;--bar-mute:#c3cad6;--mark:#fff5d6;
--mono:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
@media(prefers-color-scheme:dark){:root{--bg:#12151c;--card:#1a1f29;--ink:#e5e9f1;--soft:#a3adbf;--line:#303847;
--accent:#8fb4ff;--good:#7fdba2;--good-bg:#15362a;--bad:#ff9d98;--bad-bg:#471f22;--warn:#f3c969;--warn-bg:#3d3114;
--mute:#a3adbf;--mute-bg:#262d3a;--bar-good:#3f9d66;--bar-bad:#cf4f4c;--bar-mute:#4a5468;--mark:#352d16}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,
"Liberation Sans",sans-serif}
.skip{position:absolute;left:-999px}.skip:focus{left:8px;top:8px;background:var(--card);padding:6px 10px}
header,main,footer{max-width:1180px;margin:0 auto;padding:0 24px}
header{padding-top:28px}
h1{font-size:22px;margin:0 0 4px;overflow-wrap:anywhere}
h2{font-size:18px;margin:36px 0 12px}
h3{font-size:15px;margin:0}
h4{font-size:13px;margin:16px 0 6px;color:var(--soft);font-weight:600}
p{margin:6px 0}a{color:var(--accent)}
.soft{color:var(--soft)}.small{font-size:13px}
nav{margin:14px 0 0;display:flex;gap:6px 18px;flex-wrap:wrap;font-size:14px}
.card{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:14px 16px}
.verdict{display:flex;gap:18px;align-items:flex-start;margin-top:18px;border-left-width:6px}
.verdict.good{border-left-color:var(--bar-good)}.verdict.bad{border-left-color:var(--bar-bad)}
.verdict.warn{border-left-color:var(--warn)}
.verdict strong{font-size:22px;line-height:1.2;letter-spacing:.02em;white-space:nowrap}
.verdict ul{margin:2px 0 0;padding-left:18px}
.good strong,.t-good{color:var(--good)}.bad strong,.t-bad{color:var(--bad)}.warn strong,.t-warn{color:var(--warn)}
.grid{display:grid;gap:12px;grid-template-columns:repeat(auto-fit,minmax(210px,1fr))}
.score b{display:block;font-size:30px;line-height:1.2;font-variant-numeric:tabular-nums}
.score .track{position:relative;height:8px;border-radius:4px;background:var(--mute-bg);margin:8px 0 6px}
.score .track i{position:absolute;top:0;bottom:0;border-radius:4px}
.score .range{background:var(--bar-mute)}.score .point{width:4px;margin-left:-2px;background:var(--ink)}
dl.facts{display:grid;gap:2px 28px;grid-template-columns:repeat(auto-fit,minmax(230px,1fr));margin:14px 0 0}
dl.facts div{display:flex;justify-content:space-between;gap:12px;border-bottom:1px solid var(--line);padding:3px 0}
dl.facts dt{color:var(--soft)}dl.facts dd{margin:0;text-align:right;overflow-wrap:anywhere}
.scroll{overflow-x:auto;padding:0;position:relative}
table{border-collapse:collapse;width:100%;font-size:13.5px}
caption{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
th,td{padding:5px 10px;text-align:left;vertical-align:top;border-bottom:1px solid var(--line)}
thead th{font-weight:600;color:var(--soft);font-size:12.5px;white-space:nowrap}
tbody th{font-weight:600;white-space:nowrap}tbody tr:last-child>*{border-bottom:0}
tr.group th{background:var(--mute-bg);color:var(--soft);font-size:12.5px;padding:4px 10px}
.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}.zero{color:var(--soft)}
.bar{display:flex;overflow:hidden;height:9px;min-width:90px;border-radius:3px;background:var(--mute-bg);margin-top:6px}
.bar i{display:block}.b-good{background:var(--bar-good)}.b-bad{background:var(--bar-bad)}
.b-mute{background:var(--bar-mute)}
.tag{display:inline-block;border-radius:4px;padding:0 7px;font-size:12px;font-weight:600;white-space:nowrap;
background:var(--mute-bg);color:var(--mute)}
.tag.critical,.tag.fail{background:var(--bad-bg);color:var(--bad)}.tag.major{background:var(--warn-bg);color:var(--warn)}
.tag.good{background:var(--good-bg);color:var(--good)}
details.failure{margin:10px 0;padding:0}
details.failure>summary{cursor:pointer;padding:11px 16px;display:flex;gap:4px 12px;flex-wrap:wrap;align-items:baseline}
details.failure>summary::before{content:"\\25B8";color:var(--soft)}details[open].failure>summary::before{content:"\\25BE"}
details.failure>summary::-webkit-details-marker{display:none}
details.failure>summary .where{margin-left:auto;color:var(--soft);font-size:13px}
details.failure>div{padding:0 16px 16px;border-top:1px solid var(--line)}
summary:focus-visible,a:focus-visible,.scroll:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
.message{margin:12px 0;overflow-wrap:anywhere}
ul.words{margin:4px 0;padding-left:18px}
code,.mono{font-family:var(--mono);font-size:12.5px;overflow-wrap:anywhere}
.command{display:block;background:var(--mute-bg);border-radius:6px;padding:7px 10px;user-select:all}
.lanes td{width:31%;font-size:13px;overflow-wrap:anywhere}.lanes td+td{border-left:1px solid var(--line)}
.lanes th{font-weight:400;color:var(--soft);text-align:right;font-variant-numeric:tabular-nums}
.lanes td:first-of-type{border-left:1px solid var(--line)}
.lanes span{display:block;padding-left:12px;text-indent:-12px}
.lanes .fault{color:var(--bad);font-weight:600}.lanes .said{font-weight:600}
.lanes tr.proof>*{background:var(--mark)}.lanes tr.proof th{color:var(--ink);font-weight:600}
.lanes tr.gap td{text-align:center;color:var(--soft);border-left:0;width:auto}
.lanes tbody td,.lanes tbody th{padding-top:3px;padding-bottom:3px}
.lanes thead th{text-align:left;font-weight:600}
tr.differs>*{background:var(--bad-bg)}
.hide{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
footer{padding-top:28px;padding-bottom:40px;color:var(--soft);font-size:13px}
@media(max-width:640px){header,main,footer{padding-left:12px;padding-right:12px}.verdict{flex-direction:column;gap:6px}}
@media(max-width:640px){.lanes,.lanes tbody,.lanes tr{display:block}.lanes thead{display:none}
.lanes tr{border-bottom:1px solid var(--line);padding:4px 0}.lanes tr.proof{background:var(--mark)}
.lanes tbody th,.lanes tbody td{display:block;width:auto;text-align:left;border:0;padding:0 8px}
.lanes tbody th:empty,.lanes tbody td:empty{display:none}.lanes td+td{border:0;margin-left:14px}
.lanes tbody td:first-of-type{border:0}.lanes td:nth-of-type(n+3){margin-left:28px}
.lanes td::before{color:var(--soft);font-size:12px;content:"sent and received"}
.lanes td:nth-of-type(2)::before{content:"on the exchange"}.lanes td:nth-of-type(3)::before{content:"believed"}
.lanes tr.gap td::before{content:none}}
@media print{body{background:#fff}.card{break-inside:avoid-page}nav{display:none}}
"""
