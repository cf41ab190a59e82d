// The last page: everything that will move and everything that stays after all, and one button that says what it does.

import { inTurn, settled } from "./answers.js";
import { get, isAbort, post } from "./api.js";
import { button, byId, el, icon } from "./dom.js";
import { dropPictures, rowName, rowPicture } from "./items.js";
import { leaveFor } from "./ending.js";
import { followMove } from "./moving.js";
import { setOverview, say, state } from "./state.js";
import { go, phaseNow, register, setPhase, view } from "./views.js";
import { VirtualRows } from "./virtual.js";
import { capital, counted, fileSize } from "./words.js";

/**
 * @typedef {{photo: number | null, path: string, name?: string, folder?: string, files: string[], edits: string[], bytes: number, sentence: string}} PlanItem
 * @typedef {{photos: number, files: number, bytes: number, destination: string, total: number, items: PlanItem[],
 *   refused: {path: string, name?: string, why: string}[]}} Plan
 */

const PAGE = 60;
const REFUSED = 50; // told one by one
const WIDE = 68;
const NARROW = 96; // pixels of a row; the same stand in pages.css

class Finish {
  constructor() {
    this.root = byId("view-finish");
    /** @type {Plan | null} */
    this.plan = null;
    /** @type {PlanItem[]} sparse */
    this.items = [];
    /** @type {Set<number>} */
    this.asked = new Set();
    /** @type {VirtualRows | null} */
    this.rows = null;
    register("finish", { enter: () => this.enter(), leave: () => this.leave() });
  }

  async enter() {
    this.root.replaceChildren(el("p", { class: "sheet-wait", text: "Putting everything together…" }));
    this.root.focus({ preventScroll: true });
    try {
      await settled();
      if (phaseNow() === "review") {
        if (state.chosen.photos === 0) {
          this.showNothing();
          return;
        }
        setPhase((await post("/api/finish")).phase);
      }
      const plan = await this.ask();
      if (view() === "finish") this.show(plan);
    } catch (error) {
      if (view() !== "finish") return;
      say(error instanceof Error ? error.message : String(error), "error");
      if (phaseNow() === "review") go("", { replace: true });
      else this.root.replaceChildren(el("div", { class: "sheet" }, el("h1", { text: "The list could not be made" }), this.buttons(null)));
    }
  }

  /** The plan is made by the thread that moves files: it may take a moment after "finish". */
  async ask() {
    for (let tries = 0; ; tries += 1) {
      try {
        return /** @type {Plan} */ (await get("/api/plan", { offset: 0, limit: PAGE }));
      } catch (error) {
        if (tries >= 20 || !(error instanceof Error) || /** @type {any} */ (error).status !== 409) throw error;
        await new Promise((resolve) => { setTimeout(resolve, 100); });
      }
    }
  }

  /** Whoever goes back to the questions wants to answer them again. */
  leave() {
    this.rows = null;
    this.root.replaceChildren();
    if (phaseNow() !== "confirm" || (view() !== "grid" && view() !== "detail")) return;
    setPhase("review");
    inTurn(async () => { await post("/api/confirm", { answer: "back" }); });
  }

  showNothing() {
    this.root.replaceChildren(el("div", { class: "sheet sheet-small" },
      el("h1", { text: "Nothing is marked for the trash" }),
      el("p", { text: "So there is nothing to move. What you have kept is remembered and will not be asked again." }),
      el("div", { class: "sheet-buttons" },
        button({ text: "Back to the review", class: "primary", testid: "plan-back", press: () => go("", { replace: true }) }),
        button({ text: "End the review", class: "tool", testid: "plan-later", press: () => leaveFor("later") }))));
  }

  /** @param {Plan} plan */
  show(plan) {
    this.plan = plan;
    this.items = [...plan.items];
    this.asked = new Set([0]);
    const what = `${counted(plan.photos, "photo")} (${fileSize(plan.bytes)})`;
    const list = el("div", { class: "plan-list", role: "list", "aria-label": "What will move" });
    const scroller = el("div", { class: "plan-scroller", tabindex: 0, role: "region", "aria-label": "What will move" }, this.refused(plan), list);
    this.root.replaceChildren(el("div", { class: "sheet sheet-plan" },
      el("div", { class: "plan-head" },
        el("h1", { text: plan.photos ? `Move these to ${plan.destination}?` : "Nothing of this can be moved" }),
        el("p", { class: "plan-summary", testid: "plan-summary", "data-photos": plan.photos, "data-bytes": plan.bytes },
          el("strong", { text: what }), plan.files > plan.photos ? `, ${counted(plan.files, "file")} with what belongs to them.` : ".",
          " Nothing has moved yet, and whatever moves can be brought back."),
        el("p", { class: "plan-destination", testid: "plan-destination" }, icon("trash"), el("span", {}, "Goes to ", el("bdi", { text: plan.destination })))),
      scroller, this.buttons(plan)));
    this.rows = new VirtualRows({
      scroller, canvas: list, make: (row) => this.row(row), drop: dropPictures,
      settle: (first, end) => this.need(first, end),
    });
    const measure = () => this.rows?.layout(plan.total, scroller.clientWidth < 640 ? NARROW : WIDE);
    new ResizeObserver(measure).observe(scroller);
    measure();
    /** @type {HTMLElement | null} */ (this.root.querySelector("[data-testid=plan-back]"))?.focus({ preventScroll: true });
  }

