// The keyboard: what each key does in which view. The help is made from the same list.

import { view } from "./views.js";

/**
 * @typedef {{keys: string[], shown?: string, views: string[], text: string, section: string, run: (event: KeyboardEvent) => void}} Binding
 */

/** @type {Binding[]} */
const bindings = [];
const STORED = "albumclean-keys";
let letters = remembered() !== "off";

function remembered() {
  try { return localStorage.getItem(STORED); } catch { return null; }
}

/** Whether single characters are shortcuts: people who speak to their computer switch them off (WCAG 2.1.4). */
export const lettersOn = () => letters;

/** @param {boolean} wanted */
export function setLetters(wanted) {
  letters = wanted;
  try { localStorage.setItem(STORED, wanted ? "on" : "off"); } catch { /* it holds for this visit then */ }
}

/**
 * `keys` as `KeyboardEvent.key` names them, "Control+z" with the control or command key.
 * @param {Binding} binding
 */
export function bind(binding) {
  bindings.push(binding);
}

export const listing = () => bindings;

/**
 * Whether the key belongs to the element that has the focus.
 * @param {KeyboardEvent} event
 */
function taken(event) {
  const target = event.target instanceof Element ? event.target : null;
  if (!target) return false;
  if (target.matches("textarea, select, input:not([type=range], [type=radio], [type=checkbox])")) return event.key !== "Escape";
  if (target.matches("input")) return event.key.length > 1 && event.key !== "Escape" || event.key === " ";
  if (target.closest("button, a, summary")) return (event.key === "Enter" && !event.shiftKey) || event.key === " ";
  return false;
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing || document.querySelector("dialog[open]") || taken(event)) return;
  const control = event.ctrlKey || event.metaKey;
  const bracket = event.key === "[" || event.key === "]"; // typed with AltGr on many keyboards
  if ((event.altKey || (control && event.key.toLowerCase() !== "z")) && !bracket) return;
  if (!letters && event.key.length === 1 && event.key !== " " && !control) return;
  let name = event.key.length === 1 && !event.shiftKey ? event.key.toLowerCase() : event.key;
  if (control && !bracket) name = event.shiftKey ? "" : "Control+z";
  else if (event.shiftKey && event.key === "Enter") name = "Shift+Enter";
  const found = bindings.find((binding) => binding.keys.includes(name) && binding.views.includes(view()));
  if (!found) return;
  event.preventDefault();
  found.run(event);
});
