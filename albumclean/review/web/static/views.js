// Which of the page's views is seen. The address keeps it (#/q/12, #/finish, #/history), so that "back" goes back.

import { byId } from "./dom.js";
import { hush } from "./state.js";

/**
 * @typedef {"grid" | "detail" | "finish" | "progress" | "result" | "history" | "ended"} ViewName
 * @typedef {{enter: (rest: string, state: any) => void, leave?: () => void}} View
 */

/** @type {Map<ViewName, View>} */
const views = new Map();
/** @type {ViewName} */
let current = "grid";
let phase = "review";

const ADDRESSES = /** @type {Record<string, ViewName>} */ ({ q: "detail", finish: "finish", history: "history" });
/** What is seen where the review has gone on from the questions. */
const HOMES = /** @type {Record<string, ViewName>} */ ({ review: "grid", confirm: "finish", moving: "progress", moved: "result", ended: "ended" });

/**
 * @param {ViewName} name
 * @param {View} view
 */
export function register(name, view) {
  views.set(name, view);
}

export const view = () => current;
export const phaseNow = () => phase;

/** @param {string} now what the server is at: review, confirm, moving, moved or ended */
export function setPhase(now) {
  phase = now;
  document.body.dataset.phase = now;
}

/**
 * @param {string} address without the "#", "" for the grid
 * @param {{replace?: boolean, state?: any}} [how]
 */
export function go(address, how = {}) {
  const target = address ? `#/${address}` : location.pathname;
  if (how.replace) history.replaceState(how.state ?? null, "", target);
  else history.pushState(how.state ?? { inner: true }, "", target);
  route();
}

/** Leave the present view for the one from which it was entered. */
export function back() {
  if (history.state?.inner) history.back();
  else go("", { replace: true });
}

/** What may be seen besides the home of a phase. */
const ALLOWED = /** @type {Record<string, ViewName[]>} */ ({
  review: ["grid", "detail", "finish", "history"], confirm: ["finish", "history"], moved: ["history"],
});

export function route() {
  const [name, rest = ""] = location.hash.replace(/^#\/?/, "").split("/");
  const wanted = ADDRESSES[name] ?? "grid";
  const returning = phase === "confirm" && current === "finish" && (wanted === "grid" || wanted === "detail");
  const allowed = returning || ALLOWED[phase]?.includes(wanted);
  show(allowed ? wanted : HOMES[phase], rest, history.state);
}

/**
 * @param {ViewName} name
 * @param {string} rest of the address
 * @param {any} state
 */
export function show(name, rest = "", state = null) {
  const before = current;
  current = name;
  if (before !== name) hush();
  document.body.dataset.view = name;
  const grid = byId("view-grid");
  // The grid stays laid out beneath, so that going back costs nothing and its place is kept.
  grid.classList.toggle("is-covered", name !== "grid");
  grid.inert = name !== "grid";
  for (const other of ["detail", "finish", "progress", "result", "history", "ended"]) {
    byId(`view-${other}`).hidden = other !== name;
  }
  if (before !== name) views.get(before)?.leave?.();
  views.get(name)?.enter(rest, state);
}

addEventListener("popstate", route);
