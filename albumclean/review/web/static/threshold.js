// The score below which photos are proposed: a slider over the histogram, and "trash all below".

import { countOf, sweep } from "./answers.js";
import { post } from "./api.js";
import { ask } from "./dialogs.js";
import { button, el } from "./dom.js";
import { bars, fill, mark, under } from "./histogram.js";
import { questions } from "./questions.js";
import { on, say, setOverview, state } from "./state.js";
import { counted, fileSize } from "./words.js";

const CALM = 350; // milliseconds after the last arrow key before the server is asked

/** @returns {HTMLElement} */
export function thresholdPanel() {
  const svg = bars();
  const words = el("p", { class: "below-text", id: "below-text", testid: "below-text" });
  const slider = /** @type {HTMLInputElement} */ (el("input", {
    type: "range", min: 0, max: 1, step: 0.01, class: "below", id: "below", testid: "below", "aria-describedby": "below-text",
  }));
  const all = button({ icon: "trash", text: "Trash all below…", key: "A", class: "tool tool-wide", testid: "select-below", press: selectBelow });
  let asking = 0;

  const tell = () => {
    const below = Number(slider.value);
    const overview = state.overview;
    mark(svg, below);
    slider.style.setProperty("--share", String(below));
    if (!overview) return;
    const found = under(overview.histogram, below);
    const sentence = `${counted(found.photos, "photo")}, ${fileSize(found.bytes)} score below ${below.toFixed(2)}`;
    words.replaceChildren(el("strong", { text: counted(found.photos, "photo") }), `, ${fileSize(found.bytes)} score below `, el("strong", { text: below.toFixed(2) }));
    slider.setAttribute("aria-valuetext", sentence);
  };
  slider.addEventListener("input", tell);
  slider.addEventListener("change", () => {
    clearTimeout(asking);
    asking = setTimeout(() => propose(Number(slider.value)), CALM);
  });
  on("overview", (overview) => {
    fill(svg, overview.histogram.counts);
    if (document.activeElement !== slider || Number(slider.value) === overview.below) slider.value = String(overview.below);
    tell();
  });
  return el("section", { class: "panel threshold" },
    el("label", { class: "panel-title", for: "below", text: "Propose photos below a score" }),
    el("div", { class: "bars-box" }, svg, slider),
    el("div", { class: "bars-scale", "aria-hidden": "true" }, el("span", { text: "0 bad" }), el("span", { text: "1 good" })),
    words, all);
}

/** @param {number} below */
async function propose(below) {
  if (below === state.overview?.below) return;
  try {
    setOverview(await post("/api/threshold", { below }));
    await questions.reset();
    say(`Photos below ${below.toFixed(2)} are proposed now. Your answers stay.`);
  } catch (error) {
    say(error instanceof Error ? error.message : String(error), "error");
  }
}

/** Ask, with the count, and then trash all open single photos below the slider's score. */
export async function selectBelow() {
  const overview = state.overview;
  if (!overview || document.querySelector("dialog.dialog[open]")) return;
  const below = Number(/** @type {HTMLInputElement} */ (document.getElementById("below")).value);
  if (below !== overview.below) await propose(below);
  const { folder, year, text } = questions.query;
  const filter = Object.fromEntries(Object.entries({ kind: "photo", state: "open", below, folder, year, text }).filter(([, value]) => value));
  const count = await countOf(filter);
  if (!count) {
    say(`No open photo scores below ${below.toFixed(2)}.`);
    return;
  }
  const where = folder || year || text ? " that the present filter shows" : "";
  const sure = await ask({
    title: `Mark ${counted(count, "photo")} for the trash?`,
    text: `All open single photos below ${below.toFixed(2)}${where}, also those that say “look first”. Groups and what you have answered stay as they are. Nothing moves yet, and one undo takes it back.`,
    ok: `Mark ${counted(count, "photo")}`,
    danger: true,
  });
  if (sure) await sweep(filter, count);
}
