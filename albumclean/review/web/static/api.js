// The one place that talks to the server: JSON in and out, and one kind of error, whose message is for people.

import { setPending } from "./state.js";

/** What the server (or its silence) had to say. */
export class Refusal extends Error {
  /**
   * @param {string} message
   * @param {number} status HTTP status; 0: the server does not answer any more
   */
  constructor(message, status) {
    super(message);
    this.name = "Refusal";
    this.status = status;
  }

  /** Whether the review is over, rather than one request refused. */
  get ended() {
    return this.status === 0;
  }
}

const TOKEN = /** @type {HTMLMetaElement | null} */ (document.querySelector('meta[name="albumclean-csrf"]'))?.content ?? "";
let leaving = false;
addEventListener("pagehide", () => { leaving = true; });
addEventListener("pageshow", () => { leaving = false; });

/** @type {(refusal: Refusal) => void} */
let whenEnded = () => {};

/**
 * Say what is to happen once the server does not answer any more.
 * @param {(refusal: Refusal) => void} action
 */
export function onEnded(action) {
  whenEnded = action;
}

/**
 * @param {string} path
 * @param {Record<string, string | number | null | undefined>} [query] empty values are left out
 * @param {AbortSignal} [signal]
 * @returns {Promise<any>}
 */
export function get(path, query = {}, signal) {
  const wanted = Object.entries(query).filter(([, value]) => value !== "" && value !== null && value !== undefined);
  const search = new URLSearchParams(wanted.map(([name, value]) => [name, String(value)])).toString();
  return request(search ? `${path}?${search}` : path, { signal });
}

/**
 * @param {string} path
 * @param {unknown} [body]
 * @returns {Promise<any>}
 */
export async function post(path, body = {}) {
  setPending(1);
  try {
    return await request(path, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Albumclean-CSRF": TOKEN },
      body: JSON.stringify(body),
      keepalive: true, // the last answer before the tab is closed still arrives
    });
  } finally {
    setPending(-1);
  }
}

/**
 * @param {string} address
 * @param {RequestInit} options
 */
async function request(address, options) {
  let answer;
  try {
    answer = await (early(address) ?? fetch(address, { credentials: "same-origin", cache: "no-store", ...options }));
  } catch (error) {
    if (options.signal?.aborted || leaving) throw new DOMException("given up", "AbortError");
    const refusal = new Refusal("The review has ended.", 0);
    whenEnded(refusal);
    throw refusal;
  }
  const told = await answer.json().catch(() => ({}));
  if (options.signal?.aborted) throw new DOMException("given up", "AbortError");
  if (!answer.ok) throw new Refusal(told.error ?? `The request was refused (${answer.status}).`, answer.status);
  return told;
}

/**
 * A request that early.js has made already; each serves once.
 * @param {string} address
 * @returns {Promise<Response> | undefined}
 */
function early(address) {
  const known = /** @type {{albumcleanEarly?: Map<string, Promise<Response>>}} */ (globalThis).albumcleanEarly;
  const found = known?.get(address);
  known?.delete(address);
  return found;
}

/** @param {unknown} error */
export const isAbort = (error) => error instanceof DOMException && error.name === "AbortError";

/**
 * Where a picture of a photo comes from.
 * @param {number} id
 * @param {"thumb" | "view" | "full" | "map"} kind
 */
export const picture = (id, kind) => `/photo/${id}/${kind}`;
