// The history: runs, what each has moved, and the way back.

import { get } from "./api.js";
import { ask } from "./dialogs.js";
import { button, byId, el, icon } from "./dom.js";
import { RunItems } from "./items.js";
import { say } from "./state.js";
import { back, register, view } from "./views.js";
import { counted, fileSize, momentText } from "./words.js";

/** @typedef {import("./items.js").Run} Run */

const STATE_WORDS = /** @type {[string, string][]} */ ([
  ["moved", "moved"], ["restored", "brought back"], ["skipped", "skipped"], ["failed", "failed"], ["rolled-back", "put back at once"],
  ["planned", "still to move"], ["moving", "half-way"], ["restoring", "half-way back"],
]);

class HistoryView {
  constructor() {
    this.root = byId("view-history");
    this.shown = 0;
    register("history", { enter: () => this.enter(), leave: () => this.root.replaceChildren() });
  }

  async enter() {
    this.shown = 0;
    this.list = el("div", { class: "runs" });
    this.more = button({ text: "Show earlier runs", class: "tool", press: () => this.load() });
    this.more.hidden = true;
    this.root.replaceChildren(el("div", { class: "sheet" },
      el("div", { class: "result-head" }, el("h1", { text: "History" }),
        button({ icon: "back", text: "Back", class: "tool", testid: "history-back", press: back })),
      this.list, this.more));
    this.root.focus({ preventScroll: true });
    await this.load();
  }

  async load() {
    try {
      const { runs, total } = await get("/api/history", { offset: this.shown || null });
      if (view() !== "history") return;
      const fresh = this.shown === 0;
      this.shown += runs.length;
      this.list?.append(...runs.map((/** @type {Run} */ run, /** @type {number} */ place) => this.run(run, fresh && place === 0)));
      if (this.more) this.more.hidden = this.shown >= (total ?? this.shown);
      if (!this.shown) this.list?.append(el("p", { class: "quiet", text: "Nothing was ever moved. Whatever you move will be listed here, and can be brought back from here." }));
    } catch (error) {
      say(error instanceof Error ? error.message : String(error), "error");
    }
  }

  /**
   * @param {Run} run
   * @param {boolean} opened
   */
  run(run, opened) {
    const place = el("div", { class: "run-items" });
    const counts = el("span", { class: "run-counts" });
    /** @type {RunItems | null} */
    let items = null;
    const undo = button({ icon: "restore", text: "Undo this run", class: "tool", testid: "run-undo", press: async () => {
      const sure = await ask({ title: "Bring this run back?", text: `All photos of ${momentText(run.started_at)} that are still away go back to where they were.`, ok: "Bring all back" });
      if (!sure) return;
      details.open = true;
      items ??= new RunItems(run.id, place, tell);
      await items.undo();
    } });
    const tell = (/** @type {Run} */ now) => {
      counts.textContent = [...STATE_WORDS.filter(([state]) => now.photos[state]).map(([state, words]) => `${counted(now.photos[state], "photo")} ${words}`), fileSize(now.bytes)].join(" · ");
      undo.hidden = !(now.can_be_undone ?? (now.photos.moved ?? 0) > 0);
    };
    const details = /** @type {HTMLDetailsElement} */ (el("details", { class: "run", testid: "run", "data-id": run.id },
      el("summary", { class: "run-summary" }, icon(run.kind === "undo" ? "restore" : "trash"),
        el("span", { class: "run-when" }, el("strong", { text: momentText(run.started_at) }), run.finished_at === null ? el("span", { class: "run-open", text: "not finished" }) : null),
        counts,
        el("span", { class: "run-where" }, el("bdi", { text: run.kind === "undo" ? "brought back" : `to ${run.destination}` }))),
      el("div", { class: "run-body" }, el("div", { class: "run-tools" }, undo), place)));
    tell(run);
    details.addEventListener("toggle", () => { if (details.open) items ??= new RunItems(run.id, place, tell); });
    details.open = opened;
    return details;
  }
}

export function setUpHistory() {
  return new HistoryView();
}
