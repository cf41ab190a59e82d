// The end, in whatever way it comes, always with the sentence that says what became of the answers.

import { post } from "./api.js";
import { byId, el, icon } from "./dom.js";
import { stop } from "./loading.js";
import { setPhase, show } from "./views.js";

const ENDS = /** @type {Record<string, {title: string, lines: string[], icon: string}>} */ ({
  lost: { title: "The review has ended", icon: "info", lines: ["Your answers are remembered.", "To go on, run albumclean review again."] },
  later: { title: "Nothing was moved", icon: "keep", lines: ["Your answers are remembered. Run albumclean review again to go on with them, and to move what you chose.", "You can close this tab."] },
  done: { title: "Done", icon: "keep", lines: ["To bring something back later, run albumclean undo or albumclean history.", "You can close this tab."] },
});

let ended = false;

/**
 * The last thing that the page shows.
 * @param {"lost" | "later" | "done"} how
 */
export function showEnd(how) {
  if (ended) return; // that the server is silent afterwards is no news
  ended = true;
  stop();
  setPhase("ended");
  for (const dialog of document.querySelectorAll("dialog")) dialog.close();
  const { title, lines, icon: sign } = ENDS[how];
  byId("view-ended").replaceChildren(el("div", { class: "lone-box", role: "alert" },
    icon(sign), el("h1", { text: title }), ...lines.map((line) => el("p", { text: line }))));
  show("ended");
  byId("view-ended").focus();
  document.title = `${title} · albumclean`;
}

/**
 * @param {"later" | "done"} how
 * @param {boolean} [tell] whether the server is still to be told
 */
export async function leaveFor(how, tell = true) {
  if (tell) await post("/api/end").catch(() => {});
  showEnd(how);
}
