// Why not: a form below the list that says of any item why the list lacks it, and what would bring it in.
import { h, sentence } from "./dom.js";

// The best match in the catalogue for what was typed, or else what was typed, as an id.
async function itemOf(text, call) {
  const { items } = await call("GET", `/v1/items?n=1&q=${encodeURIComponent(text)}`);
  return items[0]?.item_id ?? text;
}

// Draw into `box` why the list of `user` with `n` places lacks what `text` names.
export async function whyNot(box, user, n, text, call, say, language) {
  const item_id = await itemOf(text, call);
  const answer = await call("POST", "/v1/explain", { user_id: user, item_id, n, changes: true });
  const { why_not: report } = answer;
  const lines = [...report.missing, ...report.changes].map((part) => part.text);
  if (report.place === null && !report.changes.length) lines.push(say.noChange(report.lists_computed));
  box.replaceChildren(
    h("h3", {}, answer.title),
    h("p", {}, sentence(report.text, language)),
    h("ul", { class: "reasons" }, ...lines.map((line) => h("li", { class: "reason" }, sentence(line, language)))));
}
