// All keys on one card, made from the list that the keyboard itself goes by.

import { open } from "./dialogs.js";
import { button, el } from "./dom.js";
import { lettersOn, listing, setLetters } from "./keys.js";

const NAMES = /** @type {Record<string, string>} */ ({
  ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", Escape: "Esc", " ": "Space", "Control+z": "Ctrl+Z",
  PageUp: "Page Up", PageDown: "Page Down", "Shift+Enter": "Shift+Enter", G: "Shift+G",
});

export function showHelp() {
  if (document.querySelector("dialog[open]")) return;
  const sections = new Map();
  for (const binding of listing()) {
    const lines = sections.get(binding.section) ?? new Map();
    if (!lines.has(binding.text)) lines.set(binding.text, binding.shown?.split("|") ?? binding.keys.map(keyName));
    sections.set(binding.section, lines);
  }
  const dialog = /** @type {HTMLDialogElement} */ (el(
    "dialog",
    { class: "dialog help", testid: "help", "aria-labelledby": "help-title" },
    el("div", { class: "help-head" },
      el("h2", { id: "help-title", text: "Keys" }),
      button({ icon: "close", text: "", label: "Close", class: "tool tool-square", testid: "help-close", press: () => dialog.close() })),
    el("div", { class: "help-columns", tabindex: 0, role: "group", "aria-label": "All keys" }, ...[...sections].map(([title, lines]) => section(title, lines))),
    el("p", { class: "help-note" }, "With a mouse or a finger: click a card to look closer, scroll or pinch to zoom, drag to move the picture, swipe left or right for the next question. Nothing moves before the last page asks."),
    el("label", { class: "help-switch" }, letterSwitch(), el("span", { text: "Single letters and digits are keys" })),
  ));
  open(dialog);
}

/** @param {string} key */
function keyName(key) {
  return NAMES[key] ?? (key.length === 1 ? key.toUpperCase() : key);
}

/**
 * @param {string} title
 * @param {Map<string, string[]>} lines
 */
function section(title, lines) {
  return el("section", {},
    el("h3", { text: title }),
    el("dl", { class: "help-list" }, ...[...lines].map(([text, keys]) =>
      el("div", {}, el("dt", {}, ...keys.map((key) => el("kbd", { text: key }))), el("dd", { text })))));
}

function letterSwitch() {
  const box = /** @type {HTMLInputElement} */ (el("input", { type: "checkbox" }));
  box.checked = lettersOn();
  box.addEventListener("change", () => setLetters(box.checked));
  return box;
}
