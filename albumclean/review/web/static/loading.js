// A browser talks to a server through six connections at most. Pictures get five of them, so that an answer never waits
// behind pictures; and what has left the screen before its turn is never asked for.

/** How many are on their way at once: small ones from the store, and large ones, which take the server a while. */
const AT_ONCE = { small: 3, large: 2 };

/**
 * @typedef {keyof typeof AT_ONCE} Lane
 * @typedef {{image: HTMLImageElement, source: string, later: boolean, done: () => void, failed: () => void}} Job
 */

/** @type {Record<Lane, Job[]>} */
const waiting = { small: [], large: [] };
/** @type {Record<Lane, number>} */
const busy = { small: 0, large: 0 };
/** What gives a picture up that is on its way. @type {Map<HTMLImageElement, () => void>} */
const coming = new Map();
let stopped = false;

/**
 * Load and decode a picture when it is its turn; rejected if it can't be had or was dropped.
 * @param {HTMLImageElement} image
 * @param {string} source
 * @param {Lane} lane
 * @param {"first" | "in turn" | "later"} [when] before or after all others that wait
 * @returns {Promise<void>}
 */
export function load(image, source, lane, when = "in turn") {
  return new Promise((resolve, reject) => {
    const job = { image, source, later: when === "later", done: resolve, failed: () => reject(new Error("no picture")) };
    if (stopped) job.failed();
    else if (when === "first") waiting[lane].unshift(job);
    else waiting[lane].push(job);
    next(lane);
  });
}

/**
 * Give a picture up, whether it waits, is on its way, or is there.
 * @param {HTMLImageElement} image
 */
export function drop(image) {
  for (const jobs of Object.values(waiting)) {
    const at = jobs.findIndex((job) => job.image === image);
    if (at >= 0) jobs.splice(at, 1)[0].failed();
  }
  image.removeAttribute("src");
  coming.get(image)?.(); // what `decode` promised is never kept in Chromium once the source is gone
}

/** Ask for no more: nobody is there to answer. */
export function stop() {
  for (const jobs of Object.values(waiting)) for (const job of jobs.splice(0)) job.failed();
  stopped = true;
}

/** @param {Lane} lane */
function next(lane) {
  const jobs = waiting[lane];
  while (busy[lane] < AT_ONCE[lane] && jobs.length) {
    const at = jobs.findIndex((job) => !job.later);
    if (at < 0 && busy[lane] > 0) return; // what can wait does so until it is quiet
    const [job] = jobs.splice(Math.max(0, at), 1);
    busy[lane] += 1;
    const end = (/** @type {() => void} */ settle) => {
      if (!coming.delete(job.image)) return; // has been given up
      busy[lane] -= 1;
      settle();
      next(lane);
    };
    coming.set(job.image, () => end(job.failed));
    job.image.src = job.source;
    job.image.decode().then(() => end(job.done), () => end(job.failed));
  }
}
