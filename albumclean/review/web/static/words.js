// Numbers, times and names in words for people; the same words as on the command line.

/** @param {number} count bytes */
export function fileSize(count) {
  if (count < 1000) return count === 1 ? "1 byte" : `${count} bytes`;
  let size = count / 1000;
  let unit = "kB";
  for (const larger of ["MB", "GB", "TB"]) {
    if (size < 999.5) break;
    size /= 1000;
    unit = larger;
  }
  return `${size < 99.95 ? size.toFixed(1) : size.toFixed(0)} ${unit}`;
}

/** @param {number} count */
export const grouped = (count) => count.toLocaleString("en-US");

/**
 * "1 photo", "12,345 photos".
 * @param {number} count
 * @param {string} noun
 * @param {string} [plural]
 */
export function counted(count, noun, plural) {
  return `${grouped(count)} ${count === 1 ? noun : (plural ?? `${noun}s`)}`;
}

/** @param {number | null | undefined} mos in [0, 1] */
export const score = (mos) => (mos === null || mos === undefined ? "–" : mos.toFixed(2));

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/**
 * The camera's clock as it stood, no time zone: "6 May 2024, 07:08:09".
 * @param {string} taken "2024-05-06T07:08:09[.fff]"
 */
export function takenAt(taken) {
  const parts = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d:\d\d(?::\d\d)?)/.exec(taken);
  if (!parts) return taken;
  return `${Number(parts[3])} ${MONTHS[Number(parts[2]) - 1]} ${parts[1]}, ${parts[4]}`;
}

/**
 * A moment of the history, in the time zone of the person who looks.
 * @param {string | number | null} moment ISO 8601, or seconds since the epoch
 */
export function momentText(moment) {
  if (moment === null || moment === undefined) return "";
  const date = new Date(typeof moment === "number" ? moment * 1000 : moment);
  if (Number.isNaN(date.getTime())) return String(moment);
  return date.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}

/**
 * How far apart two captures are: "3 s", "5 min", "2 h", "4 days".
 * @param {number} seconds
 */
export function span(seconds) {
  if (seconds < 1) return `${seconds.toFixed(1)} s`;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 129600) return `${Math.round(seconds / 3600)} h`;
  return counted(Math.round(seconds / 86400), "day");
}

/** What can be wrong with a photo, in the order in which it is told. */
export const DEGRADATIONS = /** @type {const} */ ({
  defocus: "out of focus",
  motion: "motion blur",
  noise: "noise",
  compression: "compression",
  underexposure: "under-exposed",
  overexposure: "over-exposed",
});

/** @param {number} severity in [0, 1] */
export function severity(severity) {
  if (severity < 0.1) return "none";
  if (severity < 0.3) return "slight";
  if (severity < 0.55) return "clear";
  if (severity < 0.8) return "strong";
  return "severe";
}

/** Kinds of questions: their name for one, for many, and their icon. */
export const KINDS = /** @type {Record<string, {one: string, many: string, icon: string}>} */ ({
  photo: { one: "single photo", many: "Single photos", icon: "mark" },
  exact: { one: "exact copies", many: "Exact copies", icon: "exact" },
  derived: { one: "resized or edited copies", many: "Resized or edited copies", icon: "derived" },
  moment: { one: "shots of one moment", many: "Shots of one moment", icon: "moment" },
});

/**
 * What a group is called: "3 exact copies".
 * @param {import("./questions.js").Question} question
 */
export function groupName(question) {
  return `${question.members.length} ${(KINDS[question.kind] ?? KINDS.derived).one}`;
}

/** @param {string} text */
export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/**
 * The last part of a path, of either kind of system.
 * @param {string} path
 */
export const baseName = (path) => path.split(/[\\/]/).pop() || path;
