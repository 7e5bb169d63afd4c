// Elements, made of text alone: whatever a catalogue says stays text.

// Make an element: h("p", {class: "about"}, "text", child, …); on… keys are listeners.
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value !== false && value != null) element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child != null));
  return element;
}

// A thin bar, and beside it what it says; size is in [-1, 1] and drawn without its sign.
export function bar(size, text = "") {
  const fill = h("i");
  fill.style.setProperty("--size", Math.min(1, Math.max(0.01, Math.abs(size))).toFixed(3));
  return h("span", { class: size < 0 ? "bar against" : "bar" }, fill, text);
}

// A sentence in which *Title* or 《Title》 is cited; a title may itself hold asterisks (M*A*S*H).
export function sentence(text, language) {
  const found = /^([^*]*)\*(.*)\*([^*]*)$/s.exec(text) ?? /^([^《]*)(《.*》)([^》]*)$/s.exec(text);
  const parts = found ? [found[1], h("cite", {}, found[2]), found[3]] : [text];
  return h("span", { class: "sentence", lang: language }, ...parts);
}
