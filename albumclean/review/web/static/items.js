// Photos of the journal in a list: what became of each, and the way back for one, a group or the whole run.

import { get, picture, post } from "./api.js";
import { button, el, icon } from "./dom.js";
import { drop, load } from "./loading.js";
import { say } from "./state.js";
import { capital, counted, fileSize } from "./words.js";

/**
 * @typedef {{id: number, photo: number | null, path: string, name: string, size: number, state: string, reason: string,
 *   sentence: string}} PastItem
 * @typedef {{id: number, kept: string | null, kept_photo: number | null, rule: string, items: PastItem[]}} PastGroup
 * @typedef {{id: number, kind: string, started_at: string, finished_at: string | null, destination: string,
 *   photos: Record<string, number>, bytes: number, can_be_undone: boolean}} Run
 */

const STATES = /** @type {Record<string, {text: string, icon: string, tone: string}>} */ ({
  moved: { text: "moved", icon: "trash", tone: "trash" },
  restored: { text: "brought back", icon: "restore", tone: "keep" },
  skipped: { text: "stayed", icon: "keep", tone: "keep" },
  failed: { text: "could not be moved", icon: "warn", tone: "warn" },
  "rolled-back": { text: "put back at once", icon: "restore", tone: "keep" },
  planned: { text: "still to move", icon: "skip", tone: "warn" },
  moving: { text: "half-way", icon: "warn", tone: "warn" },
  restoring: { text: "half-way back", icon: "warn", tone: "warn" },
});

/**
 * A small picture, or a sign in its place where there is none any more.
 * @param {number | null} photo
 */
export function rowPicture(photo) {
  const box = el("span", { class: "row-picture" });
  if (photo === null) {
    box.append(icon("mark"));
    return box;
  }
  const image = /** @type {HTMLImageElement} */ (el("img", { alt: "" }));
  load(image, picture(photo, "thumb"), "small").catch(() => image.replaceWith(icon("mark")));
  box.append(image);
  return box;
}

/** @param {HTMLElement} row */
export function dropPictures(row) {
  for (const image of row.querySelectorAll("img")) drop(image);
}

/**
 * What a path says, the name first: people look for that.
 * @param {string} name
 * @param {string} path
 */
export function rowName(name, path) {
  return el("span", { class: "row-name" }, el("bdi", { class: "row-file", text: name }), el("bdi", { class: "row-path", text: path, title: path }));
}

/** The photos of one run, a page at a time; undo stays on the spot. */
export class RunItems {
  /**
   * @param {number} run
   * @param {HTMLElement} place
   * @param {(run: Run) => void} told hears of the run, also after an undo
   */
  constructor(run, place, told) {
    this.run = run;
    this.place = place;
    this.told = told;
    this.list = el("div", { class: "run-groups" });
    this.more = button({ text: "Show more", class: "tool", press: () => this.load() });
    this.shown = 0;
    place.replaceChildren(this.list, this.more);
    this.load();
  }

  async load() {
    try {
      const { run, total, groups } = await get(`/api/history/${this.run}`, { offset: this.shown || null });
      this.told(run);
      this.list.append(...groups.map((/** @type {PastGroup} */ group) => this.group(group)));
      this.shown += groups.length;
      this.more.hidden = this.shown >= (total ?? this.shown);
    } catch (error) {
      say(error instanceof Error ? error.message : String(error), "error");
    }
  }

  /** @param {PastGroup} group */
  group(group) {
    const rows = group.items.map((item) => this.item(item));
    const movable = group.items.filter((item) => item.state === "moved");
    const head = group.kept && el("div", { class: "run-group-head" }, rowPicture(group.kept_photo),
      el("span", { class: "row-name" }, el("span", { class: "row-stays" }, icon("keep"), el("span", { text: "Stayed" })), el("bdi", { class: "row-path", text: group.kept, title: group.kept })),
      movable.length > 1 && button({ icon: "restore", text: `Undo these ${movable.length}`, class: "tool", testid: "history-group-undo", press: () => this.undo(movable.map((item) => item.id)) }));
    return el("section", { class: group.kept ? "run-group has-kept" : "run-group", "data-group": group.id }, head || null, el("ul", { class: "rows" }, ...rows));
  }

  /** @param {PastItem} item */
  item(item) {
    const state = STATES[item.state] ?? { text: item.state, icon: "info", tone: "plain" };
    const back = item.state === "moved" && button({ icon: "restore", text: "Undo", label: `Bring back ${item.name}`, class: "tool", testid: "history-item-undo", press: () => this.undo([item.id]) });
    return el("li", { class: "row", testid: "history-item", "data-id": item.id, "data-state": item.state },
      rowPicture(item.photo), rowName(item.name ?? item.path, item.path),
      el("span", { class: "row-why", text: item.reason ? `${capital(item.reason)}.`.replace(/\.\.$/, ".") : item.sentence }),
      el("span", { class: `row-state tone-${state.tone}` }, icon(state.icon), el("span", { text: state.text })),
      el("span", { class: "row-size", text: fileSize(item.size) }), back || el("span", { class: "row-no-act" }));
  }

  /**
   * Bring photos back, all of the run if none are named.
   * @param {number[]} [items]
   */
  async undo(items) {
    say("Bringing back…");
    try {
      const { outcomes } = await post(`/api/history/${this.run}/undo`, items ? { items } : {});
      const done = outcomes.filter((/** @type {{state: string}} */ one) => one.state === "restored").length;
      const rest = outcomes.filter((/** @type {{state: string}} */ one) => one.state !== "restored");
      const problem = rest[0] ? ` ${counted(rest.length, "photo")} could not be brought back: ${rest[0].reason}` : "";
      say(`Brought back ${counted(done, "photo")}.${problem}`, rest.length ? "error" : "info");
    } catch (error) {
      say(error instanceof Error ? error.message : String(error), "error");
    }
    await this.again();
  }

  /** What is shown already, as it is now. */
  async again() {
    const groups = [];
    /** @type {Run | null} */
    let run = null;
    for (let offset = 0; offset < this.shown;) {
      const told = await get(`/api/history/${this.run}`, { offset: offset || null });
      run = told.run;
      groups.push(...told.groups);
      if (!told.groups.length) break;
      offset += told.groups.length;
    }
    const focused = document.activeElement?.closest("[data-id], [data-group]");
    const [name, id] = focused instanceof HTMLElement && this.list.contains(focused) ? Object.entries(focused.dataset).find(([key]) => key === "id" || key === "group") ?? [] : [];
    this.list.replaceChildren(...groups.map((group) => this.group(group)));
    if (run) this.told(run);
    const place = name && this.list.querySelector(`[data-${name}="${id}"]`);
    const next = place && (place.querySelector("button") ?? place);
    if (next instanceof HTMLElement) {
      if (!(next instanceof HTMLButtonElement)) next.tabIndex = -1;
      next.focus({ preventScroll: true });
    }
  }
}
