// The scores of the whole library as bars, and how much of it lies below a score.

const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 40;

/**
 * @param {{counts: number[], bytes: number[]}} histogram bins of 0.01 from 0 to 1
 * @param {number} below a score
 */
export function under(histogram, below) {
  const end = Math.round(below * 100);
  const sum = (/** @type {number[]} */ values) => values.slice(0, end).reduce((total, value) => total + value, 0);
  return { photos: sum(histogram.counts), bytes: sum(histogram.bytes) };
}

/** A picture of 100 bars; the same facts stand in words beside it. */
export function bars() {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "bars");
  svg.setAttribute("viewBox", `0 0 100 ${HEIGHT}`);
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  for (let bin = 0; bin < 100; bin += 1) {
    const bar = document.createElementNS(SVG, "rect");
    bar.setAttribute("x", String(bin + 0.1));
    bar.setAttribute("width", "0.8");
    svg.append(bar);
  }
  return svg;
}

/**
 * @param {SVGElement} svg
 * @param {number[]} counts
 */
export function fill(svg, counts) {
  const most = Math.max(1, ...counts);
  [...svg.children].forEach((bar, bin) => {
    // The root, as a few bad photos should still be seen beside thousands of good ones.
    const height = counts[bin] ? Math.max(1.2, HEIGHT * Math.sqrt(counts[bin] / most)) : 0;
    bar.setAttribute("y", String(HEIGHT - height));
    bar.setAttribute("height", String(height));
  });
}

/**
 * @param {SVGElement} svg
 * @param {number} below
 */
export function mark(svg, below) {
  const end = Math.round(below * 100);
  [...svg.children].forEach((bar, bin) => bar.classList.toggle("is-below", bin < end));
}
