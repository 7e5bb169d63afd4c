// The language of the page: what was chosen here before, else what the browser prefers.
import { words } from "./words.js";

export function preferred() {
  let chosen = null;
  try {
    chosen = localStorage.getItem("language");
  } catch { /* nothing is remembered: the browser says */ }
  const wanted = [chosen, ...navigator.languages].map((tag) => tag?.split("-")[0]);
  return wanted.find((tag) => Object.hasOwn(words, tag)) ?? "en";
}

export function remember(language) {
  try {
    localStorage.setItem("language", language);
  } catch { /* it is asked again next time */ }
}

const after = (language) => {
  const all = Object.keys(words);
  return all[(all.indexOf(language) + 1) % all.length];
};

// Everything that stands on the page by itself, in this language; returns its words.
export function label(language) {
  const say = words[language];
  document.documentElement.lang = language;
  document.querySelectorAll("[data-say]").forEach((element) => { element.textContent = say[element.dataset.say]; });
  const button = document.getElementById("language");
  button.textContent = words[after(language)].name;
  button.lang = after(language);
  return say;
}

// Call change(language) whenever the reader asks for the other one.
export function onChange(current, change) {
  document.getElementById("language").addEventListener("click", () => {
    const language = after(current());
    remember(language);
    change(language);
  });
}
