// Answers, shown at once and sent one after the other; put right where the server says otherwise.

import { get, post, Refusal } from "./api.js";
import { questions } from "./questions.js";
import { changeOpen, emit, say, setChosen, state } from "./state.js";
import { answerOf, drafted, forgetDraft, going, isGroup, VERDICTS, weight } from "./verdicts.js";
import { counted } from "./words.js";

/**
 * @typedef {import("./questions.js").Question} Question
 * @typedef {import("./questions.js").Answer} Answer
 * @typedef {import("./questions.js").Verdict} Verdict
 */

/** @type {Promise<unknown>} */
let tail = Promise.resolve();
let waiting = 0;

/** @type {{question: Question, before: Answer | null, refused: boolean}[]} this page's own answers, the latest last */
const steps = [];

questions.settled = () => tail;

/**
 * Answer a question: the effect is seen at once. Resolves when the server has agreed or the answer was put back.
 * @param {Question} question
 * @param {Verdict} verdict
 */
export function answer(question, verdict) {
  const go = question.answer?.verdict === "trash" ? going(question) : drafted(question);
  if (verdict === "trash" && go.size === 0) verdict = "keep";
  if (verdict === "not-a-duplicate" && !isGroup(question)) {
    say("A single photo has no duplicates to tell apart.");
    return Promise.resolve();
  }
  return give(question, answerOf(question, verdict, go));
}

/**
 * Send what the user has toggled in a group that was answered before.
 * @param {Question} question
 */
export function amend(question) {
  const go = drafted(question);
  return give(question, answerOf(question, go.size ? "trash" : "keep", go));
}

/**
 * @param {Question} question
 * @param {Answer} wanted
 */
function give(question, wanted) {
  const before = question.answer;
  const keep = question.members.map((photo) => photo.id).filter((id) => !wanted.going.includes(id));
  apply(question, wanted);
  const step = { question, before, refused: false };
  steps.push(step);
  say(sentence(question, wanted));
  return enqueue(async () => {
    try {
      const body = { ids: [question.id], verdict: wanted.verdict };
      agree(await post("/api/answers", wanted.verdict === "trash" && isGroup(question) ? { ...body, keep } : body));
    } catch (error) {
      if (question.answer === wanted) apply(question, before);
      step.refused = true;
      const at = steps.indexOf(step);
      if (at >= 0) steps.splice(at, 1);
      throw error;
    }
  });
}

/**
 * How many questions a sweep would answer.
 * @param {Record<string, any>} filter
 * @returns {Promise<number>}
 */
export async function countOf(filter) {
  await tail;
  return (await get("/api/questions", { ...filter, offset: 0, limit: 1 })).total;
}

/**
 * Trash all questions of a filter in one step, which one undo takes back.
 * @param {Record<string, any>} filter
 * @param {number} count how many the user was told; the server refuses if it is another number now
 */
export async function sweep(filter, count) {
  let unseen = false;
  await enqueue(async () => {
    const told = await post("/api/answers", { filter, verdict: "trash", count });
    steps.length = 0; // what a sweep has replaced only the server knows
    agree(told);
    changeOpen(-told.count);
    unseen = told.count > told.changed.length;
    say(`Marked ${counted(told.count, "photo")} for the trash. One undo takes that back.`);
  });
  await look(unseen);
}

/**
 * Ask for the questions again where more has changed than was told. Never from within the queue: it would wait for itself.
 * @param {boolean} unseen
 */
async function look(unseen) {
  if (unseen || questions.depends_on_answers) await questions.reset();
}

/** Take back the last answer or sweep; resolves with the questions that it was about. */
export async function undo() {
  const step = steps.pop();
  if (step) apply(step.question, step.before);
  /** @type {Question[]} */
  let changed = [];
  let unseen = false;
  await enqueue(async () => {
    if (step?.refused) return; // it never was an answer
    const told = await post("/api/undo");
    changed = told.changed;
    agree(told);
    if (!step) changeOpen(told.count - changed.filter((question) => question.answer).length);
    unseen = told.count > changed.length;
    say(changed.length ? `Took back ${changed.length === 1 ? "the last answer" : "the last answers"}.` : "There is nothing to take back.");
  });
  await look(unseen);
  return changed;
}

/** The question that the next undo is about, if this page has asked it. */
export const lastQuestion = () => steps.at(-1)?.question ?? null;

/** Wait until the server knows all that was answered. */
export const settled = () => tail;

/**
 * @param {Question} question
 * @param {Answer | null} wanted
 */
function apply(question, wanted) {
  const before = question.answer;
  const [more, less] = [weight(question, wanted), weight(question, before)];
  question.answer = wanted;
  if (wanted) forgetDraft(question);
  state.chosen.photos += more.photos - less.photos;
  state.chosen.bytes += more.bytes - less.bytes;
  changeOpen((wanted ? 0 : 1) - (before ? 0 : 1));
  emit("question", question);
}

/**
 * The server's word, unless newer answers are still on their way to it.
 * @param {{changed: Question[], chosen: import("./state.js").Chosen}} told
 */
function agree(told) {
  if (waiting > 1) return;
  questions.update(told.changed);
  setChosen(told.chosen);
}

/**
 * Do something after all that was answered before has reached the server, and before what is answered after it.
 * @param {() => Promise<void>} job
 */
export const inTurn = (job) => enqueue(job);

/** @param {() => Promise<void>} job */
function enqueue(job) {
  waiting += 1;
  const done = tail.then(job).catch((error) => {
    if (!(error instanceof Refusal)) throw error;
    if (!error.ended) say(error.message, "error");
  }).finally(() => { waiting -= 1; });
  tail = done.catch(() => {});
  return done;
}

/**
 * @param {Question} question
 * @param {Answer} given
 */
function sentence(question, given) {
  const what = VERDICTS[given.verdict].done;
  if (!isGroup(question)) return `${what}: ${question.members[0].name}`;
  if (given.verdict === "trash") return `${what}: ${given.going.length} of ${counted(question.members.length, "photo")}`;
  return `${what}: ${counted(question.members.length, "photo")}`;
}
