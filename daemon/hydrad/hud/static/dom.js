// Elements from words. Owns the one way in which text reaches the page: as text nodes, never as markup.

/** An element. `props`: `class`, `on…` listeners, attributes; `false` and `null` are left out. Children: nodes, text, arrays. */
export function h(name, props, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(props ?? {})) {
    if (value === false || value === null || value === undefined) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (key === "class") made.className = value;
    else made.setAttribute(key, value === true ? "" : String(value));
  }
  add(made, children);
  return made;
}

function add(parent, children) {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    if (Array.isArray(child)) add(parent, child);
    else parent.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

/** Puts `nodes` in place of what `parent` has, if they say something else: focus and scroll stay where nothing changed. */
export function fill(parent, ...nodes) {
  const next = document.createElement("div");
  add(next, nodes);
  if (same(parent, next)) return;
  const held = focusOf(parent);
  parent.replaceChildren(...next.childNodes);
  if (held) parent.querySelector(`[data-focus="${CSS.escape(held)}"]`)?.focus();
}

function same(one, other) {
  return one.innerHTML === other.innerHTML && !one.dataset.always;
}

function focusOf(parent) {
  return parent.contains(document.activeElement) ? document.activeElement.dataset.focus : undefined;
}

/** What an answer tells, by `show(data)`; one that failed says so, and is never shown as nothing. */
export function told(answer, show) {
  return answer.ok ? show(answer.data) : h("p", { class: "bad" }, `Not told: ${answer.error.message}`);
}

/** A table. Columns: `[heading, cell(row), "num" for figures]`. An empty one says why. */
export function table(columns, rows, empty, caption) {
  if (!rows.length) return h("p", { class: "empty" }, empty);
  const head = columns.map(([heading, , kind]) => h("th", { scope: "col", class: kind }, heading));
  const body = rows.map((row) =>
    h("tr", null, columns.map(([heading, cell, kind]) => h("td", { class: kind, "data-label": heading }, cell(row)))),
  );
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    h("table", null, h("caption", null, caption), h("thead", null, h("tr", null, head)), h("tbody", null, body)));
}

/** Pairs of a name and what it is. */
export function facts(pairs) {
  return h("dl", { class: "facts" }, pairs.filter(Boolean).map(([name, value, tone]) =>
    h("div", null, h("dt", null, name), h("dd", { class: tone }, value ?? "–"))));
}
