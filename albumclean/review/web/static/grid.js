// The grid of questions: thousands of cells, of which a few dozen exist; moved through by keys, mouse and touch.

import { answer } from "./answers.js";
import { blankCard, card, drop, refresh } from "./card.js";
import { byId, el, button } from "./dom.js";
import { isFiltered, reset } from "./filters.js";
import { questions } from "./questions.js";
import { on, say, state } from "./state.js";
import { isGroup } from "./verdicts.js";
import { go, view } from "./views.js";
import { VirtualRows } from "./virtual.js";

const GAP = 14; // pixels; the same stand in grid.css

class Grid {
  constructor() {
    this.canvas = byId("grid");
    this.scroller = byId("grid-scroller");
    this.columns = 1;
    /** The question that keys are about. */
    this.active = 0;
    this.rows = new VirtualRows({
      scroller: this.scroller,
      canvas: this.canvas,
      make: (row) => this.row(row),
      drop: (node) => drop(node),
      settle: (first, end) => questions.need(first * this.columns, end * this.columns),
    });
    new ResizeObserver(() => this.measure()).observe(this.scroller);
    this.canvas.addEventListener("click", (event) => this.clicked(event));
    this.canvas.addEventListener("focusin", (event) => this.focused(event));
    this.canvas.addEventListener("take-focus", () => this.focus());
    on("waiting", (now) => this.canvas.classList.toggle("is-waiting", now));
    on("list", (change) => this.changed(change));
    on("question", (question) => this.refreshed(question));
  }

  measure() {
    const width = this.scroller.clientWidth - 2 * GAP;
    if (width <= 0) return;
    const least = width < 560 ? 150 : 196;
    const columns = Math.max(1, Math.floor((width + GAP) / (least + GAP)));
    const cell = Math.floor((width - (columns - 1) * GAP) / columns);
    const thumb = Math.round(cell * 0.75);
    const actions = matchMedia("(hover: none)").matches ? 48 : 0;
    this.canvas.style.setProperty("--columns", String(columns));
    this.canvas.style.setProperty("--thumb", `${thumb}px`);
    const other = columns !== this.columns;
    if (other) this.rows.clear();
    this.columns = columns;
    this.layout(thumb + 50 + actions + GAP, other);
  }

  /**
   * @param {number} [height]
   * @param {boolean} [keep] keep the active card in sight
   */
  layout(height = this.rows.height, keep = false) {
    const total = questions.total ?? 0;
    const count = Math.ceil(total / this.columns);
    this.canvas.setAttribute("aria-rowcount", String(count));
    this.canvas.setAttribute("aria-colcount", String(this.columns));
    this.canvas.dataset.total = String(total);
    this.rows.pinned = total ? Math.floor(this.active / this.columns) : -1;
    this.rows.layout(count, height);
    if (keep && this.active) this.rows.show(this.rows.pinned);
    this.empty(questions.total === 0);
  }

  /** @param {{fresh?: boolean, removed?: number, from?: number}} change */
  changed(change) {
    const hadFocus = this.canvas.contains(document.activeElement);
    if (change.fresh) {
      this.active = 0;
      this.scroller.scrollTop = 0;
    }
    this.active = Math.max(0, Math.min(this.active, (questions.total ?? 1) - 1));
    if (change.from === undefined) this.rows.clear();
    else this.rows.clear((row) => row.querySelector(".card-blank") !== null);
    this.layout();
    if (hadFocus && view() === "grid" && !this.canvas.contains(document.activeElement)) this.focus(this.active);
  }

  /** @param {number} row */
  row(row) {
    const start = row * this.columns;
    const end = Math.min(start + this.columns, questions.total ?? 0);
    const cells = [];
    for (let index = start; index < end; index += 1) {
      const question = questions.at(index);
      const cell = question ? card(question, index) : blankCard(index);
      cell.setAttribute("aria-colindex", String(index - start + 1));
      if (index === this.active) cell.tabIndex = 0;
      cells.push(cell);
    }
    return el("div", { class: "grid-row", role: "row", "aria-rowindex": row + 1 }, ...cells);
  }

  /** @param {import("./questions.js").Question} question */
  refreshed(question) {
    const node = /** @type {HTMLElement | null} */ (this.canvas.querySelector(`[data-id="${question.id}"]`));
    if (node) refresh(node, question);
  }

  /** @param {Event} event */
  focused(event) {
    const cell = event.target instanceof Element ? event.target.closest(".card") : null;
    if (cell instanceof HTMLElement) this.activate(Number(cell.dataset.index));
  }

