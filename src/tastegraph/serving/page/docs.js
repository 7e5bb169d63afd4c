// The API's description, drawn from /openapi.json, with each route ready to be tried.
import { h } from "./dom.js";
import { label, onChange, preferred } from "./language.js";

const EXAMPLES = {
  "/v1/recommendations": { user_id: "1", n: 5, explain: "reasons" },
  "/v1/events": { events: [{ event_id: "mine-1", type: "like", user_id: "1", item_id: "1" }] },
  "/v1/explain": { user_id: "1", item_id: "1" },
};
let language = preferred();
let say = label(language);
let schemas = {};

const resolved = (schema) =>
  schema?.$ref ? schemas[schema.$ref.split("/").pop()] : (schema ?? {});

function typeOf(schema) {
  if (schema.$ref) return schema.$ref.split("/").pop();
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (schema.anyOf) return schema.anyOf.map(typeOf).join(" | ");
  if (schema.type === "array") return say.listOf(typeOf(schema.items ?? {}));
  return schema.title && schema.type === "object" ? schema.title : (schema.type ?? "any");
}

function limits(schema) {
  const said = [schema.description];
  if ("default" in schema && schema.default !== null) said.push(say.byDefault(JSON.stringify(schema.default)));
  if ("minimum" in schema) said.push(say.between(schema.minimum, schema.maximum));
  if ("maxItems" in schema) said.push(say.atMost(schema.maxItems));
  return said.filter(Boolean).join(say.semicolon);
}

function fields(schema) {
  const rows = Object.entries(resolved(schema).properties ?? {});
  return h("table", { class: "fields" }, ...rows.map(([name, field]) =>
    h("tr", {}, h("td", {}, name), h("td", {}, typeOf(field)), h("td", {}, limits(field)))));
}

function nested(schema) {
  const found = Object.values(resolved(schema).properties ?? {}).flatMap((field) =>
    [field.items, ...(field.anyOf ?? [])].filter((part) => part?.$ref || part?.properties));
  return found.flatMap((part) => [h("h3", {}, typeOf(part)), fields(part), ...nested(part)]);
}

// The first media type of a request or an answer, and its schema; JSON lines are described line by line.
function content(part) {
  const [type, { schema } = {}] = Object.entries(part?.content ?? {})[0] ?? [];
  return { type, schema };
}

// An answer as it reads best: JSON indented, all else as it came.
function readable(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function trial(method, path, { type, schema: body }) {
  const parameter = /\{(.*?)\}/.exec(path)?.[1];
  const place = parameter && h("input", { "aria-label": parameter, value: "1" });
  const text = body && h("textarea", { rows: 5, "aria-label": say.body, spellcheck: "false" });
  if (text) text.value = JSON.stringify(EXAMPLES[path] ?? {}, null, 2);
  const result = h("pre", { hidden: "", "aria-live": "polite" });
  const send = async () => {
    const url = path.replace(/\{.*?\}/, () => encodeURIComponent(place.value));
    const headers = { "Accept-Language": language };
    if (text) headers["Content-Type"] = type;
    const answer = await fetch(url, { method, headers, body: text?.value });
    result.textContent = `${answer.status}\n${readable(await answer.text())}`;
    result.hidden = false;
  };
  return h("div", { class: "try" }, place, text, h("button", { type: "button", onclick: send }, say.send), result);
}

function route(method, path, told) {
  const asked = content(told.requestBody), body = asked.schema;
  const { schema: answer } = content(told.responses["200"]);
  return h("section", { class: "route" },
    h("h2", {}, h("b", {}, method.toUpperCase()), path),
    h("p", {}, told.description ?? told.summary),
    ...(body ? [h("h3", {}, say.request), fields(body), ...nested(body)] : []),
    ...(answer ? [h("h3", {}, say.answer), fields(answer), ...nested(answer)] : []),
    h("h3", {}, say.attempt), trial(method.toUpperCase(), path, asked));
}

async function draw() {
  const answer = await fetch("/openapi.json", { headers: { "Accept-Language": language } });
  const description = await answer.json();
  schemas = description.components.schemas;
  document.title = `Tastegraph ${say.api}`;
  document.getElementById("routes").replaceChildren(
    h("p", {}, say.errors),
    ...Object.entries(description.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, told]) => route(method, path, told))));
}

onChange(() => language, (to) => {
  language = to;
  say = label(language);
  draw();
});
await draw();
