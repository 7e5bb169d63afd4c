// The page: one user, their history and interests, their list and its reasons.
import { bar, h, sentence } from "./dom.js";
import { label, onChange, preferred } from "./language.js";
import { stations } from "./path.js";
import { whyNot } from "./why_not.js";
import { answered, drawWishes, merged, without } from "./wishes.js";

const $ = (id) => document.getElementById(id);
const SHORT = 10;
let language = preferred();
let say = label(language);
let shown = null; // {user, list, profile, lasting, before: item id → rank in the list before}
let wishes = { user: null, chips: [], ignored: [] }; // of the lists of one user on this page
let latest = 0;

async function call(method, path, body) {
  let answer;
  try {
    const headers = { "Accept-Language": language };
    if (body) headers["Content-Type"] = "application/json";
    answer = await fetch(path, { method, headers, body: body && JSON.stringify(body) });
  } catch {
    throw new Error(say.unreachable);
  }
  const data = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(data.detail), { status: answer.status });
  return data;
}

async function profileOf(user) {
  try {
    return await call("GET", `/v1/users/${encodeURIComponent(user)}/profile`);
  } catch (error) {
    if (error.status === 404) return { events: [], interests: [] };
    throw error;
  }
}

// Interests that a wish or an edit has changed.
async function lastingOf(user) {
  const { interests } = await call("GET", `/v1/users/${encodeURIComponent(user)}/interests`);
  return interests.filter((interest) => interest.chip);
}

async function load(user) {
  const mine = ++latest;
  if (wishes.user !== user) wishes = { user, chips: [], ignored: [] };
  const chips = wishes.chips.filter((chip) => chip.kind !== "question");
  $("main").setAttribute("aria-busy", "true");
  try {
    const body = { user_id: user, n: 10, explain: "paths", ...(chips.length && { steer: chips }) };
    const [list, profile] = await Promise.all([call("POST", "/v1/recommendations", body), profileOf(user)]);
    const lasting = await lastingOf(user);
    if (mine !== latest) return;
    // What outlasts the list is stored now; the rest is sent with the next one.
    wishes.chips = wishes.chips.filter((chip) => chip.duration === "list" || chip.kind === "question");
    const same = shown?.user === user;
    const before = same ? new Map(shown.list.items.map((item) => [item.item_id, item.rank])) : null;
    shown = { user, list, profile, lasting, before };
    draw();
  } finally {
    if (mine === latest) $("main").removeAttribute("aria-busy");
  }
}

// The same list in another language: no new one, so that nothing else is kept as shown.
async function translate() {
  const mine = ++latest;
  const { user, list } = shown;
  let same, { chips } = wishes;
  try {
    const path = `/v1/recommendations/${encodeURIComponent(list.recommendation_id)}/replay`;
    const [again, profile] = await Promise.all([call("GET", path), profileOf(user)]);
    same = { ...shown, list: { ...list, ...again }, profile };
    if (shown.lasting.length) same.lasting = await lastingOf(user);
    if (chips.length) ({ parsed: chips } = await call("POST", "/v1/wishes", { steer: chips }));
  } catch {
    return mine === latest && load(user); // Lists are not kept, or the snapshot of this one is gone.
  }
  if (mine !== latest) return;
  shown = same;
  wishes = { user, chips, ignored: [] };
  draw();
}

// What the user thinks of `title`: about is { item_id, … } or { entity }.
async function tell(title, type, about) {
  const { user } = shown;
  const event = { event_id: crypto.randomUUID(), type, user_id: user, ...about };
  const receipt = await call("POST", "/v1/events", { events: [event] });
  if (receipt.rejected.length) throw new Error(receipt.rejected[0].message);
  await load(user);
  notice(type === "like" ? say.liked(title) : say.disliked(title));
  $("items").querySelector("button")?.focus({ preventScroll: true });
}

// Read a wish in words, and make the list anew by it.
async function steer(words) {
  const { user } = shown;
  const { parsed, ignored, notes } = await call("POST", "/v1/wishes", { steer: words });
  wishes.chips = merged(wishes.chips, parsed);
  wishes.ignored = [...ignored, ...notes.map((reason) => ({ reason }))];
  await load(user);
  $("words").value = "";
}

const wished = {
  back: (chip) => {
    wishes.chips = without(wishes.chips, chip);
    attempt(load(shown.user));
  },
  withdraw: ({ interest }) => {
    const { user } = shown;
    const place = `/v1/users/${encodeURIComponent(user)}/interests/${encodeURIComponent(interest)}`;
    attempt(call("DELETE", place).then(() => load(user)));
  },
  choose: (chip, alternative) => {
    wishes.chips = merged(without(wishes.chips, chip), [answered(chip, alternative)]);
    attempt(load(shown.user));
  },
};

let fading;
function notice(text, wrong = false) {
  const box = $("notice");
  box.textContent = text;
  box.className = wrong ? "on wrong" : "on";
  clearTimeout(fading);
  fading = setTimeout(() => { box.className = ""; }, wrong ? 8000 : 3500);
}

const attempt = (work) => work.catch((error) => notice(say.failed(error.message), true));

function draw() {
  const { list, profile, lasting } = shown;
  $("welcome").hidden = true;
  $("words").placeholder = say.wishExample;
  drawWishes($("chips"), { ...wishes, lasting }, say, wished);
  $("columns").hidden = false;
  $("about").textContent = list.personal
    ? say.about(list.items.length, Math.round(list.took_ms), list.model)
    : list.stranger === false ? say.unrelated : say.popular;
  $("items").replaceChildren(...list.items.map(drawItem));
  $("why-not-answer").replaceChildren();
  if (!list.items.length) $("items").append(h("li", { class: "none" }, say.empty));
  drawInterests(profile);
  drawHistory(profile.events, SHORT);
}

