// What an answer means for the photos of a question, and what the user has toggled before answering.

import { emit } from "./state.js";

/**
 * @typedef {import("./questions.js").Question} Question
 * @typedef {import("./questions.js").Photo} Photo
 * @typedef {import("./questions.js").Verdict} Verdict
 */

/** How each verdict is shown: by words, an icon and (through its class) a colour. */
export const VERDICTS = /** @type {Record<Verdict, {text: string, icon: string, done: string}>} */ ({
  trash: { text: "Trash", icon: "trash", done: "Marked for the trash" },
  keep: { text: "Keep", icon: "keep", done: "Kept" },
  "not-a-duplicate": { text: "Not duplicates", icon: "distinct", done: "Remembered as not duplicates" },
  skip: { text: "Skipped", icon: "skip", done: "Skipped" },
});

/** @type {Map<number, Set<number>>} question -> ids of the members that would go */
const drafts = new Map();

/** @param {Question} question */
export const isGroup = (question) => question.kind !== "photo";

/**
 * The members that go if the user says "trash" now: as answered, else as toggled, else as proposed.
 * @param {Question} question
 * @returns {Set<number>}
 */
export function going(question) {
  if (question.answer?.verdict === "trash") return new Set(question.answer.going);
  if (question.answer?.verdict === "keep" || question.answer?.verdict === "not-a-duplicate") return new Set();
  return drafted(question);
}

/** @param {Question} question */
export function drafted(question) {
  return drafts.get(question.id) ?? proposed(question);
}

/** @param {Question} question */
function proposed(question) {
  if (!isGroup(question)) return new Set([question.members[0].id]);
  const go = question.members.filter((photo, place) => place > 0 && photo.action !== "keep" && !photo.untouchable);
  return new Set(go.map((photo) => photo.id));
}

/**
 * Change what would go. The reason why not, as a sentence, or an empty text if it was done.
 * @param {Question} question
 * @param {Photo} photo
 */
export function toggle(question, photo) {
  if (photo.untouchable) return `${photo.name} stays: it ${photo.untouchable}.`;
  const go = new Set(question.answer?.verdict === "skip" || !question.answer ? drafted(question) : going(question));
  if (go.has(photo.id)) {
    go.delete(photo.id);
  } else {
    if (go.size + 1 >= question.members.length) return `${photo.name} stays: at least one photo of a group always does.`;
    go.add(photo.id);
  }
  drafts.set(question.id, go);
  emit("draft", question);
  return "";
}

/** @param {Question} question */
export function forgetDraft(question) {
  drafts.delete(question.id);
}

/**
 * The answer as the server will put it.
 * @param {Question} question
 * @param {Verdict} verdict
 * @param {Set<number>} go
 */
export function answerOf(question, verdict, go) {
  const ids = verdict === "trash" ? question.members.filter((photo) => go.has(photo.id)).map((photo) => photo.id) : [];
  return { verdict, going: ids, earlier: false };
}

/**
 * How many bytes and photos an answer sends to the trash.
 * @param {Question} question
 * @param {import("./questions.js").Answer | null} answer
 */
export function weight(question, answer) {
  const go = new Set(answer?.going ?? []);
  const photos = question.members.filter((photo) => go.has(photo.id));
  return { photos: photos.length, bytes: photos.reduce((sum, photo) => sum + photo.size, 0) };
}
