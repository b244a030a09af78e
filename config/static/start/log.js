// The log: newest press first, and within a press each call with its answer and what the client does with it.

import { shortened } from "./api.js";
import { $, h, icon, ICONS } from "./dom.js";
import { entries } from "./flows.js";
import { announce, language, t } from "./words.js";

export function drawLog() {
  if (!entries.length) return $("entries").replaceChildren(empty());
  return $("entries").replaceChildren(...entries.map(entryView));
}

// One press changed: the others stay as they are. A new one is drawn with all, which it has folded up.
export function drawEntry(entry) {
  const old = $("entries").querySelector(`[data-number="${entry.number}"]`);
  if (old) old.replaceWith(entryView(entry));
  else {
    drawLog();
    bringIntoView();
  }
  const last = entry.exchanges.at(-1);
  if (last) announce(sentences(last).join(" "));
}

// On a narrow screen the list of calls stands below the log; whoever presses there wants to see the answer.
function bringIntoView() {
  $("log").scrollTop = 0;
  const below = $("log").getBoundingClientRect().top < 0;
  if (below && $("calls").contains(document.activeElement)) $("log").scrollIntoView();
}

function empty() {
  const walk = (name) => h("li", {}, h("b", {}, t(`walk_${name}`)), h("span", {}, t(`walk_${name}_text`)));
  return h("div.empty", {}, h("p", {}, t("empty")), h("ol", {}, ["new", "returning", "half", "mobile"].map(walk)));
}

function entryView(entry) {
  const time = new Date(entry.at).toLocaleTimeString(language() === "zh" ? "zh-CN" : "en-GB", { hour12: false });
  return h("article.entry", { "data-number": entry.number, "aria-label": `${t(`call_${entry.title}`)}, ${entry.person}` },
    h("header", {}, h("span.number", {}, entry.number), h("b", {}, t(`call_${entry.title}`)), h("span.who", {}, entry.person), h("time", {}, time)),
    entry.exchanges.map(exchangeView));
}

function exchangeView(exchange) {
  const { answer, method, path, role, ms } = exchange;
  return h("section.exchange", {},
    h("details", { open: exchange.open, ontoggle: (event) => { exchange.open = event.target.open; } },
      h("summary", {}, icon(ICONS.next, 14), h(`span.method.${method.toLowerCase()}`, {}, method), h("code", {}, path),
        role && h("span.role", {}, t(`role_${role}`)),
        h("span.outcome", {}, codeBadge(answer), h("span.ms", {}, `${ms} ms`))),
      h("div.sides", {}, side(t("request"), requestView(exchange)), side(t("answer"), answerView(answer), `${answer.status || ""} ${answer.text}`))),
    h("div.client", {}, icon(ICONS.client, 18), h("p", {}, h("b", {}, t("client")), ...sentences(exchange).map((text) => ` ${text}`))));
}

const sentences = ({ words }) => words.map(([key, values]) => t(`does_${key}`, values));

const side = (title, lines, status = "") => h("div.side", {}, h("h3", {}, title, h("span", {}, status)), lines.length > 0 && h("pre", { tabindex: 0 }, lines));

function codeBadge({ code, status }) {
  if (code === null) return h("span.badge.failed", {}, status || t("no_answer"));
  const badge = h(`span.badge.code${code}`.replace("-", "_"), {}, `code ${code}`);
  return status === 200 ? badge : [h("span.badge.failed", {}, status), badge];
}

function requestView({ headers, body }) {
  const lines = Object.entries(headers).map(([name, value]) => headerLine(name, value));
  return [lines, body ? ["\n", json(body)] : []].flat();
}

function answerView({ renewed, retryAfter, envelope }) {
  const lines = [renewed && headerLine("X-Renewed-Token", shortened(renewed), ".renewed"), retryAfter && headerLine("Retry-After", retryAfter)].filter(Boolean);
  return [lines, lines.length ? "\n" : [], envelope ? json(envelope) : []].flat();
}

const headerLine = (name, value, style = "") => h(`span.header${style}`, {}, h("i", {}, `${name}: `), value, "\n");

// Pretty-printed JSON as coloured pieces; tokens are shortened wherever they stand.
function json(value, indent = "") {
  if (Array.isArray(value)) return bracket("[", "]", value.map((item) => json(item, `${indent}  `)), indent);
  if (value !== null && typeof value === "object") {
    const lines = Object.entries(value).map(([name, item]) => [h("span.key", {}, `"${name}"`), ": ", json(item, `${indent}  `)]);
    return bracket("{", "}", lines, indent);
  }
  const text = typeof value === "string" && value.startsWith("eyJ") ? shortened(value) : value;
  return [h(`span.${value === null ? "null" : `json-${typeof value}`}`, {}, JSON.stringify(text))];
}

function bracket(open, close, items, indent) {
  if (!items.length) return [open + close];
  const lines = items.flatMap((item, index) => [index ? ",\n" : "\n", `${indent}  `, ...[item].flat(9)]);
  return [open, ...lines, `\n${indent}${close}`];
}
