// Mouse, wheel and fingers on a pane: zoom, pan, swipe.

const SWIPE = 56; // pixels
const STEP = 0.0016; // of the logarithm of the zoom, for one pixel of the wheel
const LINE = 30; // pixels that a wheel's "line" counts for

/**
 * @param {import("./pane.js").Pane} pane
 * @param {{press: () => void, scrolls: () => boolean}} act `press`: a click that was no drag;
 *   `scrolls`: whether a plain wheel belongs to the list of panes rather than to the zoom
 */
export function attachGestures(pane, act) {
  const { stage, viewpoint } = pane;
  /** @type {Map<number, {x: number, y: number}>} */
  const fingers = new Map();
  /** @type {{x: number, y: number, moved: boolean} | null} */
  let start = null;
  let apart = 0;

  const middle = (/** @type {number} */ x, /** @type {number} */ y) => {
    const box = stage.getBoundingClientRect();
    return [x - box.left - box.width / 2, y - box.top - box.height / 2];
  };

  stage.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !viewpoint.zoomed && act.scrolls()) return;
    event.preventDefault();
    const pixels = event.deltaMode === 1 ? event.deltaY * LINE : event.deltaY;
    const [dx, dy] = middle(event.clientX, event.clientY);
    viewpoint.around(pane, viewpoint.zoom * Math.exp(-pixels * STEP * (event.ctrlKey ? 5 : 1)), dx, dy);
  }, { passive: false });

  stage.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (fingers.size === 1) start = { x: event.clientX, y: event.clientY, moved: false };
    apart = distance(fingers);
    if (viewpoint.zoomed || fingers.size > 1) capture(stage, event.pointerId);
  });

  stage.addEventListener("pointermove", (event) => {
    const before = fingers.get(event.pointerId);
    if (!before) return;
    const [dx, dy] = [event.clientX - before.x, event.clientY - before.y];
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (start && Math.hypot(event.clientX - start.x, event.clientY - start.y) > 6) start.moved = true;
    if (fingers.size === 2) {
      const now = distance(fingers);
      const [one, other] = [...fingers.values()];
      const [mx, my] = middle((one.x + other.x) / 2, (one.y + other.y) / 2);
      if (apart) viewpoint.around(pane, viewpoint.zoom * (now / apart), mx, my);
      viewpoint.pan(pane, dx / 2, dy / 2);
      apart = now;
    } else if (viewpoint.zoomed) {
      viewpoint.pan(pane, dx, dy);
    }
  });

  const end = (/** @type {PointerEvent} */ event) => {
    if (!fingers.delete(event.pointerId)) return;
    apart = 0;
    if (fingers.size || !start) return;
    if (event.type === "pointerup" && !start.moved) act.press();
    start = null;
  };
  stage.addEventListener("pointerup", end);
  stage.addEventListener("pointercancel", end);

  stage.addEventListener("dblclick", (event) => {
    const [dx, dy] = middle(event.clientX, event.clientY);
    viewpoint.around(pane, viewpoint.zoomed ? 1 : Math.max(pane.full, 2), dx, dy);
  });
}

/**
 * A finger that goes left or right over the panes goes to the next question or the one before.
 * @param {HTMLElement} place
 * @param {() => boolean} free whether a finger is not needed to move the picture
 * @param {(step: 1 | -1) => void} swipe
 */
export function attachSwipe(place, free, swipe) {
  /** @type {{id: number, x: number, y: number} | null} */
  let start = null;
  place.addEventListener("pointerdown", (event) => {
    // A second finger makes it a pinch.
    start = event.pointerType === "mouse" || !event.isPrimary || !free() ? null : { id: event.pointerId, x: event.clientX, y: event.clientY };
  });
  place.addEventListener("pointerup", (event) => {
    if (start?.id !== event.pointerId) return;
    const [dx, dy] = [event.clientX - start.x, event.clientY - start.y];
    start = null;
    if (free() && Math.abs(dx) > SWIPE && Math.abs(dx) > 2 * Math.abs(dy)) swipe(dx < 0 ? 1 : -1);
  });
  place.addEventListener("pointercancel", () => { start = null; });
}

/** @param {Map<number, {x: number, y: number}>} fingers */
function distance(fingers) {
  const [one, other] = [...fingers.values()];
  return one && other ? Math.hypot(one.x - other.x, one.y - other.y) : 0;
}

/**
 * @param {HTMLElement} stage
 * @param {number} pointer
 */
function capture(stage, pointer) {
  try {
    stage.setPointerCapture(pointer);
  } catch {
    // The finger was lifted in the meantime.
  }
}
