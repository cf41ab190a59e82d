// All that is known of one photo, for the panel beside the picture.

import { el, icon, pathText } from "./dom.js";
import { state } from "./state.js";
import { baseName, capital, DEGRADATIONS, fileSize, grouped, score, severity, takenAt } from "./words.js";

/** Kinds that are worth a word, as `photo_kind` names them. @type {Record<string, string>} */
const KINDS = { screenshot: "a screenshot", document: "a document", graphic: "a graphic", scan: "a scanned photo" };

/**
 * @param {import("./questions.js").Photo} photo
 * @param {{map: boolean}} shown
 * @returns {Node[]}
 */
export function facts(photo, shown) {
  return [
    el("h2", { class: "inspector-name" }, el("bdi", { text: photo.name })),
    photo.untouchable && el("p", { class: "inspector-lock" }, icon("lock"), el("span", { text: `Stays: it ${photo.untouchable}.` })),
    gauge(photo),
    photo.action === "review" && el("p", { class: "inspector-look" }, icon("look"), el("span", { text: "Look first: albumclean is not sure." })),
    el("p", { class: "inspector-sentence", testid: "sentence", text: photo.sentence }),
    reasons(photo),
    shown.map && legend(),
    degradations(photo),
    table(photo),
  ].filter((node) => node instanceof Node);
}

/** @param {import("./questions.js").Photo} photo */
function gauge(photo) {
  if (photo.mos === null) return el("p", { class: "gauge-none", text: "This photo has no score." });
  const bar = el("div", { class: "gauge-bar" }, el("span", { class: "gauge-mark" }), el("span", { class: "gauge-needle" }));
  bar.style.setProperty("--score", String(photo.mos));
  bar.style.setProperty("--below", String(state.overview?.below ?? 0));
  return el("div", { class: "gauge" },
    el("span", { class: "gauge-value" }, el("strong", { text: score(photo.mos) }), el("span", { text: " of 1" })),
    bar);
}

/** @param {import("./questions.js").Photo} photo */
function reasons(photo) {
  if (!photo.reasons.length) return null;
  return el("ul", { class: "inspector-reasons", testid: "reasons", "aria-label": "Reasons" },
    ...photo.reasons.map((reason) => el("li", { text: `${capital(reason.text)}.` })));
}

/** @param {import("./questions.js").Photo} photo */
function degradations(photo) {
  const known = Object.entries(DEGRADATIONS).filter(([name]) => photo.degradations[name] !== undefined);
  if (!known.length) return null;
  return el("section", { class: "inspector-part" },
    el("h3", { text: "What is wrong with it" }),
    el("ul", { class: "bars-list", testid: "degradations" }, ...known.map(([name, text]) => {
      const value = photo.degradations[name];
      const fill = el("span", { class: "bar-fill" });
      fill.style.transform = `scaleX(${Math.max(0, Math.min(1, value))})`;
      return el("li", { class: value >= 0.3 ? "bar is-clear" : "bar" },
        el("span", { class: "bar-name", text: capital(text) }),
        el("span", { class: "bar-track", "aria-hidden": "true" }, fill),
        el("span", { class: "bar-word", title: value.toFixed(2), text: severity(value) }));
    })));
}

/** @param {import("./questions.js").Photo} photo */
function table(photo) {
  const others = photo.companions.map(baseName).filter((name) => !photo.edits.includes(name));
  const rows = /** @type {[string, string | null][]} */ ([
    ["Taken", photo.taken_at ? takenAt(photo.taken_at) : "not known"],
    ["Camera", photo.camera],
    ["Kind", KINDS[photo.photo_kind] ?? null],
    ["Beauty", photo.aesthetic === null ? null : `${score(photo.aesthetic)} of 1, by the scorer you chose`],
    ["Pixels", photo.width ? `${grouped(photo.width)} × ${grouped(photo.height)} (${((photo.width * photo.height) / 1e6).toFixed(1)} MP)` : null],
    ["File", [photo.format, fileSize(photo.size)].filter(Boolean).join(", ")],
    ["Rating", photo.rating === null || photo.rating === undefined ? null : `${photo.rating} of 5`],
    ["Your edit", photo.edits.length ? `${photo.edits.join(", ")}, which goes with it` : null],
    ["Goes with it", others.length ? others.join(", ") : null],
    ["In the album", photo.albums.length ? photo.albums.join(", ") : null],
    ["Folder", photo.folder],
  ]);
  return el("dl", { class: "facts", testid: "facts" }, ...rows.filter(([, value]) => value).map(([name, value]) =>
    el("div", {}, el("dt", { text: name }), el("dd", {}, pathText(String(value))))));
}

function legend() {
  return el("p", { class: "map-legend" },
    el("span", { class: "map-swatch is-good", "aria-hidden": "true" }), el("span", { text: "blue: good" }),
    el("span", { class: "map-swatch is-bad", "aria-hidden": "true" }), el("span", { text: "orange: bad" }));
}
