// One card of the grid: a photo, or a group as a small stack, with what is known and what was said of it.

import { picture } from "./api.js";
import { el, icon } from "./dom.js";
import { drop as dropImage, load } from "./loading.js";
import { going, isGroup, VERDICTS } from "./verdicts.js";
import { capital, DEGRADATIONS, groupName, KINDS, score } from "./words.js";

/** @typedef {import("./questions.js").Question} Question */

const SHOWN = 3; // members of a group of which the card shows a picture
const WORTH_SAYING = 0.3; // severity of a degradation
const INSTANT = 60; // milliseconds: a picture that was seen a moment ago does not fade in again

/**
 * A cell whose question has not come yet.
 * @param {number} index
 */
export function blankCard(index) {
  return el("div", { class: "card card-blank", role: "gridcell", tabindex: -1, "data-index": index, "aria-label": "Loading" },
    el("div", { class: "card-picture" }));
}

/**
 * @param {Question} question
 * @param {number} index
 */
export function card(question, index) {
  const group = isGroup(question);
  const shown = question.members.slice(0, SHOWN);
  const images = shown.map((photo) => thumb(photo.id));
  const kind = KINDS[question.kind] ?? KINDS.derived;
  const doubtful = question.members.some((photo) => photo.action === "review");
  const node = el(
    "div",
    {
      class: group ? "card card-group" : "card", role: "gridcell", tabindex: -1, testid: "card",
      "data-id": question.id, "data-index": index, "data-kind": question.kind,
    },
    el("div", { class: `card-picture pictures-${images.length}` },
      el("div", { class: "card-images" }, ...images),
      group && el("span", { class: "chip chip-kind", title: groupName(question) }, icon(kind.icon), el("span", { text: String(question.members.length) })),
      el("span", { class: "chip chip-score", testid: "card-score", title: "Score, from 0 to 1" }, score(lowest(question))),
      el("span", { class: "card-state", testid: "card-state" }),
    ),
    el("div", { class: "card-text", title: question.members[0].sentence },
      el("div", { class: "card-name", text: question.members[0].name }),
      el("div", { class: "card-reason" }, doubtful && !group ? icon("look") : null, el("span", { text: reason(question) })),
    ),
    el("div", { class: "card-actions" }, action("trash", "Trash", "card-trash"), action("keep", "Keep", "card-keep")),
  );
  refresh(node, question);
  return node;
}

/**
 * @param {string} name
 * @param {string} text
 * @param {string} testid
 */
function action(name, text, testid) {
  return el("button", { type: "button", class: `card-action do-${name}`, tabindex: -1, testid, "data-act": name, "aria-label": text, title: text }, icon(name));
}

/** @param {number} id */
function thumb(id) {
  const image = /** @type {HTMLImageElement} */ (el("img", { class: "card-image", alt: "", draggable: "false" }));
  const asked = performance.now();
  load(image, picture(id, "thumb"), "small").then(
    () => image.classList.add("is-there", ...(performance.now() - asked < INSTANT ? ["is-instant"] : [])),
    () => {
      if (image.isConnected) image.replaceWith(el("span", { class: "card-image is-broken", title: "This photo can't be shown" }, icon("broken")));
    },
  );
  return image;
}

/**
 * Show what was answered.
 * @param {HTMLElement} node
 * @param {Question} question
 */
export function refresh(node, question) {
  const verdict = question.answer?.verdict ?? "";
  node.dataset.verdict = verdict;
  const place = node.querySelector(".card-state");
  place?.replaceChildren();
  let said = "open";
  if (verdict) {
    const go = going(question).size;
    const known = VERDICTS[verdict];
    said = verdict === "trash" && isGroup(question) ? `${known.text} ${go}, keep ${question.members.length - go}` : known.text;
    place?.append(icon(known.icon), el("span", { text: said }));
  }
  node.setAttribute("aria-label", label(question, said));
}

/** @param {HTMLElement} node */
export function drop(node) {
  for (const image of node.querySelectorAll("img")) dropImage(image);
}

/**
 * @param {Question} question
 * @param {string} said
 */
function label(question, said) {
  const first = question.members[0];
  const what = isGroup(question) ? first.name : `${first.name}, ${KINDS.photo.one}`;
  const why = isGroup(question) && question.keeper_reason ? `${reason(question)}; the first ${question.keeper_reason}` : reason(question);
  return `${what}. Score ${score(lowest(question))}. ${capital(why)}. ${capital(said)}.`;
}

/**
 * The score by which the question is sorted: the lowest of what would go.
 * @param {Question} question
 */
export function lowest(question) {
  const scores = question.members.filter((photo) => photo.action !== "keep" && photo.mos !== null).map((photo) => photo.mos ?? 1);
  return scores.length ? Math.min(...scores) : question.members[0].mos;
}

/** @param {Question} question */
export function reason(question) {
  const first = question.members[0];
  if (isGroup(question)) return groupName(question);
  const worst = Object.entries(DEGRADATIONS)
    .map(([name, text]) => ({ text, severity: first.degradations[name] ?? 0 }))
    .filter((found) => found.severity >= WORTH_SAYING)
    .sort((one, other) => other.severity - one.severity)
    .slice(0, 2)
    .map((found) => found.text);
  if (worst.length) return worst.join(", ");
  return first.reasons.find((known) => known.fact !== "mos")?.text ?? first.reasons[0]?.text ?? first.sentence;
}