  /** @param {number} index */
  activate(index) {
    this.cell(this.active)?.setAttribute("tabindex", "-1");
    this.active = index;
    this.rows.pinned = Math.floor(index / this.columns);
    this.cell(index)?.setAttribute("tabindex", "0");
  }

  /** @param {number} index */
  cell(index) {
    return /** @type {HTMLElement | null} */ (this.canvas.querySelector(`.card[data-index="${index}"]`));
  }

  /**
   * Put the focus on a card, scrolling it into sight.
   * @param {number} [index]
   */
  focus(index = this.active) {
    const total = questions.total ?? 0;
    if (!total) return;
    const wanted = Math.max(0, Math.min(index, total - 1));
    this.activate(wanted);
    this.rows.show(this.rows.pinned);
    this.cell(wanted)?.focus({ preventScroll: true });
  }

  /** @param {KeyboardEvent} event */
  move(event) {
    const page = this.rows.page * this.columns;
    const total = questions.total ?? 0;
    const steps = /** @type {Record<string, number>} */ ({
      ArrowLeft: -1, ArrowRight: 1, ArrowUp: -this.columns, ArrowDown: this.columns,
      PageUp: -page, PageDown: page, Home: -total, End: total,
    });
    // The first key only shows where one is.
    const here = this.canvas.contains(document.activeElement);
    const target = here ? this.active + steps[event.key] : this.active;
    if (event.key === "ArrowUp" && target < 0 || event.key === "ArrowDown" && target >= total && this.active >= total - this.columns) return;
    this.focus(target);
  }

  /** @param {Event} event */
  clicked(event) {
    const target = /** @type {Element} */ (event.target);
    const cell = /** @type {HTMLElement | null} */ (target.closest(".card"));
    const question = cell && questions.at(Number(cell.dataset.index));
    if (!cell || !question) return;
    const act = /** @type {HTMLElement | null} */ (target.closest("[data-act]"))?.dataset.act;
    if (act === "trash" || act === "keep") {
      this.activate(Number(cell.dataset.index));
      this.answer(act, false);
    } else {
      this.open(Number(cell.dataset.index));
    }
  }

  /** @param {number} [index] */
  open(index = this.active) {
    const question = questions.at(index);
    if (!question) return;
    this.activate(index);
    go(`q/${question.id}`, { state: { index, inner: true } });
  }

  /**
   * Answer the active question and go on to the next that is open.
   * @param {import("./questions.js").Verdict} verdict
   * @param {boolean} [moving]
   */
  async answer(verdict, moving = true) {
    const index = this.active;
    const question = questions.at(index);
    if (!question) return;
    answer(question, verdict);
    const pruned = questions.prune(question);
    if (!moving) return;
    const next = await nextOpen(pruned ? index : index + 1);
    if (view() !== "grid") return;
    if (next >= 0) this.focus(next);
    else this.allDone();
  }

  allDone() {
    this.focus(this.active);
    if (state.open === 0) say("All questions are answered. Finish… shows what would move.");
  }

  /** @param {1 | -1} step to the next group */
  async group(step) {
    const found = await questions.seek(this.active + step, step, isGroup);
    if (found >= 0) this.focus(found);
    else say(step > 0 ? "No group comes after this." : "No group comes before this.");
  }

  /** @param {boolean} none */
  empty(none) {
    const place = byId("empty");
    place.hidden = !none;
    this.canvas.hidden = none;
    if (!none) return;
    place.replaceChildren(
      el("p", { class: "empty-title", text: isFiltered() ? "Nothing matches this filter" : "Nothing to decide" }),
      el("p", { text: isFiltered() ? "Your answers are remembered, whatever is shown." : "No bad and no repeated photos were found below this score." }),
      ...(isFiltered() ? [button({ text: "Show everything", class: "tool", press: reset })] : []),
    );
  }
}

/**
 * The next open question from an index on, from the top again if there is none; -1 if all are answered.
 * @param {number} from
 */
export async function nextOpen(from) {
  if (state.open === 0) return -1;
  const open = (/** @type {import("./questions.js").Question} */ question) => question.answer === null;
  const after = await questions.seek(from, 1, open);
  return after >= 0 || from === 0 ? after : questions.seek(0, 1, open);
}

/** @type {Grid} */
export let grid;

export function setUpGrid() {
  grid = new Grid();
}
