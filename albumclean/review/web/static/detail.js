// A question close up: its pictures, what is known of them, and the answer.

import { amend, answer, lastQuestion, settled, undo } from "./answers.js";
import { get, picture } from "./api.js";
import { Compare } from "./compare.js";
import { buildDetail } from "./detail-parts.js";
import { byId, setIcon } from "./dom.js";
import { facts } from "./facts.js";
import { attachSwipe } from "./gestures.js";
import { grid, nextOpen } from "./grid.js";
import { drop, load } from "./loading.js";
import { questions } from "./questions.js";
import { on, say, state } from "./state.js";
import { going, isGroup, toggle, VERDICTS } from "./verdicts.js";
import { back, go, register, view } from "./views.js";
import { Viewpoint } from "./viewpoint.js";
import { groupName, grouped } from "./words.js";

export class Detail {
  constructor() {
    this.root = byId("view-detail");
    this.parts = buildDetail(this.root, this);
    this.viewpoint = new Viewpoint();
    this.viewpoint.changed = () => this.tellZoom();
    this.compare = new Compare({
      place: this.parts.panes,
      viewpoint: this.viewpoint,
      toggle: (member) => this.toggle(member),
      activate: (member) => this.activate(member),
    });
    /** @type {import("./questions.js").Question | null} */
    this.question = null;
    this.index = -1;
    this.member = 0;
    /** @type {HTMLImageElement[]} pictures of the next question, on their way */
    this.ahead = [];
    attachSwipe(this.parts.panes, () => !this.viewpoint.zoomed, (step) => this.step(step));
    register("detail", { enter: (rest, told) => this.enter(Number(rest), told), leave: () => this.leave() });
    on("question", (changed) => { if (changed === this.question) this.refresh(); });
    on("draft", (changed) => { if (changed === this.question) this.refresh(); });
    on("list", (change) => {
      if (!this.question || view() !== "detail") return;
      if (change.fresh) this.index = questions.indexOf(this.question.id);
      this.tellPosition();
    });
  }

  /**
   * @param {number} id
   * @param {{index?: number} | null} told
   */
  async enter(id, told) {
    const index = told?.index ?? -1;
    const known = questions.at(index)?.id === id ? questions.at(index) : questions.known.get(id);
    try {
      const question = known ?? (await get(`/api/questions/${id}`));
      this.show(question, questions.at(index)?.id === id ? index : questions.indexOf(id));
    } catch (error) {
      say(error instanceof Error ? error.message : String(error), "error");
      back();
    }
  }

  leave() {
    for (const image of this.ahead) drop(image);
    this.compare.end();
    this.question = null;
    if (this.index >= 0) grid.focus(this.index);
    else grid.focus();
  }

  /**
   * @param {import("./questions.js").Question} question
   * @param {number} index
   */
  show(question, index) {
    const held = this.parts.actions.contains(document.activeElement) ? /** @type {HTMLElement} */ (document.activeElement) : null;
    this.question = question;
    this.index = index;
    this.root.dataset.id = String(question.id);
    this.root.dataset.index = String(index);
    this.root.dataset.kind = question.kind;
    this.parts.main.scrollTop = 0;
    if (index >= 0) grid.activate(index);
    this.compare.show(question);
    this.activate(0);
    this.refresh();
    this.tellPosition();
    this.tellZoom();
    // A mouse stays on its button; the keyboard begins with the first member.
    if (!held || held.hidden) this.root.focus({ preventScroll: true });
    this.lookAhead();
  }

  /** @param {number} member */
  activate(member) {
    if (!this.question) return;
    this.member = member;
    this.compare.mark(member);
    this.parts.inspector.replaceChildren(...facts(this.question.members[member], { map: this.viewpoint.map }));
  }

  refresh() {
    const question = this.question;
    if (!question) return;
    this.compare.refresh();
    const { actions } = this.parts;
    const go = going(question).size;
    const group = isGroup(question);
    this.parts.words.trash.textContent = !group ? "Trash" : go ? `Trash ${go}, keep ${question.members.length - go}` : "Keep all";
    setIcon(this.parts.buttons.trash, go ? "trash" : "keep");
    this.parts.words.keep.textContent = group ? "Keep all" : "Keep";
    this.parts.buttons["not-a-duplicate"].hidden = !group;
    for (const [verdict, one] of Object.entries(this.parts.buttons)) {
      one.setAttribute("aria-pressed", String(question.answer?.verdict === verdict));
    }
    actions.dataset.verdict = question.answer?.verdict ?? "";
    const said = question.answer ? VERDICTS[question.answer.verdict].done : "Not answered yet";
    this.parts.state.textContent = question.answer?.earlier ? `${said} in an earlier review` : said;
    this.parts.state.dataset.verdict = question.answer?.verdict ?? "";
  }

  tellPosition() {
    const question = this.question;
    if (!question) return;
    const total = questions.total ?? 0;
    const place = this.index >= 0 ? `${grouped(this.index + 1)} of ${grouped(total)}` : "Outside the present filter";
    this.parts.position.textContent = place;
    this.parts.kind.textContent = isGroup(question) ? groupName(question) : "single photo";
    this.parts.prev.disabled = this.index <= 0;
    this.parts.next.disabled = this.index >= total - 1;
  }

  tellZoom() {
    const pane = this.compare.panes[this.member];
    if (!pane) return;
    this.parts.level.textContent = `${Math.round(pane.percent)} %`;
    this.parts.mapToggle.setAttribute("aria-pressed", String(this.viewpoint.map));
    this.root.classList.toggle("is-zoomed", this.viewpoint.zoomed);
  }

