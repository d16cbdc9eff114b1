"""How the page looks on a screen, on paper, and where the reader has chosen the colours."""

STYLE = """
body { max-width: 92rem; padding: 2rem 2rem 4rem; }
.facts { display: grid; grid-template-columns: 5rem 1fr; gap: .1rem .8rem; margin: .8rem 0 1rem;
  font-size: .9rem; max-width: 58rem; }
.facts dt { color: var(--quiet); } .facts dd { margin: 0; }
main > p, main > ul { max-width: 52rem; }
h1 { font-size: 1.8rem; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
  white-space: nowrap; }
.bar, .live .side { display: none; }
.live .bar { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center; margin: 1.6rem 0 .8rem; }
.bar .gap { flex: 1; }
.bar .keys { color: var(--quiet); font-size: .85rem; }
button { font: inherit; font-size: .88rem; color: var(--ink); background: #fff; border: 1px solid #767d87;
  border-radius: 3px; padding: .28rem .8rem; cursor: pointer; }
button[aria-pressed=true] { border-color: var(--accent); background: var(--accent); color: #fff;
  font-weight: 600; }
button:focus-visible, .wide:focus-visible, summary:focus-visible { outline: 3px solid var(--accent);
  outline-offset: 2px; }
.both { margin-bottom: 1.2rem; }
.side { display: none; }
.chart { display: grid; grid-template-columns: 8.6rem minmax(0, 1fr); margin-top: .6rem; }
.live .chart { grid-template-columns: 8.6rem minmax(0, 1fr) 7.6rem; }
.nows { display: none; }
.live .nows { display: block; }
.names > div, .nows > div { border-top: 1px solid var(--hair); overflow: hidden; position: relative; }
.names > .axis, .nows > .axis { border-top: 0; }
.names > div { padding: 2px .6rem 0 0; line-height: 1.15; font-size: .82rem; }
.names strong { font-weight: 600; overflow-wrap: anywhere; }
.names .of { display: block; color: var(--quiet); font-size: .74rem; padding-right: 2.6rem; }
.names .y { position: absolute; right: .45rem; color: var(--quiet); font-size: .72rem; line-height: 12px;
  font-variant-numeric: tabular-nums; }
.names .one strong, .names .thin strong { display: block; white-space: nowrap; overflow: hidden;
  text-overflow: ellipsis; }
.names .thin { font-size: .76rem; padding-top: 1px; }
.nows > #now { color: var(--quiet); font-size: 11px; }
.nows > div { padding: 2px 0 0 .7rem; font-size: .82rem; line-height: 1.15;
  font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; overflow-y: hidden; }
.wide { position: relative; min-width: 100%; cursor: crosshair; }
.lane { position: relative; border-top: 1px solid var(--hair); overflow: clip; }
.lane.axis { border-top: 0; }
.lane > svg:not(.m) { position: absolute; inset: 0; width: 100%; height: 100%; }
.lane path { fill: none; vector-effect: non-scaling-stroke; }
.limit { stroke: var(--ink); stroke-width: 1; stroke-dasharray: 7 4; }
.line { stroke: var(--accent); stroke-width: 1.1; opacity: .75; }
.dots { stroke: var(--accent); stroke-width: 4.5; stroke-linecap: round; }
.rate { stroke: var(--ink); stroke-width: 1.8; }
.lane path.under { fill: #16191d1f; stroke: none; }
.stems { stroke: var(--ink); stroke-width: 1.6; }
.amiss { stroke: var(--ink); stroke-width: 1.6; stroke-dasharray: 3 3; }
.tops { stroke: var(--ink); stroke-width: 7; stroke-linecap: square; }
.refused { stroke: var(--ink); stroke-width: 2.2; }
.lane i { position: absolute; top: 0; bottom: 0; font-style: normal; min-width: 1px; overflow: clip;
  container-type: inline-size; }
.lane i b { display: none; position: sticky; left: 4px; width: max-content; padding: 1px 4px;
  border-radius: 2px; background: #fff; color: var(--ink); font-weight: 400; font-size: 11px; line-height: 1;
  white-space: nowrap; margin-top: var(--down, 5px); }
@container (min-width: 13rem) { .lane i b { display: block; } }
.u, .u::before { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
.u::before { content: ""; position: absolute; inset: 0; }
.u-never::before { background: repeating-linear-gradient(135deg, #fff 0 5px, #b4bac3 5px 6px); }
.u-stale::before { background: repeating-linear-gradient(135deg, #eef0f4 0 3px, #a3aab4 3px 4px); }
.u-refused::before { background: repeating-linear-gradient(45deg, #0000 0 4px, #555b63 4px 5.5px),
  repeating-linear-gradient(135deg, #fff 0 4px, #555b63 4px 5.5px); }
.u-silence::before { background: repeating-linear-gradient(90deg, #767d87 0 4px,
  #fff 4px 9px) 0 calc(100% - 6px) / 100% 1.5px no-repeat; }
@container (max-width: 12px) { .u-stale::before { background: #dfe3e9;
  } .u-never::before { background: #eceef2; } }
.lane .w { border-left: 1.5px solid var(--accent); background: var(--tint); }
.lane .w b, .stages i b { background: none; }
.lane .p { top: auto; bottom: 0; height: 3px; background: var(--ink); -webkit-print-color-adjust: exact;
  print-color-adjust: exact; }
.stages i { border-left: 2px solid var(--accent); }
.stages b { font-weight: 600 !important; font-size: 12px !important; }
.stages .g0 { background: #dbe7f2; } .stages .g1 { background: #eef4fa; } .stages .n { background: #fff;
  border-color: var(--hair); }
.stages i b { display: block; max-width: calc(100% - 6px); overflow: hidden; text-overflow: ellipsis; }
.m { position: absolute; top: 4px; width: 13px; height: 13px; margin-left: -6.5px; overflow: visible; }
.lane.marks { overflow: visible; }
.ticks { display: none; }
.wide[data-zoom=whole] .whole, .wide[data-zoom=day] .day, .wide[data-zoom=six] .six { display: block; }
.ticks .t { font-style: normal; position: absolute; top: 0; bottom: 0; border-left: 1px solid #e3e7ec; }
.ticks b { position: absolute; top: 0; left: 0; padding-left: 4px; font-weight: 400; font-size: 11px;
  color: var(--quiet); white-space: nowrap;
  font-variant-numeric: tabular-nums; }
.cursor { position: absolute; top: 18px; bottom: 0; width: 0; border-left: 1.5px dashed var(--ink);
  display: none; pointer-events: none; }
.live .cursor { display: block; }
.live .side { display: block; border: 1px solid var(--hair); border-left: 4px solid var(--accent);
  border-radius: 3px; padding: .9rem 1.1rem;
  margin: 1rem 0 0; }
@media (min-width: 1180px) {
  .live .both { display: grid; grid-template-columns: minmax(0, 1fr) 21rem; gap: 1.2rem; align-items: start; }
  .live .side { position: sticky; top: 1rem; max-height: calc(100vh - 2rem); overflow-y: auto;
    margin-top: .6rem; }
}
.d h3 { font-size: .98rem; margin: 0 0 .4rem; }
.d h3 .at { color: var(--accent); font-variant-numeric: tabular-nums; margin-right: .5em; }
.d p { display: grid; grid-template-columns: 4.2rem minmax(0, 1fr); gap: 0 .4rem; margin: 0 0 .3rem;
  max-width: none;
  font-size: .88rem; line-height: 1.42; overflow-wrap: anywhere; }
.d p > b { font-weight: 600; }
.d p.q { color: var(--quiet); }
.d p.q > b { font-weight: 400; }
.d p.long { display: block; }
#decisions { list-style: none; padding: 0; max-width: 62rem; }
#decisions > li { border-top: 1px solid var(--hair); padding: .8rem 0 .5rem; margin: 0;
  content-visibility: auto; contain-intrinsic-height: auto 6rem; }
.legend { display: grid; grid-template-columns: repeat(auto-fill, minmax(19rem, 1fr)); gap: .45rem 2rem;
  list-style: none; padding: 0;
  max-width: none !important; font-size: .88rem; margin-top: 1.2rem; }
.legend li { display: grid; grid-template-columns: 3.4rem 1fr; gap: .7rem; margin: 0; align-items: center;
  line-height: 1.3; }
.legend .lane { border: 1px solid var(--hair); height: 20px; }
.legend .lane i { left: 0; right: 0; }
.legend .m { left: 50%; top: 3px; }
details { margin: 0 0 .5rem; max-width: 52rem; }
summary { cursor: pointer; padding: .2rem 0; }
details table { width: auto; }
details td:first-child { white-space: nowrap; padding-right: 2rem; font-variant-numeric: tabular-nums; }
@media print {
  .live .bar, .live .side, .live .nows, .live .cursor { display: none; }
  .live .chart { grid-template-columns: 8.5rem minmax(0, 1fr); }
  .live .both { margin-bottom: 1.2rem; }
  .wide { width: 100% !important; } .wide .ticks { display: none !important;
    } .wide .ticks.whole { display: block !important; }
  .scroll { overflow: hidden; }
  .chart { break-inside: avoid; zoom: .78; }
  #decisions { columns: 2; column-gap: 1.6rem; max-width: none; }
  .d p { font-size: 7.5pt; grid-template-columns: 3.2rem minmax(0, 1fr); }
  .d h3 { font-size: 8.5pt; }
  #decisions > li { padding: .4rem 0 .2rem; }
  #decisions > li { break-inside: avoid; content-visibility: visible; }
  details { display: none; }
  .stages i, .lane .w, .lane path { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
}
@media (forced-colors: active) {
  .line, .dots, .rate, .stems, .tops, .amiss, .refused { stroke: CanvasText; }
  .lane path.under { fill: none; }
  .m { color: CanvasText; }
  .limit { stroke: CanvasText; }
  .u-never::before { background: repeating-linear-gradient(135deg, Canvas 0 5px, CanvasText 5px 6px); }
  .u-stale::before { background: repeating-linear-gradient(135deg, Canvas 0 2px, CanvasText 2px 3px); }
  .u-refused::before { background: repeating-linear-gradient(45deg, #0000 0 4px, CanvasText 4px 5.5px),
    repeating-linear-gradient(135deg, Canvas 0 4px, CanvasText 4px 5.5px); }
  .u-silence::before { background: repeating-linear-gradient(90deg, CanvasText 0 4px,
    Canvas 4px 9px) 0 calc(100% - 6px) / 100% 1.5px no-repeat; }
  .u::before, .lane .p, .lane path, .m { forced-color-adjust: none; }
  .lane .p { background: CanvasText; }
  .lane i b { background: Canvas; }
  .live .cursor { border-left-color: Highlight; }
}
"""
