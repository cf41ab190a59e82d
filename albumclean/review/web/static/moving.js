// While photos move, and what has become of them.

import { get } from "./api.js";
import { ask } from "./dialogs.js";
import { button, byId, el, icon } from "./dom.js";
import { leaveFor } from "./ending.js";
import { RunItems } from "./items.js";
import { say } from "./state.js";
import { go, register, route, setPhase, show, view } from "./views.js";
import { baseName, capital, counted, fileSize } from "./words.js";

/**
 * @typedef {{phase: string, done: number, total: number, bytes: number, waiting: string | null, run: number | null,
 *   problems: {path: string, reason: string}[], trouble: string}} Progress
 */

const OFTEN = 250; // milliseconds between two looks

/** @type {Progress | null} */
let last = null;
let following = false;
let destination = "the trash";

export function setUpMoving() {
  register("progress", { enter: () => { if (!following) followMove(null); } });
  register("result", { enter: () => showResult() });
}

/**
 * Show how far the move is until it has ended.
 * @param {{photos: number, destination: string} | null} plan
 */
export async function followMove(plan) {
  if (following) return;
  following = true;
  destination = plan?.destination ?? destination;
  const words = el("p", { class: "progress-words", "aria-live": "polite", text: "Beginning…" });
  const meter = /** @type {HTMLProgressElement} */ (el("progress", { class: "progress-meter", max: plan?.photos ?? 1, value: 0, "aria-label": "Photos moved" }));
  byId("view-progress").replaceChildren(el("div", { class: "sheet sheet-small" },
    el("h1", { text: "Moving" }), meter, words,
    el("p", { class: "quiet", text: "You can close this tab: the move goes on, and the journal knows it all." })));
  history.replaceState(null, "", location.pathname);
  show("progress");
  byId("view-progress").focus({ preventScroll: true });
  try {
    do {
      last = await get("/api/progress");
      if (!last) break;
      meter.max = Math.max(1, last.total);
      meter.value = last.done;
      words.textContent = last.waiting
        ? `Waiting for another albumclean that is moving photos (${last.waiting}).`
        : `${last.done.toLocaleString("en-US")} of ${counted(last.total, "photo")}, ${fileSize(last.bytes)}`;
      if (last.phase === "moving" || last.phase === "confirm") await new Promise((resolve) => { setTimeout(resolve, OFTEN); });
    } while (last.phase === "moving" || last.phase === "confirm");
    setPhase(last?.phase ?? "moved");
    if (view() === "progress") route();
  } catch (error) {
    say(error instanceof Error ? error.message : String(error), "error");
  } finally {
    following = false;
  }
}

async function showResult() {
  const place = byId("view-result");
  try {
    last ??= await get("/api/progress");
    const run = last?.run ?? (last?.trouble ? null : (await get("/api/history")).runs[0]?.id ?? null);
    if (last && view() === "result") build(place, last, run);
  } catch (error) {
    say(error instanceof Error ? error.message : String(error), "error");
  }
}

/**
 * @param {HTMLElement} place
 * @param {Progress} told
 * @param {number | null} run
 */
function build(place, told, run) {
  const summary = el("p", { class: "result-summary", testid: "result-summary" });
  const title = el("h1");
  const list = el("div", { class: "result-items" });
  /** @type {RunItems | null} */
  let items = null;
  const undoAll = button({ icon: "restore", text: "Undo all", class: "tool", testid: "result-undo-all", press: async () => {
    const sure = await ask({ title: "Bring everything back?", text: "All photos of this run go back to where they were.", ok: "Bring all back" });
    if (sure) await items?.undo();
  } });
  const tell = (/** @type {import("./items.js").Run | null} */ now) => {
    const moved = now ? (now.photos.moved ?? 0) : told.done - told.problems.length;
    const back = now?.photos.restored ?? 0;
    title.textContent = moved + back ? `${counted(moved + back, "photo")} moved (${fileSize(told.bytes)})` : "Nothing was moved";
    const parts = [];
    if (moved) parts.push(`${counted(moved, "photo")} ${moved === 1 ? "is" : "are"} in ${now?.destination ?? destination}.`);
    if (back) parts.push(moved ? `${counted(back, "photo")} ${back === 1 ? "is" : "are"} back.` : "All of them are back where they were.");
    summary.textContent = parts.join(" ") || "Everything is where it was.";
    undoAll.hidden = moved === 0;
    undoAll.querySelector(".button-text")?.replaceChildren(`Undo all ${moved}`);
  };
  place.replaceChildren(el("div", { class: "sheet" },
    el("div", { class: "result-head" }, el("div", {}, title, summary),
      el("div", { class: "sheet-buttons" }, undoAll,
        button({ icon: "history", text: "History", class: "tool", testid: "result-history", press: () => go("history") }),
        button({ text: "Close the review", class: "primary", testid: "result-end", press: () => leaveFor("done") }))),
    trouble(told), problems(told), list));
  tell(null);
  if (run !== null) items = new RunItems(run, list, tell);
  place.focus({ preventScroll: true });
}

/** @param {Progress} told */
function trouble(told) {
  if (!told.trouble) return null;
  return el("section", { class: "result-problems", role: "alert", testid: "result-trouble" },
    el("h2", { class: "box-title" }, icon("warn"), el("span", { text: "The move was stopped" })),
    el("p", { text: `${capital(told.trouble)} Your answers are remembered.` }));
}

/** @param {Progress} told */
function problems(told) {
  if (!told.problems.length) return null;
  return el("section", { class: "result-problems", testid: "result-problems" },
    el("h2", { class: "box-title" }, icon("warn"), el("span", { text: `${counted(told.problems.length, "photo")} stayed where ${told.problems.length === 1 ? "it was" : "they were"}` })),
    el("ul", {}, ...told.problems.map((one) => el("li", {},
      el("bdi", { class: "row-file", text: baseName(one.path), title: one.path }), el("span", { text: `: ${capital(one.reason)}` })))));
}
