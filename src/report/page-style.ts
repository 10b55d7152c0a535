/** The style sheet of the report: system fonts, light and dark, from 360 px up. */
export const pageStyle = `
:root {
  color-scheme: light dark;
  --page: #fdfdfc; --text: #1d2126; --quiet: #5b636d; --line: #dcdfe3;
  --policy-1: #0072b2; --policy-2: #d55e00; --policy-3: #009e73; --policy-4: #cc79a7; --policy-5: #e69f00; --policy-6: #56b4e9; --policy-7: #7f7f7f;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #15181c; --text: #e4e7ea; --quiet: #a0a8b1; --line: #343a42;
    --policy-1: #3b9fdc; --policy-2: #f0782a; --policy-3: #1fb88d; --policy-4: #dd92ba; --policy-5: #e69f00; --policy-6: #94d1f2; --policy-7: #a6a6a6;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0; background: var(--page); color: var(--text);
  font: 17px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
}
main { max-width: 1220px; margin: 0 auto; padding: 40px 24px 64px; }
h1 { margin: 0; font-size: clamp(1.7rem, 1.2rem + 2vw, 2.5rem); line-height: 1.15; letter-spacing: -0.02em; text-wrap: balance; overflow-wrap: anywhere; }
h1 .times { color: var(--quiet); font-weight: 400; padding: 0 0.1em; }
h2 { margin: 56px 0 12px; font-size: 1.25rem; letter-spacing: -0.01em; line-height: 1.3; }
p { margin: 0 0 12px; max-width: 44em; }
.lead { margin: 16px 0 32px; font-size: clamp(1.05rem, 1rem + 0.4vw, 1.25rem); line-height: 1.5; text-wrap: pretty; overflow-wrap: anywhere; }
.quiet, figcaption { color: var(--quiet); }
/* A shadow at the edge behind which there is more; the first layer scrolls along and hides it at the end. */
.scroll {
  overflow-x: auto;
  background:
    linear-gradient(to left, var(--page) 30%, transparent) right / 60px 100% no-repeat local,
    linear-gradient(to left, rgb(128 128 128 / 0.35), transparent) right / 16px 100% no-repeat scroll;
}
.scroll:focus-visible { outline: 2px solid var(--policy-1); outline-offset: 4px; }
table { border-collapse: collapse; width: 100%; font-size: 0.94rem; font-variant-numeric: tabular-nums; }
th, td { padding: 9px 14px; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line); }
thead th { color: var(--quiet); font-weight: 500; font-size: 0.85rem; border-bottom-color: var(--quiet); vertical-align: bottom; }
th:first-child { text-align: left; padding-left: 0; position: sticky; left: 0; background: var(--page); }
td:last-child, th:last-child { padding-right: 0; }
tbody th { font-weight: 600; }
abbr { text-decoration: underline dotted; text-underline-offset: 3px; cursor: help; }
.sample { width: 26px; height: 12px; margin-right: 9px; vertical-align: 0; }
.charts { display: grid; grid-template-columns: minmax(0, 1fr); gap: 40px 44px; }
figure { margin: 0; max-width: 720px; }
figcaption { margin-bottom: 10px; font-size: 0.9rem; line-height: 1.45; overflow-wrap: anywhere; }
figcaption strong { display: block; color: var(--text); font-size: 1.02rem; }
figure svg { display: block; width: 100%; height: auto; }
.wide { display: none; }
dl { display: grid; grid-template-columns: minmax(0, max-content) minmax(0, 1fr); gap: 6px 20px; margin: 0; font-size: 0.94rem; }
dt { color: var(--quiet); }
dd { margin: 0; overflow-wrap: anywhere; max-width: 44em; }
details { margin-top: 40px; border-top: 1px solid var(--line); padding-top: 14px; }
summary { cursor: pointer; font-weight: 600; padding: 4px 0; }
@media (min-width: 580px) {
  .wide { display: block; }
  .narrow { display: none; }
}
@media (min-width: 1120px) {
  .charts { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  figure { max-width: none; }
}
@media (max-width: 579px) {
  main { padding: 24px 16px 48px; }
  body { font-size: 16px; }
  h2 { margin-top: 44px; }
  th, td { padding: 9px 10px; }
}
@media print {
  details { display: block; }
  figure { break-inside: avoid; }
}
`;
