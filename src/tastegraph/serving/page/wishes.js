// Wishes drawn as chips: those of this list, those that last, and the words that were not understood.
import { h } from "./dom.js";

// What a chip is about: of two on one thing the newer counts.
const about = ({ kind, node, relation, low, high }) => JSON.stringify([kind, node, relation, low, high]);

// Chips with newer ones, of which a question waits for its answer.
export function merged(chips, newer) {
  const all = new Map([...chips, ...newer].map((chip) => [about(chip), chip]));
  return [...all.values()];
}

export const without = (chips, chip) => chips.filter((other) => about(other) !== about(chip));

// A question answered: the chip about one of its alternatives.
export function answered({ direction, strength, duration, days, words }, { node, label, relation }) {
  const kind = node.startsWith("item:") ? "similar" : "entity";
  return { direction, kind, node, label, relation, strength, duration, days, words };
}

// Draw all into a list; `back(chip)` takes a chip of this list back, `withdraw(interest)` one that lasts,
// `choose(chip, alternative)` answers a question.
export function drawWishes(box, { chips, lasting, ignored }, say, { back, withdraw, choose }) {
  const chip = (text, kind, title, onclick) =>
    h("li", { class: `chip ${kind}` }, text,
      h("button", { type: "button", class: "back", "aria-label": say.takeBack(text), title, onclick }, "×"));
  const question = (one) =>
    h("li", { class: "chip question" }, one.text || one.label,
      ...one.alternatives.map((each) =>
        h("button", { type: "button", class: "alternative", onclick: () => choose(one, each) },
          [each.label, each.relation && `(${each.relation})`].filter(Boolean).join(" "))),
      h("button", { type: "button", class: "back", "aria-label": say.takeBack(one.text || one.label), onclick: () => back(one) }, "×"));
  box.replaceChildren(
    ...lasting.map((interest) =>
      chip(interest.chip.text || interest.label, `lasting ${interest.chip.direction}`, say.lasts, () => withdraw(interest))),
    ...chips.map((one) => one.kind === "question"
      ? question(one)
      : chip(one.text || one.label, one.direction, say.thisList, () => back(one))),
    ...ignored.map(({ words, reason }) => h("li", { class: "ignored" }, words ? `“${words}”: ${reason}` : reason)));
}
