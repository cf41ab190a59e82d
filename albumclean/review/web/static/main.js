// The beginning: every part is set up, the first facts are asked for, and the keys are given their meanings.

import { undo } from "./answers.js";
import { get, onEnded, post } from "./api.js";
import { detail, setUpDetail } from "./detail.js";
import { button, byId, el } from "./dom.js";
import { showEnd } from "./ending.js";
import { focusText, setUpFilters } from "./filters.js";
import { setUpFinish } from "./finish.js";
import { grid, setUpGrid } from "./grid.js";
import { showHelp } from "./help.js";
import { setUpHistory } from "./history.js";
import { bind } from "./keys.js";
import { setUpMoving } from "./moving.js";
import { questions } from "./questions.js";
import { on, say, setOverview } from "./state.js";
import { setUpTheme } from "./theme.js";
import { selectBelow } from "./threshold.js";
import { setUpTopbar } from "./topbar.js";
import { back, go, register, route, setPhase, view } from "./views.js";
import { counted } from "./words.js";

const GRID = ["grid"];
const CLOSE = ["detail"];
const BOTH = ["grid", "detail"];

const openFinish = () => { if (view() !== "finish") go("finish"); };
const openHistory = () => { if (view() !== "history") go("history"); };

async function takeBack() {
  if (view() === "detail") {
    await detail.undo();
    return;
  }
  const [first] = await undo();
  const index = first ? questions.indexOf(first.id) : -1;
  if (index >= 0 && view() === "grid") grid.focus(index);
}

/** @param {import("./questions.js").Verdict} verdict */
function giveAnswer(verdict) {
  if (view() === "detail") detail.answer(verdict);
  else grid.answer(verdict);
}

function bindKeys() {
  const arrows = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"];
  const answers = "Answer, and go on to the next";
  bind({ keys: ["t"], views: BOTH, section: answers, text: "Trash (in a group: what is marked)", run: () => giveAnswer("trash") });
  bind({ keys: ["k"], views: BOTH, section: answers, text: "Keep (in a group: all)", run: () => giveAnswer("keep") });
  bind({ keys: ["n"], views: BOTH, section: answers, text: "Not duplicates", run: () => giveAnswer("not-a-duplicate") });
  bind({ keys: ["s"], views: BOTH, section: answers, text: "Skip: ask again next time", run: () => giveAnswer("skip") });
  bind({ keys: ["u", "Control+z"], views: BOTH, section: answers, text: "Undo the last answer", run: () => { takeBack(); } });
  bind({ keys: [..."123456789"], shown: "1|…|9", views: CLOSE, section: answers, text: "In a group: let this photo go or stay", run: (event) => detail.digit(event.key) });
  bind({ keys: ["a"], views: GRID, section: answers, text: "Trash all photos below the score (asks first)", run: () => { selectBelow(); } });

  const looks = "Look closely";
  bind({ keys: ["z"], views: CLOSE, section: looks, text: "100 %, or the whole picture", run: () => detail.zoomToggle() });
  bind({ keys: ["+", "="], shown: "+", views: CLOSE, section: looks, text: "Larger", run: () => detail.zoom(1.5) });
  bind({ keys: ["-"], shown: "−", views: CLOSE, section: looks, text: "Smaller", run: () => detail.zoom(1 / 1.5) });
  bind({ keys: ["0"], views: CLOSE, section: looks, text: "Whole picture", run: () => detail.zoomFit() });
  bind({ keys: [], shown: "1", views: CLOSE, section: looks, text: "A single photo at 100 %", run: () => {} });
  bind({ keys: ["m"], views: CLOSE, section: looks, text: "Quality map", run: () => detail.map() });

  const moves = "Move around";
  bind({ keys: arrows, shown: "←|→|↑|↓", views: GRID, section: moves, text: "From card to card, from photo to photo", run: (event) => grid.move(event) });
  bind({ keys: arrows, views: CLOSE, section: moves, text: "From card to card, from photo to photo", run: (event) => detail.arrow(event) });
  bind({ keys: ["Home", "End", "PageUp", "PageDown"], views: GRID, section: moves, text: "First, last, a screen up or down", run: (event) => grid.move(event) });
  bind({ keys: ["Home", "End"], views: CLOSE, section: moves, text: "First, last, a screen up or down", run: (event) => detail.arrow(event) });
  bind({ keys: ["Enter", " "], views: GRID, section: moves, text: "Look closer", run: () => grid.open() });
  bind({ keys: ["]", "PageDown"], views: CLOSE, section: moves, text: "Next question", run: () => { detail.step(1); } });
  bind({ keys: ["[", "PageUp"], views: CLOSE, section: moves, text: "Question before", run: () => { detail.step(-1); } });
  bind({ keys: ["g", "]"], shown: "G", views: GRID, section: moves, text: "Next group", run: () => { grid.group(1); } });
  bind({ keys: ["G", "["], views: GRID, shown: "Shift+G", section: moves, text: "Group before", run: () => { grid.group(-1); } });
  bind({ keys: ["g"], views: CLOSE, section: moves, text: "Next group", run: () => { detail.group(1); } });
  bind({ keys: ["G"], views: CLOSE, section: moves, text: "Group before", run: () => { detail.group(-1); } });
  bind({ keys: ["Escape"], views: ["detail", "finish", "history"], section: moves, text: "Back", run: back });
  bind({ keys: ["f", "/"], views: GRID, section: moves, text: "Filter by name", run: focusText });
  bind({ keys: ["Shift+Enter"], views: BOTH, section: moves, text: "Finish…: see what would move", run: openFinish });
  bind({ keys: ["h"], views: [...BOTH, "result"], section: moves, text: "History", run: openHistory });
  bind({ keys: ["?"], views: [...BOTH, "finish", "history", "result"], section: moves, text: "These keys", run: showHelp });
}

/** What earlier reviews have left, in a line above the grid. */
function setUpStrip() {
  on("overview", (overview) => {
    const strip = byId("strip");
    strip.hidden = !overview.carried_over;
    strip.replaceChildren(
      el("span", { text: `${counted(overview.carried_over, "photo")} ${overview.carried_over === 1 ? "is" : "are"} still marked for the trash from an earlier review.` }),
      button({ text: "Ask me again", class: "tool", testid: "forget", press: forget }));
  });
}

async function forget() {
  try {
    setOverview(await post("/api/forget"));
    await questions.reset();
    say("The marks of earlier reviews are gone; these questions are open again.");
  } catch (error) {
    say(error instanceof Error ? error.message : String(error), "error");
  }
}

async function start() {
  onEnded(() => showEnd("lost"));
  setUpTheme(byId("theme"));
  setUpTopbar();
  setUpStrip();
  setUpFilters();
  setUpGrid();
  setUpDetail();
  setUpFinish();
  setUpMoving();
  setUpHistory();
  register("grid", { enter: () => { if (document.activeElement === document.body) grid.focus(); } });
  bindKeys();
  byId("undo").addEventListener("click", () => { takeBack(); });
  byId("help-open").addEventListener("click", showHelp);
  byId("history-open").addEventListener("click", openHistory);
  byId("finish-open").addEventListener("click", openFinish);
  try {
    const overview = get("/api/overview");
    const first = questions.reset().catch(() => {}); // no questions are told while photos move
    setOverview(await overview);
    setPhase((await overview).phase);
    await first;
    if ((await overview).phase === "ended") showEnd("lost");
    else route();
  } catch (error) {
    say(error instanceof Error ? error.message : String(error), "error");
  }
}

start();
