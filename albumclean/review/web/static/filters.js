// Which questions are shown, and in which order. One panel: beside the grid on wide screens, a sheet on narrow ones.

import { open } from "./dialogs.js";
import { button, byId, el, icon } from "./dom.js";
import { questions } from "./questions.js";
import { on, say, state } from "./state.js";
import { thresholdPanel } from "./threshold.js";
import { counted, grouped, KINDS } from "./words.js";

const STATES = [["", "All"], ["open", "Open"], ["answered", "Answered"], ["trash", "Trash"], ["keep", "Kept"]];
const BEAUTY = "aesthetic"; // offered only where somebody was asked for it
const SORTS = [["score", "Score"], [BEAUTY, "Beauty"], ["size", "Size"], ["date", "Date"], ["name", "Name"], ["folder", "Folder"]];
const ORDERS = /** @type {Record<string, [string, string]>} */ ({
  score: ["Lowest first", "Highest first"], [BEAUTY]: ["Lowest first", "Highest first"], size: ["Smallest first", "Largest first"],
  date: ["Oldest first", "Newest first"], name: ["A to Z", "Z to A"], folder: ["A to Z", "Z to A"],
});
const TYPING = 220; // milliseconds after the last letter
const POINTED = 1500; // milliseconds within which a choice counts as made with the mouse
const NARROW = matchMedia("(max-width: 899px)");

let pointed = -Infinity;
/** @type {HTMLInputElement} */
let text;
/** @type {HTMLSelectElement} */
let folder;
/** @type {HTMLSelectElement} */
let year;
/** @type {HTMLSelectElement} */
let sort;

export function setUpFilters() {
  text = /** @type {HTMLInputElement} */ (el("input", {
    type: "search", class: "field", id: "filter-text", testid: "filter-text", placeholder: "Name, folder or camera", "aria-label": "Filter by name, folder or camera", autocomplete: "off", spellcheck: "false", "aria-keyshortcuts": "F",
  }));
  let typing = 0;
  text.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(() => narrow({ text: text.value.trim() }), TYPING);
  });
  text.addEventListener("keydown", async (event) => {
    if (event.key !== "Escape" && event.key !== "Enter") return;
    event.preventDefault();
    clearTimeout(typing);
    if (event.key === "Escape") text.value = "";
    await narrow({ text: text.value.trim() });
    if (document.querySelector("dialog[open]")) closeSheet();
    else leaveForGrid();
  });
  byId("side").addEventListener("pointerdown", () => { pointed = performance.now(); });
  folder = select("filter-folder", (value) => narrow({ folder: value }));
  year = select("filter-year", (value) => narrow({ year: value }));
  byId("filters").append(
    el("div", { class: "sheet-head only-sheet" }, el("h2", { text: "Filter" }),
      button({ icon: "close", text: "", label: "Close", class: "tool tool-square", testid: "filters-close", press: closeSheet })),
    thresholdPanel(),
    el("section", { class: "panel" }, el("div", { class: "search" }, icon("search"), text)),
    radios("Kind", "kind", [["", "Everything"], ...Object.entries(KINDS).map(([value, kind]) => [value, kind.many])]),
    radios("Answers", "state", STATES, true),
    el("section", { class: "panel" },
      el("label", { class: "panel-title", for: "filter-folder", text: "Folder" }), folder,
      el("label", { class: "panel-title", for: "filter-year", text: "Year" }), year),
    button({ text: "Show everything", class: "tool tool-wide", testid: "filters-reset", press: reset }),
    el("section", { class: "panel notes", id: "notes", "aria-label": "Notes" }),
  );
  setUpSort();
  on("overview", fill);
  on("list", mark);
  byId("filters-open").addEventListener("click", openSheet);
}

function leaveForGrid() {
  byId("grid").dispatchEvent(new CustomEvent("take-focus"));
}

/**
 * Ask for another selection of questions.
 * @param {Partial<import("./questions.js").Query>} change
 */
export async function narrow(change) {
  const wanted = { ...questions.query, ...change };
  if (JSON.stringify(wanted) === JSON.stringify(questions.query)) return;
  try {
    await questions.reset(wanted);
    say(`${counted(questions.total ?? 0, "question")} shown.`);
    // Who chose with the mouse goes on with the photos; who chose with the keys stays where they are.
    const chosen = document.activeElement?.matches("#side input[type=radio], #side select, #side button");
    if (chosen && performance.now() - pointed < POINTED) leaveForGrid();
  } catch (error) {
    say(error instanceof Error ? error.message : String(error), "error");
  }
}

export function reset() {
  text.value = "";
  narrow({ kind: "", folder: "", year: "", state: "", text: "" });
  for (const name of ["kind", "state"]) {
    const all = /** @type {HTMLInputElement | null} */ (document.querySelector(`input[name="${name}"][value=""]`));
    if (all) all.checked = true;
  }
  folder.value = year.value = "";
}

