/** A quoted string of PromQL. */
const STRING = /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`]*`/.source;
const MATCHER = String.raw`\s*[a-zA-Z_][a-zA-Z0-9_]*\s*(?:=~|!~|!=|=)\s*(?:${STRING})\s*`;

/** An instant vector selector of PromQL: a metric's name and, where they are given, matchers of its labels. */
const SELECTOR = new RegExp(
  String.raw`^\s*[a-zA-Z_:][a-zA-Z0-9_:]*\s*(?:\{\s*(?:${MATCHER}(?:,${MATCHER})*,?\s*)?\})?\s*$`,
);

/** What is wrong with a selector of counters, and what to do; null if nothing is. */
export function checkSelector(text: string): string | null {
  if (SELECTOR.test(text)) return null;
  const outside = text.replaceAll(new RegExp(STRING, "g"), '""');
  return `${faultOf(outside)}. Give one counter by its name and labels, as in \`http_requests_total{job="gateway"}\``;
}

/** `text`: without what its strings hold. */
function faultOf(text: string): string {
  if (text.trim() === "") return "is empty";
  if (text.includes("(")) return "has a function or parentheses, and the rate is taken of the raw counter";
  if (text.includes("[")) return "has a range, which is added where it is needed";
  if (/[@]|\boffset\b/.test(text)) return "is of another time than now";
  if (/^\s*\{/.test(text)) return "has no metric name, and so would add up whatever has these labels";
  return "is no selector of PromQL";
}
