// Which part of the picture is looked at, shared by all panes of a question, so that copies move as one.

const MOST = 32; // times the fitted picture

/**
 * `zoom` is relative to the picture fitted into its pane (1), `x` and `y` say which point of the picture, as shares of
 * its width and height, lies in the middle. In these terms a copy of another size shows the very same detail.
 */
export class Viewpoint {
  constructor() {
    this.zoom = 1;
    this.x = 0.5;
    this.y = 0.5;
    this.map = false;
    /** @type {Set<import("./pane.js").Pane>} */
    this.panes = new Set();
    /** @type {() => void} */
    this.changed = () => {};
    this.frame = 0;
  }

  get zoomed() {
    return this.zoom > 1.001;
  }

  /** Back to the whole picture, without drawing. */
  forget() {
    this.zoom = 1;
    this.x = this.y = 0.5;
    this.panes.clear();
  }

  /**
   * @param {import("./pane.js").Pane} pane whose picture limits how far one can go
   * @param {{zoom?: number, x?: number, y?: number}} wish
   */
  set(pane, wish) {
    const zoom = Math.min(Math.max(wish.zoom ?? this.zoom, 1), Math.max(MOST, pane.full));
    const [halfWidth, halfHeight] = pane.halves(zoom);
    const within = (/** @type {number} */ value, /** @type {number} */ half) =>
      half >= 0.5 ? 0.5 : Math.min(Math.max(value, half), 1 - half);
    this.zoom = zoom;
    this.x = within(wish.x ?? this.x, halfWidth);
    this.y = within(wish.y ?? this.y, halfHeight);
    this.soon();
  }

  /**
   * Zoom so that what lies under a point of the pane stays there.
   * @param {import("./pane.js").Pane} pane
   * @param {number} zoom
   * @param {number} dx pixels from the middle of the pane
   * @param {number} dy
   */
  around(pane, zoom, dx, dy) {
    const limited = Math.min(Math.max(zoom, 1), Math.max(MOST, pane.full));
    const [width, height] = pane.fitted;
    const shift = 1 / this.zoom - 1 / limited;
    this.set(pane, { zoom: limited, x: this.x + (dx / width) * shift, y: this.y + (dy / height) * shift });
  }

  /**
   * Move the picture by so many pixels.
   * @param {import("./pane.js").Pane} pane
   * @param {number} dx
   * @param {number} dy
   */
  pan(pane, dx, dy) {
    const [width, height] = pane.fitted;
    this.set(pane, { x: this.x - dx / (width * this.zoom), y: this.y - dy / (height * this.zoom) });
  }

  soon() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      for (const pane of this.panes) pane.draw();
      this.changed();
    });
  }
}