// The two buttons by which a user says what they think of `title`.
function verdict(title, about) {
  const button = (type, text, label) =>
    h("button", {
      type: "button", class: type, "aria-label": label,
      onclick: (event) => {
        event.currentTarget.closest("li").querySelectorAll("button").forEach((b) => { b.disabled = true; });
        attempt(tell(title, type, about).catch((error) => { draw(); throw error; }));
      },
    }, text);
  return h("div", { class: "verdict" },
    button("like", say.like, say.likeOf(title)),
    button("dislike", say.dislike, say.dislikeOf(title)));
}

function drawItem(item) {
  const about = {
    item_id: item.item_id, recommendation_id: shown.list.recommendation_id, position: item.rank,
  };
  return h("li", { class: "item", "data-item": item.item_id },
    h("span", { class: "rank", "aria-hidden": "true" }, String(item.rank)),
    h("div", { class: "body" },
      h("h3", {}, item.title, moved(item)),
      h("ul", { class: "reasons" }, ...item.reasons.map((reason) => drawReason(reason, item)))),
    verdict(item.title, about));
}

function moved(item) {
  if (!shown.before) return null;
  const rank = shown.before.get(item.item_id);
  if (rank === undefined) return h("small", { class: "moved fresh" }, say.fresh);
  if (rank === item.rank) return null;
  const up = rank > item.rank;
  return h("small", { class: "moved" }, `${up ? "↑" : "↓"} ${Math.abs(rank - item.rank)}`);
}

const largestShare = () =>
  Math.max(1e-9, ...shown.list.items.flatMap((item) => item.reasons.map((reason) => reason.share)));

function drawReason(reason, item) {
  const percent = Math.round((100 * reason.share) / (Math.abs(item.score) || 1));
  const part = percent > 100 ? say.shareBeyond(percent) : say.share(Math.abs(percent) < 1 ? "< 1" : percent);
  const said = [sentence(reason.text, language), bar(reason.share / largestShare(), part)];
  const start = reason.entity ?? (reason.item_id && `item:${reason.item_id}`);
  const light = (on) => () => {
    for (const row of $("history").children) row.classList.toggle("lit", on && row.dataset.on === start);
  };
  const lights = { onmouseenter: light(true), onmouseleave: light(false) };
  if (!reason.path.length) return h("li", { class: `reason ${reason.kind}`, ...lights }, ...said);
  const path = stations(reason.path, start, dispute, say);
  path.hidden = true;
  const opener = h("button", {
    type: "button", class: "opener", "aria-expanded": "false", title: say.path,
    onfocus: light(true), onblur: light(false),
    onclick: () => {
      path.hidden = !path.hidden;
      opener.setAttribute("aria-expanded", String(!path.hidden));
    },
  }, ...said);
  return h("li", { class: `reason ${reason.kind}`, ...lights }, opener, path);
}

// Whether it was kept that the user disputes a fact.
async function dispute(fact) {
  try {
    await call("POST", `/v1/kg/facts/${fact}/votes`, { user_id: shown.user });
    notice(say.disputed);
    return true;
  } catch (error) {
    notice(say.failed(error.message), true);
    return false;
  }
}

function drawInterests({ interests, nameless }) {
  const top = interests.slice(0, SHORT);
  const most = Math.max(...top.map((tie) => Math.abs(tie.strength)), 1e-9);
  $("interests").replaceChildren(...top.map((tie) =>
    h("li", { class: tie.stated ? "interest" : "interest unstated", title: say.carriedBy(tie.support) },
      h("span", { class: "phrase" }, phrase(tie)),
      h("span", { class: "label" }, tie.label),
      bar(tie.strength / most),
      tie.entity ? verdict(tie.label, { entity: tie.node }) : null)));
  if (nameless) $("interests").append(h("li", { class: "none" }, say.andNameless(nameless)));
  else if (!top.length) $("interests").append(h("li", { class: "none" }, say.noInterests));
}

function phrase(tie) {
  const against = tie.strength < 0 && say.against;
  return [tie.phrase, tie.direct && say.direct, against, !tie.stated && say.unstated].filter(Boolean).join(say.comma);
}

function drawHistory(events, count) {
  $("history").replaceChildren(...events.slice(0, count).map((event) =>
    h("li", { class: event.counts < 0 ? "past against" : "past", "data-on": event.entity ?? `item:${event.item_id}` },
      h("span", { class: "title" }, event.title),
      h("span", { class: "did" }, event.did))));
  if (!events.length) $("history").append(h("li", { class: "none" }, say.noHistory));
  $("more").hidden = events.length <= count;
  $("more").textContent = say.more(events.length);
}

function show(user) {
  $("user").value = user;
  document.title = user ? `${user} · Tastegraph` : "Tastegraph";
  if (user) attempt(load(user));
}

const asked = () => new URL(location.href).searchParams.get("user") ?? "";

$("who").addEventListener("submit", (event) => {
  event.preventDefault();
  const user = $("user").value.trim();
  if (!user) return;
  history.pushState(null, "", `?user=${encodeURIComponent(user)}`);
  show(user);
});
$("why-not").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = $("lacking").value.trim();
  if (text) attempt(whyNot($("why-not-answer"), shown.user, 10, text, call, say, language));
});
$("wish").addEventListener("submit", (event) => {
  event.preventDefault();
  const words = $("words").value.trim();
  if (words && shown) attempt(steer(words));
});
onChange(() => language, (to) => {
  language = to;
  say = label(language);
  if (!shown) return;
  draw();
  attempt(translate());
});
$("more").addEventListener("click", () => drawHistory(shown.profile.events, Infinity));
addEventListener("popstate", () => show(asked()));
show(asked());
