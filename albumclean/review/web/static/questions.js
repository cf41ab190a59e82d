// The questions of the present filter and order, of which only the neighbourhood of what is seen is ever loaded.

import { get, isAbort } from "./api.js";
import { emit } from "./state.js";

/**
 * @typedef {{fact: string, value: any, threshold: any, text: string}} Reason
 * @typedef {{id: number, action: "keep" | "review" | "trash", path: string, name: string, folder: string, size: number,
 *   mos: number | null, aesthetic: number | null, degradations: Record<string, number>, reasons: Reason[], sentence: string, rule: string,
 *   width: number, height: number, format: string, photo_kind: string, taken_at: string | null, camera: string | null,
 *   companions: string[], edits: string[], albums: string[], untouchable: string | null, rating: number | null}} Photo
 * @typedef {"trash" | "keep" | "not-a-duplicate" | "skip"} Verdict
 * @typedef {{verdict: Verdict, going: number[], earlier: boolean}} Answer
 * @typedef {{id: number, kind: string, rule: string, keeper_reason: string, answer: Answer | null,
 *   members: Photo[]}} Question
 * @typedef {{sort: string, order: string, kind?: string, folder?: string, year?: string, state?: string,
 *   text?: string}} Query
 */

const PAGE = 60;
const REMEMBERED = 1500; // questions on either side of what is looked at; the rest is asked for again when needed

export class QuestionList {
  constructor() {
    /** @type {Query} */
    this.query = { sort: "score", order: "asc" };
    /** @type {number | null} null until the first page has come */
    this.total = null;
    /** @type {Question[]} sparse */
    this.items = [];
    /** @type {Map<number, Question>} */
    this.known = new Map();
    /** @type {Map<number, AbortController>} by first index */
    this.under_way = new Map();
    this.epoch = 0;
    /** The epoch of a reset whose first page has not come yet; -1: none. */
    this.renewing = -1;
    /** @type {() => Promise<unknown>} all answers given have reached the server */
    this.settled = async () => {};
  }

  /**
   * Ask anew, for example by another filter. What was loaded stays known by its id until it is seen again.
   * @param {Query} [query]
   */
  async reset(query = this.query) {
    this.query = { ...query };
    this.abandon();
    const epoch = this.epoch;
    this.renewing = epoch;
    emit("waiting", true);
    const first = await this.page(0).finally(() => emit("waiting", false));
    if (!first || epoch !== this.epoch) return;
    this.renewing = -1;
    this.items = [];
    this.known.clear();
    this.place(first);
    emit("list", { fresh: true });
  }

  /** Give up whatever is being loaded. */
  abandon() {
    this.epoch += 1;
    for (const controller of this.under_way.values()) controller.abort();
    this.under_way.clear();
  }

  /** @param {number} index */
  at(index) {
    return this.items[index];
  }

  /** @param {number} id */
  indexOf(id) {
    for (const index of Object.keys(this.items)) if (this.items[Number(index)].id === id) return Number(index);
    return -1;
  }

  /**
   * Have the questions from..to (to excluded) loaded; what was wanted before and lies far from there is given up.
   * @param {number} from
   * @param {number} to
   */
  need(from, to) {
    // The old list is seen until the new one comes, and far down in it the new one's first page would look far away.
    if (this.total === null || this.renewing === this.epoch) return;
    const end = Math.min(to, this.total);
    for (const [start, controller] of this.under_way) {
      if (start + PAGE < from - PAGE || start > end + PAGE) {
        controller.abort();
        this.under_way.delete(start);
      }
    }
    for (let start = Math.floor(Math.max(0, from) / PAGE) * PAGE; start < end; start += PAGE) {
      if (!this.has(start) && !this.under_way.has(start)) this.load(start);
    }
  }

  /**
   * The question there, loaded if it must be; undefined past the ends.
   * @param {number} index
   */
  async fetch(index) {
    if (this.total === null || index < 0 || index >= this.total) return undefined;
    if (!this.items[index]) await this.load(Math.floor(index / PAGE) * PAGE);
    return this.items[index];
  }

  /**
   * The next index from `from` on in a direction whose question fulfils the wish, loading as it goes; -1 if there is none.
   * @param {number} from
   * @param {1 | -1} step
   * @param {(question: Question) => boolean} wish
   */
  async seek(from, step, wish) {
    const epoch = this.epoch;
    for (let index = from; index >= 0 && index < (this.total ?? 0); index += step) {
      const question = this.items[index] ?? (await this.fetch(index));
      if (epoch !== this.epoch) return -1;
      if (question && wish(question)) return index;
    }
    return -1;
  }

  /**
   * What the server says of questions is true, whatever was thought of them.
   * @param {Question[]} changed
   */
  update(changed) {
    for (const told of changed) {
      const question = this.known.get(told.id);
      if (!question) continue;
      question.answer = told.answer;
      emit("question", question);
    }
  }

  /** Whether the filter looks at answers, so that an answer changes what the list holds. */
  get depends_on_answers() {
    return Boolean(this.query.state);
  }

  /**
   * Take out a question that no longer fulfils the filter; says whether it did so.
   * @param {Question} question
   */
  prune(question) {
    if (this.fulfils(question)) return false;
    const index = this.indexOf(question.id);
    if (index < 0) return false;
    const renewing = this.renewing === this.epoch;
    this.abandon(); // pages under way were counted with it
    this.items.splice(index, 1);
    this.total = Math.max(0, (this.total ?? 1) - 1);
    emit("list", { removed: index });
    if (renewing) this.reset();
    return true;
  }

  /** @param {Question} question */
  fulfils(question) {
    switch (this.query.state) {
      case "open": return question.answer === null;
      case "answered": return question.answer !== null;
      case "trash": case "keep": return question.answer?.verdict === this.query.state;
      default: return true;
    }
  }

  /** @param {number} start */
  has(start) {
    const end = Math.min(start + PAGE, this.total ?? 0);
    for (let index = start; index < end; index += 1) if (!this.items[index]) return false;
    return true;
  }

  /** @param {number} start */
  async load(start) {
    const epoch = this.epoch;
    const page = await this.page(start);
    if (!page || epoch !== this.epoch) return;
    this.place(page);
    emit("list", { from: start });
  }

  /** @param {number} start */
  async page(start) {
    const controller = new AbortController();
    this.under_way.set(start, controller);
    try {
      if (this.depends_on_answers) await this.settled();
      return await get("/api/questions", { offset: start, limit: PAGE, ...this.query }, controller.signal);
    } catch (error) {
      if (isAbort(error)) return null;
      throw error;
    } finally {
      if (this.under_way.get(start) === controller) this.under_way.delete(start);
    }
  }

  /** @param {{total: number, offset: number, questions: Question[]}} page */
  place(page) {
    this.total = page.total;
    page.questions.forEach((told, place) => {
      // The same object as before, so that what was answered meanwhile and what is on the screen stay one.
      const question = this.known.get(told.id) ?? told;
      this.known.set(question.id, question);
      this.items[page.offset + place] = question;
    });
    this.forget_far_from(page.offset);
  }

  /** @param {number} centre */
  forget_far_from(centre) {
    if (this.known.size <= 2 * REMEMBERED) return;
    for (const key of Object.keys(this.items)) {
      const index = Number(key);
      if (Math.abs(index - centre) <= REMEMBERED) continue;
      this.known.delete(this.items[index].id);
      delete this.items[index];
    }
  }
}

export const questions = new QuestionList();
