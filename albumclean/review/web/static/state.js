// What the whole page knows, and how its parts hear of changes.

/**
 * @typedef {{phase: string, below: number, total: number, open: number, chosen: Chosen, title?: string,
 *   library: {photos: number, scored: number}, histogram: {counts: number[], bytes: number[]},
 *   kinds: Record<string, number>, folders: {id: number, name: string, count: number}[],
 *   years: {year: number | null, count: number}[], knows_beauty: boolean, carried_over: number, destination: string,
 *   rest: string, notes: string[]}} Overview
 * @typedef {{photos: number, bytes: number}} Chosen
 * @typedef {"overview" | "chosen" | "list" | "waiting" | "question" | "draft"} Topic
 */

/** @type {Map<Topic, Set<(detail: any) => void>>} */
const listeners = new Map();

/**
 * @param {Topic} topic
 * @param {(detail: any) => void} listener
 */
export function on(topic, listener) {
  const known = listeners.get(topic) ?? new Set();
  known.add(listener);
  listeners.set(topic, known);
}

/**
 * @param {Topic} topic
 * @param {unknown} [detail]
 */
export function emit(topic, detail) {
  for (const listener of listeners.get(topic) ?? []) listener(detail);
}

/** @type {{overview: Overview | null, chosen: Chosen, open: number, total: number}} */
export const state = { overview: null, chosen: { photos: 0, bytes: 0 }, open: 0, total: 0 };

/** @param {Overview} overview */
export function setOverview(overview) {
  state.overview = overview;
  state.chosen = { ...overview.chosen };
  state.open = overview.open;
  state.total = overview.total;
  emit("overview", overview);
  emit("chosen");
}

/**
 * @param {Chosen} chosen
 */
export function setChosen(chosen) {
  state.chosen = { ...chosen };
  emit("chosen");
}

/** @param {number} by how many questions more (or fewer) are open now */
export function changeOpen(by) {
  state.open = Math.max(0, Math.min(state.total, state.open + by));
  emit("chosen");
}

let pending = 0;

/** @param {number} by */
export function setPending(by) {
  pending += by;
  document.documentElement.dataset.pending = String(pending);
}

let clearing = 0;

/** What was said in the view before is no news in the next; an error is. */
export function hush() {
  const line = document.getElementById("status");
  if (line && line.dataset.tone !== "error") line.textContent = "";
}

/**
 * One sentence in the status line, which screen readers speak.
 * @param {string} sentence
 * @param {"info" | "error"} [tone]
 */
export function say(sentence, tone = "info") {
  const line = document.getElementById("status");
  if (!line) return;
  clearTimeout(clearing);
  line.dataset.tone = tone;
  line.textContent = sentence;
  if (sentence) clearing = setTimeout(() => { line.textContent = ""; }, tone === "error" ? 12000 : 5000);
}
