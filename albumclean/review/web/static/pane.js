// One photo of a question: its picture at the common viewpoint, in the resolution that this takes.

import { picture } from "./api.js";
import { el, icon } from "./dom.js";
import { drop, load } from "./loading.js";

const THUMB = 330; // pixels of the long side up to which the thumbnail will do
const VIEW = 2048; // long side of `view`
const MOST_ENLARGED = 2; // of a small single photo that is fitted
const CALM = 110; // milliseconds after the last zoom before a larger picture is asked for

/** @typedef {"thumb" | "view" | "full"} Level */
const RANK = { none: -1, thumb: 0, view: 1, full: 2 };

export class Pane {
  /**
   * @param {import("./questions.js").Photo} photo
   * @param {import("./viewpoint.js").Viewpoint} viewpoint
   * @param {boolean} alone whether it is the only photo of its question
   */
  constructor(photo, viewpoint, alone) {
    this.photo = photo;
    this.viewpoint = viewpoint;
    this.alone = alone;
    this.width = photo.width || 4;
    this.height = photo.height || 3;
    this.box = { width: 0, height: 0 };
    this.visible = true;
    /** @type {keyof typeof RANK} */
    this.level = "none";
    /** @type {HTMLImageElement | null} being loaded */
    this.coming = null;
    this.calm = 0;
    this.image = this.blank();
    this.map = /** @type {HTMLImageElement | null} */ (null);
    this.stage = el("div", { class: "stage" }, this.image);
    this.element = el("article", { class: "pane", testid: "pane", "data-id": photo.id, "aria-label": photo.name }, this.stage);
    viewpoint.panes.add(this);
  }

  /** Width and height of the fitted picture, pixels of the page. */
  get fitted() {
    const fit = this.fit;
    return [this.width * fit, this.height * fit];
  }

  get fit() {
    const fit = Math.min(this.box.width / this.width, this.box.height / this.height) || 1;
    return this.alone ? Math.min(fit, MOST_ENLARGED / devicePixelRatio) : fit;
  }

  /** The zoom at which one pixel of the photo is one of the screen. */
  get full() {
    return 1 / (this.fit * devicePixelRatio);
  }

  /** Percent of the photo's own pixels. */
  get percent() {
    return (this.viewpoint.zoom / this.full) * 100;
  }

  /**
   * Half of what is seen, as shares of the picture's width and height.
   * @param {number} zoom
   */
  halves(zoom) {
    const [width, height] = this.fitted;
    return [this.box.width / (2 * width * zoom), this.box.height / (2 * height * zoom)];
  }

  /** Apart from `place`, as a page that is measured and changed in turns is laid out again for each pane. */
  measure() {
    this.box = { width: this.stage.clientWidth, height: this.stage.clientHeight };
  }

  place() {
    const [width, height] = this.fitted;
    for (const image of [this.image, this.map]) {
      if (!image) continue;
      image.style.width = `${width}px`;
      image.style.height = `${height}px`;
    }
    this.draw();
  }

  draw() {
    const { zoom, x, y } = this.viewpoint;
    const [width, height] = this.fitted;
    const place = (/** @type {number} */ box, /** @type {number} */ side, /** @type {number} */ point) => {
      const size = side * zoom;
      return size <= box ? (box - size) / 2 : Math.min(0, Math.max(box - size, box / 2 - point * size));
    };
    const left = place(this.box.width, width, x);
    const top = place(this.box.height, height, y);
    const transform = `translate(${left}px, ${top}px) scale(${zoom})`;
    this.image.style.transform = transform;
    if (this.map) this.map.style.transform = transform;
    this.element.dataset.zoom = zoom.toFixed(3);
    this.stage.classList.toggle("is-zoomed", this.viewpoint.zoomed);
    this.want();
  }

  /** Ask for the picture that this zoom takes, a little later if there is one already. */
  want() {
    clearTimeout(this.calm);
    if (!this.visible || !this.box.width) return;
    if (this.viewpoint.map) this.showMap();
    if (this.level === "none" && !this.coming) this.load("thumb");
    else this.calm = setTimeout(() => this.refine(), CALM);
  }

  refine() {
    const needed = Math.max(...this.fitted) * this.viewpoint.zoom * devicePixelRatio;
    /** @type {Level} */
    let level = "thumb";
    if (needed > THUMB) level = "view";
    if (needed > VIEW * 1.02 && Math.max(this.width, this.height) > VIEW) level = "full";
    if (RANK[level] > RANK[this.level]) this.load(level);
  }

  blank() {
    return /** @type {HTMLImageElement} */ (el("img", {
      class: "stage-image", testid: "pane-image", alt: `Photo ${this.photo.name}`, draggable: "false", decoding: "async",
    }));
  }

  /** @param {Level} level */
  load(level) {
    if (this.coming?.dataset.level === level) return;
    if (this.coming) drop(this.coming);
    const image = this.blank();
    this.coming = image;
    this.stage.classList.add("is-coming");
    image.dataset.level = level;
    const source = picture(this.photo.id, level);
    // Before the thumbnails of the grid beneath, which may still be on their way.
    load(image, source, level === "thumb" ? "small" : "large", level === "thumb" ? "first" : "in turn").then(() => this.arrived(image, level), () => this.failed(image, level));
  }

  /**
   * @param {HTMLImageElement} image
   * @param {Level} level
   */
  arrived(image, level) {
    if (this.coming !== image) return;
    this.coming = null;
    this.level = level;
    this.stage.classList.remove("is-coming");
    if (!this.photo.width) [this.width, this.height] = [image.naturalWidth, image.naturalHeight];
    this.image.replaceWith(image);
    this.image = image;
    this.stage.classList.add("is-there");
    this.place();
  }

  /**
   * @param {HTMLImageElement} image
   * @param {Level} level
   */
  failed(image, level) {
    if (this.coming !== image || !image.hasAttribute("src")) return;
    this.coming = null;
    this.stage.classList.remove("is-coming");
    if (level === "thumb" && this.level === "none") {
      this.level = "thumb"; // the photo itself may still be read
      this.load("view");
    } else if (!this.stage.classList.contains("is-there")) {
      this.level = "full";
      this.stage.append(el("p", { class: "stage-broken" }, icon("broken"), el("span", { text: "This photo can't be shown any more. It may have changed or moved since the scan." })));
    } else {
      this.level = level; // what is there stays
    }
  }

  /** Lay the quality map over the picture, or take it off. */
  showMap() {
    const wanted = this.viewpoint.map;
    this.stage.classList.toggle("has-map", wanted);
    if (!wanted || this.map || !this.visible) return;
    const map = /** @type {HTMLImageElement} */ (el("img", { class: "stage-map", alt: "", testid: "pane-map", draggable: "false" }));
    this.map = map;
    this.stage.append(map);
    this.stage.classList.add("is-mapping");
    load(map, picture(this.photo.id, "map"), "large").catch(() => map.remove()).finally(() => this.stage.classList.remove("is-mapping"));
    this.place();
  }

  end() {
    clearTimeout(this.calm);
    for (const image of [this.image, this.coming, this.map]) if (image) drop(image);
    this.coming = null;
    this.map = null;
    this.viewpoint.panes.delete(this);
  }
}
