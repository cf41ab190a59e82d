// The line on top: what is reviewed, how far it is, and what would go by now.

import { byId, el } from "./dom.js";
import { on, state } from "./state.js";
import { counted, fileSize, grouped } from "./words.js";

export function setUpTopbar() {
  on("chosen", tell);
  on("overview", tell);
}

function tell() {
  const overview = state.overview;
  if (!overview) return;
  byId("title").textContent = overview.title || `${grouped(overview.library.photos)} photos`;
  byId("title").title = overview.title ?? "";
  const done = state.total - state.open;
  const answered = byId("answered");
  answered.dataset.answered = String(done);
  answered.dataset.total = String(state.total);
  const words = answered.querySelector(".top-progress-text");
  if (words) words.replaceChildren(el("strong", { text: grouped(done) }), ` of ${grouped(state.total)} answered`);
  const meter = /** @type {HTMLProgressElement} */ (answered.querySelector("progress"));
  meter.max = Math.max(1, state.total);
  meter.value = done;
  const total = byId("total");
  const { photos, bytes } = state.chosen;
  total.dataset.photos = String(photos);
  total.dataset.bytes = String(bytes);
  total.classList.toggle("is-none", photos === 0);
  total.replaceChildren(
    el("span", { class: "total-what", text: "To the trash" }), " ",
    el("strong", { text: counted(photos, "photo") }), " ", el("span", { class: "total-size", text: fileSize(bytes) }),
  );
  document.title = `${grouped(done)} of ${grouped(state.total)} · Review · albumclean`;
}
