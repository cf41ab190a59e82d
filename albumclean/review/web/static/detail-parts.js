// The furniture of the close-up view, built once.

import { button, el, icon } from "./dom.js";
import { back } from "./views.js";

/**
 * @param {HTMLElement} root
 * @param {import("./detail.js").Detail} detail
 */
export function buildDetail(root, detail) {
  const position = el("span", { class: "detail-position", testid: "detail-position" });
  const kind = el("span", { class: "detail-kind" });
  const state = el("span", { class: "detail-state", testid: "detail-state" });
  const level = el("span", { class: "zoom-level", testid: "zoom-level", "aria-live": "off" });
  const square = (/** @type {string} */ name, /** @type {string} */ label, /** @type {string} */ testid, /** @type {() => void} */ press, /** @type {string} */ key) =>
    button({ icon: name, text: "", label: `${label} (${key})`, class: "tool tool-square", testid, press });
  const prev = square("back", "Previous question", "detail-prev", () => detail.step(-1), "[");
  const next = square("forward", "Next question", "detail-next", () => detail.step(1), "]");
  const mapToggle = button({ icon: "map", text: "Map", label: "Quality map (M)", class: "tool", testid: "map-toggle", press: () => detail.map() });
  const panes = el("div", { class: "panes", role: "group", "aria-label": "Photos of this question" });
  const inspector = el("aside", { class: "inspector", "aria-label": "About this photo", tabindex: 0 });
  const main = el("div", { class: "detail-main" }, panes, inspector);

  const act = (/** @type {string} */ name, /** @type {string} */ key, /** @type {string} */ testid, /** @type {string} */ look, /** @type {() => void} */ press) => {
    const words = el("span", { class: "act-words" });
    const made = /** @type {HTMLButtonElement} */ (el("button", { type: "button", class: `act act-${look}`, testid, onclick: press, "aria-keyshortcuts": key },
      icon(name), words, el("kbd", { text: key, "aria-hidden": "true" })));
    return { made, words };
  };
  const trash = act("trash", "T", "act-trash", "trash", () => detail.answer("trash"));
  const keep = act("keep", "K", "act-keep", "keep", () => detail.answer("keep"));
  const distinct = act("distinct", "N", "act-distinct", "plain", () => detail.answer("not-a-duplicate"));
  const skip = act("skip", "S", "act-skip", "plain", () => detail.answer("skip"));
  const undo = act("undo", "U", "act-undo", "plain", () => detail.undo());
  distinct.words.textContent = "Not duplicates";
  skip.words.textContent = "Skip";
  undo.words.textContent = "Undo";
  const actions = el("div", { class: "actions", role: "toolbar", "aria-label": "Answers" },
    trash.made, keep.made, distinct.made, skip.made, undo.made);

  root.append(
    el("div", { class: "detail-top" },
      button({ icon: "back", text: "All", label: "Back to all questions (Esc)", class: "tool", testid: "detail-back", press: back }),
      el("h1", { class: "detail-title" }, position, kind, state),
      el("div", { class: "detail-tools" },
        mapToggle,
        el("div", { class: "zoom-tools", role: "group", "aria-label": "Zoom" },
          square("zoom-out", "Smaller", "zoom-out", () => detail.zoom(1 / 1.5), "-"), level,
          square("zoom-in", "Larger", "zoom-in", () => detail.zoom(1.5), "+"),
          square("fit", "Whole picture", "zoom-fit", () => detail.zoomFit(), "0"),
          square("full", "100 %", "zoom-full", () => detail.zoomFull(), "Z")),
        el("div", { class: "step-tools" }, prev, next))),
    main, actions);
  return {
    position, kind, state, level, prev, next, mapToggle, panes, inspector, main, actions,
    words: { trash: trash.words, keep: keep.words },
    buttons: { trash: trash.made, keep: keep.made, "not-a-duplicate": distinct.made, skip: skip.made },
  };
}
