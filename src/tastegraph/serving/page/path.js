// A path drawn as stations: item, relation, entity, relation, item.
import { h } from "./dom.js";

// The stations from what the history has, by its id (`item:ID` or an entity's), to the recommended one; `nameless` stands for what has
// no name. The line between two is a button that says of its fact that it is wrong:
// dispute(fact_id), called `wrong(relation)`.
export function stations(path, start, dispute, { wrong, nameless }) {
  const station = (id, label) => {
    const kind = id.startsWith("item:") ? "station item" : "station";
    if (!label) return h("li", { class: `${kind} nameless` }, nameless);
    return h("li", { class: kind, title: id }, label);
  };
  let here = start;
  const line = [];
  for (const { s, p, o, s_label, o_label, p_label: name, fact_id } of path) {
    const forward = s === here;
    if (!line.length) line.push(station(here, forward ? s_label : o_label));
    const arrow = forward ? "→" : "←";
    line.push(h("li", { class: "relation" }, h("button", {
      type: "button", class: "dispute", title: `${wrong(name)} (${p}, #${fact_id})`, "aria-label": wrong(name),
      onclick: async ({ currentTarget: button }) => {
        button.disabled = true;
        if (!(await dispute(fact_id))) button.disabled = false;
      },
    }, `${name} ${arrow}`)));
    line.push(forward ? station(o, o_label) : station(s, s_label));
    here = forward ? o : s;
  }
  return h("ol", { class: "path" }, ...line);
}