  /** @param {Plan | null} plan */
  buttons(plan) {
    const words = plan && `Move ${counted(plan.photos, "photo")} (${fileSize(plan.bytes)}) to ${plan.destination}`;
    return el("div", { class: "sheet-buttons plan-buttons" },
      button({ icon: "back", text: "Back to the review", class: "tool", testid: "plan-back", press: () => go("", { replace: true }) }),
      button({ text: "Decide later", class: "tool", testid: "plan-later", press: () => this.later() }),
      plan && plan.photos > 0 && words ? button({ icon: "trash", text: words, class: "primary danger", testid: "plan-move", press: () => this.move(plan) }) : el("span"));
  }

  /** @param {Plan} plan */
  refused(plan) {
    if (!plan.refused.length) return null;
    const more = plan.refused.length - REFUSED;
    return el("section", { class: "plan-refused", testid: "plan-refused" },
      el("h2", { class: "box-title" }, icon("keep"), el("span", { text: `${counted(plan.refused.length, "photo")} that you chose ${plan.refused.length === 1 ? "stays" : "stay"}` })),
      el("ul", {}, ...plan.refused.slice(0, REFUSED).map((one) => el("li", {},
        el("bdi", { class: "row-file", text: one.name ?? one.path, title: one.path }), el("span", { text: `: ${one.why}.` })))),
      more > 0 && el("p", { text: `And ${counted(more, "more photo")}.` }));
  }

  /** @param {number} row */
  row(row) {
    const item = this.items[row];
    const attributes = { class: "row plan-row", role: "listitem", "aria-setsize": this.plan?.total ?? -1, "aria-posinset": row + 1 };
    if (!item) return el("div", { ...attributes, "aria-busy": "true" }, el("span", { class: "row-picture" }));
    const others = item.files.length - 1;
    const edit = item.edits.length ? `: the photo and its edit ${item.edits.join(", ")}` : "";
    return el("div", { ...attributes, testid: "plan-row", "data-id": item.photo },
      rowPicture(item.photo), rowName(item.name ?? item.path, item.folder ?? item.path),
      el("span", { class: "row-why", text: item.sentence, title: item.sentence }),
      el("span", { class: "row-size", text: `${fileSize(item.bytes)}${others ? `, ${counted(others + 1, "file")}${edit}` : ""}` }));
  }

  /**
   * @param {number} first
   * @param {number} end
   */
  async need(first, end) {
    const rows = this.rows;
    for (let start = Math.floor(first / PAGE) * PAGE; start < end; start += PAGE) {
      if (this.asked.has(start)) continue;
      this.asked.add(start);
      try {
        const page = await get("/api/plan", { offset: start, limit: PAGE });
        if (this.rows !== rows) return;
        page.items.forEach((/** @type {PlanItem} */ item, /** @type {number} */ place) => { this.items[start + place] = item; });
        rows?.clear();
        rows?.render();
      } catch (error) {
        this.asked.delete(start);
        if (!isAbort(error)) say(error instanceof Error ? error.message : String(error), "error");
      }
    }
  }

  /** @param {Plan} plan */
  async move(plan) {
    for (const one of this.root.querySelectorAll("button")) one.disabled = true; // one click moves once
    try {
      const { phase } = await post("/api/confirm", { answer: "move", photos: plan.photos, bytes: plan.bytes });
      setPhase(phase === "confirm" || phase === "review" ? "moving" : phase);
      followMove(plan);
    } catch (error) {
      say(error instanceof Error ? capital(error.message) : String(error), "error");
      setOverview(await get("/api/overview"));
      setPhase(state.overview?.phase ?? "review");
      if (view() === "finish") await this.enter();
    }
  }

  async later() {
    try {
      await post("/api/confirm", { answer: "leave" });
      leaveFor("later", false);
    } catch (error) {
      say(error instanceof Error ? error.message : String(error), "error");
    }
  }
}

export function setUpFinish() {
  return new Finish();
}
