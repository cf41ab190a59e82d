// Rows of one height in a scrolled area, of which only those near the screen exist; the scrollbar is true to all.

const SPARE = 2; // rows above and below the screen
const CALM = 90; // milliseconds of stillness after which a fast scroll counts as over

/**
 * @typedef {{scroller: HTMLElement, canvas: HTMLElement, make: (row: number) => HTMLElement,
 *   drop?: (row: HTMLElement) => void, settle?: (first: number, end: number) => void}} Options
 */

export class VirtualRows {
  /** @param {Options} options `make` builds a row, `drop` ends it, `settle` hears which rows are near when it is calm */
  constructor(options) {
    this.options = options;
    this.count = 0;
    this.height = 1;
    /** Row that stays whatever is scrolled, as the focus lies in it; -1: none. */
    this.pinned = -1;
    /** @type {Map<number, HTMLElement>} */
    this.rows = new Map();
    this.frame = 0;
    this.calm = 0;
    options.scroller.addEventListener("scroll", () => this.soon(), { passive: true });
  }

  /**
   * @param {number} count
   * @param {number} height of a row with the gap below it, pixels
   */
  layout(count, height) {
    if (height !== this.height) this.clear();
    for (const row of [...this.rows.keys()]) if (row >= count) this.remove(row);
    this.count = count;
    this.height = height;
    this.options.canvas.style.height = `${Math.max(0, count * height)}px`;
    this.render();
  }

  /**
   * Take rows away; `render` builds them again.
   * @param {(row: HTMLElement) => boolean} [which] all, if it is not said
   */
  clear(which = () => true) {
    for (const [row, node] of [...this.rows]) if (which(node)) this.remove(row);
  }

  /** Rows that are (or would be) on the screen and a little around it. */
  range() {
    const { scroller, canvas } = this.options;
    const top = Math.max(0, scroller.scrollTop - canvas.offsetTop);
    const first = Math.max(0, Math.floor(top / this.height) - SPARE);
    const end = Math.min(this.count, Math.ceil((top + scroller.clientHeight) / this.height) + SPARE);
    return { first, end };
  }

  soon() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.render();
    });
  }

  render() {
    const { first, end } = this.range();
    for (const row of [...this.rows.keys()]) if ((row < first || row >= end) && row !== this.pinned) this.remove(row);
    for (let row = first; row < end; row += 1) this.ensure(row);
    if (this.pinned >= 0 && this.pinned < this.count) this.ensure(this.pinned);
    clearTimeout(this.calm);
    this.calm = setTimeout(() => this.options.settle?.(first, end), CALM);
  }

  /** @param {number} row */
  ensure(row) {
    const there = this.rows.get(row);
    if (there) return there;
    const made = this.options.make(row);
    made.style.transform = `translateY(${row * this.height}px)`;
    this.rows.set(row, made);
    // In the order of the rows, so that reading and tabbing go from top to bottom.
    let after = null;
    for (const [other, node] of this.rows) if (other > row && (after === null || other < after.other)) after = { other, node };
    this.options.canvas.insertBefore(made, after?.node ?? null);
    return made;
  }

  /** @param {number} row */
  remove(row) {
    const node = this.rows.get(row);
    if (!node) return;
    this.rows.delete(row);
    this.options.drop?.(node);
    node.remove();
  }

  /**
   * Bring a row onto the screen, scrolling no further than it takes.
   * @param {number} row
   */
  show(row) {
    const { scroller, canvas } = this.options;
    const top = canvas.offsetTop + row * this.height;
    const bottom = top + this.height;
    if (top < scroller.scrollTop) scroller.scrollTop = row === 0 ? 0 : top - 8;
    else if (bottom > scroller.scrollTop + scroller.clientHeight) scroller.scrollTop = bottom - scroller.clientHeight + 8;
    this.render();
  }

  /** How many rows fit on the screen. */
  get page() {
    return Math.max(1, Math.floor(this.options.scroller.clientHeight / this.height));
  }
}