/** Put the cursor into the text filter, wherever it is. */
export function focusText() {
  if (NARROW.matches) openSheet();
  text.focus();
  text.select();
}

export const isFiltered = () => ["kind", "folder", "year", "state", "text"].some((name) => questions.query[/** @type {"kind"} */ (name)]);

/**
 * @param {string} title
 * @param {"kind" | "state"} name
 * @param {string[][]} choices
 * @param {boolean} [flat] side by side
 */
function radios(title, name, choices, flat) {
  return el("fieldset", { class: flat ? "panel choices choices-flat" : "panel choices", testid: `filter-${name}` },
    el("legend", { class: "panel-title", text: title }),
    ...choices.map(([value, words]) => el("label", { class: "choice" },
      el("input", { type: "radio", name, value, checked: value === "", onchange: () => narrow({ [name]: value }) }),
      el("span", { class: "choice-text", text: words }),
      flat ? null : el("span", { class: "choice-count", "data-count": value }))));
}

/**
 * @param {string} id
 * @param {(value: string) => void} chosen
 */
function select(id, chosen) {
  const made = /** @type {HTMLSelectElement} */ (el("select", { class: "field", id, testid: id }));
  made.addEventListener("change", () => chosen(made.value));
  return made;
}

function setUpSort() {
  sort = select("sort", (value) => {
    // What is largest is looked for from the top; all else from the bottom.
    const order = value === "size" ? "desc" : "asc";
    name(value, order);
    narrow({ sort: value, order });
  });
  const order = select("order", (value) => narrow({ order: value }));
  const name = (/** @type {string} */ by, /** @type {string} */ now) => {
    order.replaceChildren(...["asc", "desc"].map((value, place) => el("option", { value, text: ORDERS[by][place] })));
    order.value = now;
  };
  sort.append(...SORTS.map(([value, words]) => el("option", { value, text: words })));
  sort.setAttribute("aria-label", "Sort by");
  order.setAttribute("aria-label", "Order");
  name("score", "asc");
  byId("grid-sort").append(el("span", { class: "grid-sort-label", "aria-hidden": "true", text: "Sort" }), sort, order);
}

/** @param {import("./state.js").Overview} overview */
function fill(overview) {
  const all = Object.values(overview.kinds).reduce((sum, count) => sum + count, 0);
  for (const place of document.querySelectorAll(".choice-count")) {
    const kind = /** @type {HTMLElement} */ (place).dataset.count ?? "";
    const count = kind ? (overview.kinds[kind] ?? 0) : all;
    place.textContent = grouped(count);
    place.closest(".choice")?.classList.toggle("is-none", count === 0);
  }
  const root = common(overview.folders.map((one) => one.name));
  options(folder, "All folders", overview.folders.map((one) => [String(one.id), `${one.name.slice(root.length) || one.name} (${grouped(one.count)})`]));
  options(year, "All years", overview.years.map((one) => [one.year === null ? "unknown" : String(one.year), `${one.year ?? "Unknown"} (${grouped(one.count)})`]));
  const beauty = /** @type {HTMLOptionElement} */ (sort.querySelector(`option[value="${BEAUTY}"]`));
  beauty.hidden = beauty.disabled = !overview.knows_beauty;
  const notes = byId("notes");
  notes.hidden = overview.notes.length === 0;
  notes.replaceChildren(el("h2", { class: "panel-title", text: "Good to know" }), ...overview.notes.map((note) => el("p", { text: note })));
}

/**
 * @param {HTMLSelectElement} where
 * @param {string} all
 * @param {string[][]} choices
 */
function options(where, all, choices) {
  const now = where.value;
  where.replaceChildren(el("option", { value: "", text: all }), ...choices.map(([value, words]) => el("option", { value, text: words })));
  where.value = choices.some(([value]) => value === now) ? now : "";
}

/**
 * What all paths begin with, up to a separator.
 * @param {string[]} paths
 */
function common(paths) {
  if (paths.length < 2) return "";
  let start = paths[0];
  for (const path of paths) while (!path.startsWith(start)) start = start.slice(0, -1);
  return start.slice(0, Math.max(start.lastIndexOf("/"), start.lastIndexOf("\\")) + 1);
}

function mark() {
  byId("filters-dot").hidden = !isFiltered();
  const total = questions.total ?? 0;
  byId("grid-count").textContent = isFiltered() ? `${grouped(total)} of ${counted(state.total, "question")}` : counted(total, "question");
  const rest = byId("grid-rest");
  rest.textContent = state.overview?.rest ?? "";
  rest.hidden = rest.textContent === "";
}

async function openSheet() {
  const panel = byId("filters");
  const dialog = el("dialog", { class: "dialog sheet", "aria-label": "Filter" }, panel);
  const closed = open(dialog);
  await closed;
  byId("side").append(panel);
}

function closeSheet() {
  /** @type {HTMLDialogElement | null} */ (document.querySelector("dialog.sheet"))?.close();
}

NARROW.addEventListener("change", closeSheet);