  /** @param {import("./questions.js").Verdict} verdict */
  async answer(verdict) {
    const question = this.question;
    if (!question) return;
    answer(question, verdict);
    if (verdict === "not-a-duplicate" && !isGroup(question)) return;
    const pruned = questions.prune(question);
    const next = await nextOpen(pruned ? this.index : this.index + 1);
    if (view() !== "detail" || this.question !== question) return;
    if (next >= 0) this.goTo(next);
    else if (state.open === 0) say("All questions are answered. Finish… shows what would move.");
    else back();
  }

  async undo() {
    const question = lastQuestion();
    const done = undo();
    if (question) this.find(question.id);
    const changed = await done;
    await settled();
    if (view() === "detail" && !question && changed.length === 1) this.find(changed[0].id);
  }

  /** @param {number} id */
  find(id) {
    const index = questions.indexOf(id);
    if (id !== this.question?.id) go(`q/${id}`, { replace: true, state: { ...history.state, index } });
  }

  /** @param {number} member */
  toggle(member) {
    const question = this.question;
    const photo = question?.members[member];
    if (!question || !photo || !isGroup(question)) return;
    const refused = toggle(question, photo);
    if (refused) {
      say(refused);
      return;
    }
    if (question.answer && question.answer.verdict !== "skip") amend(question);
    else say(`${photo.name} ${going(question).has(photo.id) ? "goes to the trash" : "stays"}, once you press T.`);
  }

  /** @param {1 | -1} step */
  async step(step) {
    const target = this.index + step;
    if (await questions.fetch(target)) this.goTo(target);
    else say(step > 0 ? "This is the last question." : "This is the first question.");
  }

  /** @param {1 | -1} step */
  async group(step) {
    const found = await questions.seek(this.index + step, step, isGroup);
    if (found >= 0) this.goTo(found);
    else say(step > 0 ? "No group comes after this." : "No group comes before this.");
  }

  /** @param {number} index */
  goTo(index) {
    const question = questions.at(index);
    if (question) go(`q/${question.id}`, { replace: true, state: { ...history.state, index } });
  }

  /** @param {KeyboardEvent} event */
  arrow(event) {
    const count = this.compare.panes.length;
    if (count === 1) {
      if (event.key === "ArrowLeft" || event.key === "ArrowRight") this.step(event.key === "ArrowLeft" ? -1 : 1);
      else this.parts.main.scrollBy({ top: event.key === "ArrowUp" ? -80 : 80 });
      return;
    }
    const steps = /** @type {Record<string, number>} */ ({
      ArrowLeft: -1, ArrowRight: 1, ArrowUp: -this.compare.columns, ArrowDown: this.compare.columns, Home: -count, End: count,
    });
    const inside = this.parts.panes.contains(document.activeElement);
    const target = inside ? this.member + steps[event.key] : this.member;
    this.compare.focus(Math.max(0, Math.min(count - 1, target)));
  }

  /** @param {string} digit */
  digit(digit) {
    if (this.question && isGroup(this.question)) {
      const member = Number(digit) - 1;
      if (member >= this.question.members.length) return;
      this.compare.focus(member);
      this.toggle(member);
    } else if (digit === "1") {
      this.zoomFull();
    }
  }

  get pane() {
    return this.compare.panes[this.member];
  }

  /** @param {number} factor */
  zoom(factor) {
    if (this.pane) this.viewpoint.around(this.pane, this.viewpoint.zoom * factor, 0, 0);
  }

  zoomFit() {
    if (this.pane) this.viewpoint.set(this.pane, { zoom: 1, x: 0.5, y: 0.5 });
  }

  zoomFull() {
    if (this.pane) this.viewpoint.around(this.pane, Math.max(1, this.pane.full), 0, 0);
    if (this.pane && this.pane.full < 0.999) say(`The whole picture is seen at ${Math.round(this.pane.percent)} % already.`);
  }

  zoomToggle() {
    if (this.viewpoint.zoomed) this.zoomFit();
    else if (this.pane) this.viewpoint.around(this.pane, Math.max(this.pane.full, 2), 0, 0);
  }

  map() {
    this.viewpoint.map = !this.viewpoint.map;
    for (const pane of this.compare.panes) pane.showMap();
    this.activate(this.member);
    this.tellZoom();
    say(this.viewpoint.map ? "Quality map: blue is good, orange is bad." : "Quality map is off.");
  }

  /** The next pictures come while these are looked at. */
  lookAhead() {
    // What has come for this question stays; what was for another is given up.
    const now = new Set(this.question?.members.map((photo) => String(photo.id)));
    for (const image of this.ahead) if (!now.has(image.dataset.photo ?? "")) drop(image);
    this.ahead = [];
    const next = questions.at(this.index + 1);
    questions.need(this.index - 5, this.index + 20);
    if (!next) return;
    const kind = next.members.length > 2 ? "thumb" : "view";
    setTimeout(() => {
      if (questions.at(this.index + 1) !== next || view() !== "detail") return;
      this.ahead = next.members.slice(0, 6).map((photo) => {
        const image = new Image();
        image.dataset.photo = String(photo.id);
        load(image, picture(photo.id, kind), kind === "thumb" ? "small" : "large", "later").catch(() => {});
        return image;
      });
    }, 250);
  }
}

/** @type {Detail} */
export let detail;

export function setUpDetail() {
  detail = new Detail();
}
