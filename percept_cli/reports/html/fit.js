// Images of two sizes: what only one of them has, and where a place of the one is in the other.

/** Width and height that hold both. */
function sizeOfBoth({ reference, candidate }) {
  return { width: Math.max(reference[0], candidate[0]), height: Math.max(reference[1], candidate[1]) };
}

/** A box of the candidate as the reference has it. */
function inReference(fit, box) {
  const [x, right] = [box.x, box.x + box.width - 1].map((place) => placedIn(fit, "columns", place));
  const [y, bottom] = [box.y, box.y + box.height - 1].map((place) => placedIn(fit, "rows", place));
  return { x, y, width: right - x + 1, height: bottom - y + 1 };
}

/** A row or column of the candidate in the reference: what only the candidate has takes no room there. */
function placedIn(fit, axis, place) {
  const above = fit.bands.filter((band) => band.axis === axis && band.candidate <= place);
  return above.reduce((found, { kind, size, candidate }) =>
    kind === "removed" ? found + size : found - Math.min(size, place - candidate), place);
}

/** The bands as one of the images has them: its own with their size, those of the other as lines. */
function bandsIn(fit, role) {
  const [width, height] = fit[role];
  return fit.bands.map((band) => {
    const own = (band.kind === "removed") === (role === "reference");
    const size = own ? band.size : 0;
    const rows = band.axis === "rows";
    const box = rows ? { x: 0, y: band[role], width, height: size } : { x: band[role], y: 0, width: size, height };
    const much = counted(band.size, rows ? "row" : "column");
    const left = 2 * box.x < width; // then its words go to the right of it
    return { box, own, rows, left, label: own ? `${much} only here` : `${much} missing here` };
  });
}

function makeBand({ own, rows, left, label }) {
  return make("div", { className: `band ${own ? "own" : "line"} ${rows ? "rows" : "columns"}${left ? " left" : ""}`, title: label },
    make("b", {}, label));
}
