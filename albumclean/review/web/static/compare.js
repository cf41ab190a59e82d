// The panes of a question: one large, or all members of a group side by side, each with what sets it apart.

import { differences } from "./differences.js";
import { el, icon } from "./dom.js";
import { attachGestures } from "./gestures.js";
import { Pane } from "./pane.js";
import { going, isGroup } from "./verdicts.js";
import { fileSize, score } from "./words.js";

const GAP = 10;
const CAPTION = 106; // pixels below the picture of a member, with its border; the same stand in detail.css
const CAPTION_NARROW = 120;
const LEAST = 236; // width of a pane on a wide screen
const LEAST_NARROW = 150;

/**
 * @typedef {import("./questions.js").Question} Question
 * @typedef {{place: HTMLElement, viewpoint: import("./viewpoint.js").Viewpoint,
 *   toggle: (member: number) => void, activate: (member: number) => void}} Options
 */

export class Compare {
  /** @param {Options} options */
  constructor(options) {
    this.options = options;
    /** @type {Pane[]} */
    this.panes = [];
    /** @type {Question | null} */
    this.question = null;
    new ResizeObserver(() => this.layout()).observe(options.place);
    this.seen = new IntersectionObserver((entries) => {
      for (const entry of entries) {
        const pane = this.panes.find((one) => one.element === entry.target);
        if (!pane) continue;
        pane.visible = entry.isIntersecting;
        pane.want();
      }
    }, { root: null, rootMargin: "200px" });
  }

  /** @param {Question} question */
  show(question) {
    this.end();
    this.question = question;
    const { place, viewpoint } = this.options;
    const group = isGroup(question);
    this.panes = question.members.map((photo, member) => {
      const pane = new Pane(photo, viewpoint, !group);
      if (group) pane.element.append(this.caption(question, member));
      attachGestures(pane, {
        press: () => { if (group) this.focus(member); },
        scrolls: () => scrolls(place) || scrolls(place.parentElement),
      });
      this.seen.observe(pane.element);
      return pane;
    });
    place.classList.toggle("is-single", !group);
    place.replaceChildren(...this.panes.map((pane) => pane.element));
    place.scrollTop = 0;
    this.layout();
    this.refresh();
  }

  end() {
    this.seen.disconnect();
    for (const pane of this.panes) pane.end();
    this.panes = [];
    this.options.viewpoint.forget();
  }

  /**
   * @param {Question} question
   * @param {number} member
   */
  caption(question, member) {
    const photo = question.members[member];
    const sides = photo.width ? `${photo.width} × ${photo.height}` : "";
    return el("div", { class: "pane-caption" },
      el("div", { class: "pane-head" },
        member < 9 && el("kbd", { class: "pane-key", "aria-hidden": "true", text: String(member + 1) }),
        el("bdi", { class: "pane-name", title: `${photo.folder}`, text: photo.name }),
        el("span", { class: "pane-score", title: "Score, from 0 to 1", text: score(photo.mos) })),
      el("div", { class: "pane-facts", text: [sides, fileSize(photo.size)].filter(Boolean).join(" · ") }),
      el("ul", { class: "pane-differences", "aria-label": member ? "Beside the first" : "Among all" },
        ...differences(question.members, photo).map((one) => el("li", { class: `difference is-${one.sign}`, title: one.title }, icon(one.sign), el("span", { text: one.text })))),
      el("button", {
        type: "button", class: "pane-toggle", testid: "pane-toggle", onclick: () => this.options.toggle(member), onfocus: () => this.options.activate(member),
      }));
  }

  /** Show who stays and who goes. */
  refresh() {
    const question = this.question;
    if (!question) return;
    const go = going(question);
    question.members.forEach((photo, member) => {
      const { element } = this.panes[member];
      const goes = go.has(photo.id);
      element.dataset.going = String(goes);
      const toggle = element.querySelector(".pane-toggle");
      if (!toggle) return;
      const locked = Boolean(photo.untouchable);
      const words = locked ? `Stays: ${photo.untouchable}` : goes ? "Goes to the trash" : "Stays";
      toggle.replaceChildren(icon(locked ? "lock" : goes ? "trash" : "keep"), el("span", { text: words }));
      toggle.setAttribute("aria-disabled", String(locked));
      toggle.setAttribute("aria-label", `${member + 1}, ${photo.name}: ${words.toLowerCase()}${locked ? "" : goes ? ". Press to keep it" : ". Press to trash it"}`);
    });
  }

  /** @param {number} member */
  focus(member) {
    const toggle = /** @type {HTMLElement | null} */ (this.panes[member]?.element.querySelector(".pane-toggle") ?? null);
    toggle?.focus({ preventScroll: true });
    this.panes[member]?.element.scrollIntoView({ block: "nearest" });
  }

  /** @param {number} member */
  mark(member) {
    this.panes.forEach((pane, place) => pane.element.classList.toggle("is-active", place === member && this.panes.length > 1));
  }

  get columns() {
    return this.grid?.columns ?? 1;
  }

  layout() {
    const { place } = this.options;
    const count = this.panes.length;
    if (!count) return;
    const style = getComputedStyle(place);
    const width = place.clientWidth - 2 * Number.parseFloat(style.paddingLeft);
    // Where the panes scroll with the page (narrow screens), they get what is seen of it at once.
    const room = style.overflowY === "visible" ? (place.parentElement?.clientHeight ?? innerHeight) : place.clientHeight;
    const height = Math.max(260, room - 2 * Number.parseFloat(style.paddingTop));
    this.grid = count === 1 ? { columns: 1, height } : arrange(count, width, height, this.aspect);
    place.style.setProperty("--pane-columns", String(this.grid.columns));
    place.style.setProperty("--stage-height", count === 1 ? "100%" : `${Math.floor(this.grid.height)}px`);
    for (const pane of this.panes) pane.measure();
    for (const pane of this.panes) pane.place();
  }

  /** Width by height of a typical member. */
  get aspect() {
    const all = this.panes.map((pane) => pane.width / pane.height).sort((one, other) => one - other);
    return Math.min(2, Math.max(0.6, all[Math.floor(all.length / 2)] ?? 1.5));
  }
}

/**
 * The number of columns by which the pictures become largest; where that would make them tiny, rows that scroll.
 * @param {number} count
 * @param {number} width
 * @param {number} height
 * @param {number} aspect
 */
function arrange(count, width, height, aspect) {
  const narrow = matchMedia("(max-width: 899px)").matches;
  const least = width < 600 ? LEAST_NARROW : LEAST;
  const caption = narrow ? CAPTION_NARROW : CAPTION;
  let best = { columns: 0, height: 0, area: 0 };
  for (let columns = 1; columns <= count; columns += 1) {
    const rows = Math.ceil(count / columns);
    const wide = (width - GAP * (columns - 1)) / columns;
    const high = (height - GAP * (rows - 1)) / rows - caption;
    const side = Math.min(wide, high * aspect);
    if (wide < least || side < Math.min(least * 0.8, wide) || high < 120) continue;
    if (side * side > best.area) best = { columns, height: high, area: side * side };
  }
  if (best.columns) return best;
  const columns = Math.max(1, Math.min(count, Math.floor((width + GAP) / (least + GAP))));
  const wide = (width - GAP * (columns - 1)) / columns;
  return { columns, height: Math.max(130, Math.min(wide / aspect, height - caption)) };
}

/** @param {HTMLElement | null} place */
function scrolls(place) {
  return place !== null && place.scrollHeight > place.clientHeight + 2 && getComputedStyle(place).overflowY !== "visible";
}
