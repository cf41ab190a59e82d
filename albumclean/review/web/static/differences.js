// How the members of a group differ, in a few words each: what a person would compare.

import { fileSize, score, span } from "./words.js";

/**
 * @typedef {import("./questions.js").Photo} Photo
 * @typedef {{text: string, sign: "up" | "down" | "equal", title: string}} Difference
 */

const CLEAR = 0.12; // of a severity
const CLEAR_SCORE = 0.03;
const MOST = 4;

/**
 * What sets a member apart from the one that would stay; for that one, what it is first in.
 * @param {Photo[]} members the keeper first
 * @param {Photo} photo
 * @returns {Difference[]}
 */
export function differences(members, photo) {
  const keeper = members[0];
  if (photo.id !== keeper.id) return beside(photo, keeper).slice(0, MOST);
  const found = members.slice(1).map((other) => beside(keeper, other).filter((one) => one.sign === "up").map((one) => one.text));
  const firsts = found[0]?.filter((text) => found.every((texts) => texts.includes(text))) ?? [];
  return firsts.slice(0, MOST).map((text) => ({ text: FIRSTS[text] ?? text, sign: "up", title: "Among all of this group" }));
}

const FIRSTS = /** @type {Record<string, string>} */ ({
  "more pixels": "most pixels", "larger file": "largest file", "better score": "best score", sharper: "sharpest",
  "steadier": "steadiest", "less noise": "least noise", "less compressed": "least compressed", "better exposed": "best exposed",
});

/**
 * @param {Photo} photo
 * @param {Photo} other
 * @returns {Difference[]}
 */
function beside(photo, other) {
  /** @type {Difference[]} */
  const found = [];
  const add = (/** @type {boolean | null} */ better, /** @type {string} */ up, /** @type {string} */ down, /** @type {string} */ title) => {
    if (better !== null) found.push({ text: better ? up : down, sign: better ? "up" : "down", title });
  };
  const pixels = (/** @type {Photo} */ one) => one.width * one.height;
  const sides = (/** @type {Photo} */ one) => `${one.width} × ${one.height}`;
  if (photo.width && other.width) {
    add(differ(pixels(photo), pixels(other), 0.02 * pixels(other)), "more pixels", "fewer pixels", `${sides(photo)}, beside ${sides(other)}`);
  }
  const less = (/** @type {string} */ name) => differ(other.degradations[name], photo.degradations[name], CLEAR);
  const values = (/** @type {string} */ name) => `${score(photo.degradations[name])}, beside ${score(other.degradations[name])}`;
  add(less("defocus"), "sharper", "softer", `Out of focus: ${values("defocus")}`);
  add(less("motion"), "steadier", "more motion blur", `Motion blur: ${values("motion")}`);
  add(less("noise"), "less noise", "more noise", `Noise: ${values("noise")}`);
  add(less("compression"), "less compressed", "more compressed", `Compression: ${values("compression")}`);
  const worst = (/** @type {Photo} */ one) => Math.max(one.degradations.underexposure ?? 0, one.degradations.overexposure ?? 0);
  add(differ(worst(other), worst(photo), CLEAR), "better exposed", "worse exposed", `${score(worst(photo))}, beside ${score(worst(other))}`);
  add(differ(photo.mos, other.mos, CLEAR_SCORE), "better score", "lower score", `${score(photo.mos)}, beside ${score(other.mos)}`);
  add(differ(photo.size, other.size, 0.03 * other.size), "larger file", "smaller file", `${fileSize(photo.size)}, beside ${fileSize(other.size)}`);
  const apart = photo.taken_at && other.taken_at ? (Date.parse(photo.taken_at) - Date.parse(other.taken_at)) / 1000 : 0;
  if (Math.abs(apart) >= 0.1) found.push({ text: `${span(Math.abs(apart))} ${apart < 0 ? "earlier" : "later"}`, sign: "equal", title: "By the camera's clock" });
  else if (!photo.taken_at && other.taken_at) found.push({ text: "no capture time", sign: "down", title: "The file does not say when it was taken" });
  if (photo.format !== other.format) found.push({ text: photo.format ?? "unknown format", sign: "equal", title: `Beside ${other.format}` });
  return found;
}

/**
 * Whether the first is clearly larger (true) or smaller (false); null if neither, or if one is not known.
 * @param {number | null | undefined} one
 * @param {number | null | undefined} other
 * @param {number} least
 */
function differ(one, other, least) {
  if (one === null || one === undefined || other === null || other === undefined) return null;
  if (Math.abs(one - other) <= least) return null;
  return one > other;
}
