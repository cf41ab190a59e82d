// Building elements without a line of HTML in a string: whatever a file is called, it stays text.

const SVG = "http://www.w3.org/2000/svg";

/**
 * @typedef {Record<string, string | number | boolean | null | undefined | EventListener>} Attributes
 */

/**
 * An element. `class`, `text`, `testid` and `on<event>` are understood; `data-*`, `aria-*` and the rest are attributes;
 * false, null and undefined leave an attribute out, true sets it empty.
 * @param {string} tag
 * @param {Attributes} [attributes]
 * @param {...(Node | string | null | false | undefined)} children
 * @returns {HTMLElement}
 */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name === "class") node.className = String(value);
    else if (name === "text") node.textContent = String(value);
    else if (name === "testid") node.dataset.testid = String(value);
    else if (typeof value === "function") node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/**
 * One of the symbols of templates/icons.svg, which stand in the page; says nothing to a screen reader, as a text always stands beside it.
 * @param {string} name
 */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

/**
 * A button with an icon and a text; `key` is shown as a small keycap and told to screen readers.
 * @param {{icon?: string, text: string, class?: string, testid?: string, key?: string, label?: string,
 *          press: (event: Event) => void}} what
 * @returns {HTMLButtonElement}
 */
export function button(what) {
  const made = el(
    "button",
    {
      type: "button", class: what.class ?? "tool", testid: what.testid, onclick: what.press,
      "aria-label": what.label, title: what.label, "aria-keyshortcuts": what.key,
    },
    what.icon ? icon(what.icon) : null,
    what.text ? el("span", { class: "button-text", text: what.text }) : null,
    what.key && what.text ? el("kbd", { text: what.key, "aria-hidden": "true" }) : null,
  );
  return /** @type {HTMLButtonElement} */ (made);
}

/**
 * A path that may break after its separators, and whose letters can't change the order of what stands around it.
 * @param {string} path
 */
export function pathText(path) {
  const parts = path.split(/(?<=[\\/])/).flatMap((part) => [document.createTextNode(part), document.createElement("wbr")]);
  const node = document.createElement("bdi");
  node.append(...parts);
  return node;
}

/**
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`The page has no element "${id}".`);
  return found;
}

/**
 * Put an icon in place of another.
 * @param {Element} owner
 * @param {string} name
 */
export function setIcon(owner, name) {
  owner.querySelector("use")?.setAttribute("href", `#i-${name}`);
}
