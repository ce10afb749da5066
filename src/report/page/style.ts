/** How a report looks: light and dark as the reader's machine is, on a desk, a phone and paper. */
export const style = `
:root {
  color-scheme: light dark;
  --paper: #ffffff; --raised: #f6f7f9; --ink: #1c2330; --faint: #5a6372; --line: #dfe3e9; --accent: #1d5fbf;
  --c1: #1d6fd1; --c2: #d1600f; --c3: #1c8a5f; --c4: #9a3fa0; --c5: #8a6d00; --c6: #c2334d; --c7: #0f7f93; --c8: #6b7280;
  --good: #17774f; --bad: #c2334d; --warn: #a15c00; --shade: #c2334d; --hatch: #ffffff;
  --h0: #f3f6fa; --h1: #1d5fbf;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #12161d; --raised: #1b212b; --ink: #e7ebf1; --faint: #a2acba; --line: #303846; --accent: #7db2ff;
    --c1: #6aa9f7; --c2: #f0955a; --c3: #56c596; --c4: #d08ad6; --c5: #d6b84a; --c6: #f07f92; --c7: #57c4d6; --c8: #9aa3b0;
    --good: #56c596; --bad: #f07f92; --warn: #eab25a; --shade: #f07f92; --hatch: #12161d;
    --h0: #1d2430; --h1: #7db2ff;
  }
}
* { box-sizing: border-box }
html { -webkit-text-size-adjust: 100% }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif }
main, header, nav.contents, footer { max-width: 1040px; margin: 0 auto; padding: 0 40px }
header { padding-top: 36px }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 6px; overflow-wrap: anywhere }
h2 { font-size: 1.35rem; margin: 44px 0 10px; padding-top: 14px; border-top: 2px solid var(--line) }
h3 { font-size: 1.05rem; margin: 26px 0 6px }
p, ul, ol { margin: 8px 0; max-width: 76ch; overflow-wrap: anywhere }
a { color: var(--accent) }
.lead { color: var(--faint); margin: 0 0 4px }
code, pre { font: .86em/1.45 ui-monospace, "SF Mono", Menlo, "DejaVu Sans Mono", monospace }
pre { background: var(--raised); border: 1px solid var(--line); border-radius: 6px; padding: 10px 12px; overflow-x: auto; margin: 8px 0 }
code { overflow-wrap: anywhere }
nav.contents { display: flex; flex-wrap: wrap; gap: 4px 20px; padding-top: 14px; padding-bottom: 4px; font-size: .95rem }
.tiles { display: flex; flex-wrap: wrap; gap: 10px; margin: 16px 0 4px; padding: 0; list-style: none; max-width: none }
.tiles li { flex: 1 1 150px; background: var(--raised); border: 1px solid var(--line); border-radius: 8px; padding: 10px 14px }
.tiles b { display: block; font-size: 1.3rem; line-height: 1.25; font-variant-numeric: tabular-nums }
.tiles span { color: var(--faint); font-size: .86rem }
figure { margin: 14px 0 22px }
.pair { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 0 20px; align-items: start }
.words { display: inline-block; min-width: 24ch }
figcaption, summary, .about, .tabs > label { overflow-wrap: anywhere; max-width: 100% }
figcaption { color: var(--faint); font-size: .9rem; max-width: 84ch }
.picture svg { display: block; width: 100%; height: auto; max-width: 100% }
.picture text:not([dominant-baseline]) { dominant-baseline: central }
.canvas { width: 100% }
.narrow { display: none }
.table { overflow-x: auto; margin: 8px 0; max-width: 100% }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums }
caption { text-align: left; color: var(--faint); padding-bottom: 4px }
th, td { text-align: left; padding: 4px 12px 4px 0; border-bottom: 1px solid var(--line); vertical-align: top }
th { font-weight: 600; color: var(--faint) }
td { max-width: 44ch; overflow-wrap: anywhere }
td:not(.number) { min-width: calc(10ch + 12px) }
td.long { min-width: 24ch }
td.number, th.number { text-align: right; white-space: nowrap }
details { margin: 6px 0 }
summary { cursor: pointer; color: var(--accent); width: fit-content }
.tabs { margin: 10px 0 }
.tabs > input { position: absolute; opacity: 0; width: 1px; height: 1px }
.tabs > label { display: inline-block; padding: 4px 14px; margin: 0 4px 8px 0; border: 1px solid var(--line); border-radius: 999px; font-size: .9rem; cursor: pointer }
.tabs > input:checked + label { background: var(--accent); border-color: var(--accent); color: var(--paper) }
.tabs > input:focus-visible + label { outline: 3px solid var(--accent); outline-offset: 2px }
.tabs > .panel { display: none }
TABS
.about { color: var(--faint); font-size: .9rem; max-width: 84ch }
.heats { display: flex; flex-wrap: wrap; gap: 4px 28px; margin-bottom: 18px }
.heat th, .heat td { text-align: center; white-space: nowrap; min-width: 0; padding: 5px 10px; border: 1px solid var(--line); max-width: 15ch }
.heat thead th { white-space: normal; overflow-wrap: anywhere; min-width: 7ch }
.heat th:first-child { text-align: left; white-space: normal; min-width: 9ch; max-width: 30ch; overflow-wrap: anywhere }
td small { color: var(--faint); font-size: .86em }
.heat small { display: block; color: inherit }
SHADES
.notes { padding-left: 20px }
.warning { border-left: 4px solid var(--warn); padding: 2px 0 2px 12px; margin: 8px 0 }
.bad { color: var(--bad) } .good { color: var(--good) }
.key { display: flex; flex-wrap: wrap; gap: 2px 18px; padding: 0; margin: 4px 0; list-style: none; font-size: .86rem; color: var(--faint); max-width: none }
.key svg { width: 14px; height: 12px; margin-right: 6px; vertical-align: -1px }
footer { color: var(--faint); font-size: .86rem; padding-top: 30px; padding-bottom: 50px }
[hidden] { display: none !important }
@media (max-width: 640px) {
  main, header, nav.contents, footer { padding-left: 16px; padding-right: 16px }
  .wide { display: none } .narrow { display: block }
  .pair { display: block }
}
@media print {
  :root { color-scheme: light }
  body { font-size: 10.5pt }
  main, header, footer { max-width: none; padding-left: 0; padding-right: 0 }
  nav.contents, .tabs > label, .downloads { display: none }
  .tabs > .panel { display: block !important }
  .picture, .picture[hidden] { display: block !important } .canvas { display: none !important }
  .wide { display: block } .narrow { display: none }
  figure, tr, .tiles li { break-inside: avoid } h2, h3 { break-after: avoid }
  a { color: inherit }
}
`.replace('SHADES', Array.from({ length: 10 }, (_, i) => `.s${i} { background: color-mix(in srgb, var(--h1) ${2 + 4 * i}%, var(--h0)); print-color-adjust: exact; -webkit-print-color-adjust: exact }`).join('\n'))
  .replace('TABS', Array.from({ length: 8 }, (_, i) => `.tabs > input:nth-of-type(${i + 1}):checked ~ .panel:nth-of-type(${i + 1}) { display: block }`).join('\n'))
