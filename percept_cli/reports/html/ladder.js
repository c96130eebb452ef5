// The ladder of the run's recipe: what known distortions come to, and where the chosen image stands.

const LADDERS = {
  whole: "All over the image: the distance",
  place: "In one place: its strongest place",
};

/** The ladder as tables, or null where the recipe has none. */
function ladderTables({ like }) {
  if (!setting.ladder) return null;
  const parts = Object.keys(LADDERS).filter((kind) => setting.ladder[kind].length);
  return make("div", { className: "ladders" }, ...parts.map((kind) => ladderTable(kind, like)));
}

function ladderTable(kind, like) {
  const title = LADDERS[kind];
  const steps = setting.ladder[kind];
  const here = like && like.kind === kind && like.mark !== null ? like.mark : null;
  // By the logarithm; quartiles of 0 lie at the end.
  const least = Math.min(...steps.map((step) => step.lower || step.median));
  const most = Math.max(...steps.map((step) => step.upper));
  const place = (value) =>
    100 * Math.min(1, Math.max(0, Math.log(value / least) / (Math.log(most / least) || 1)));
  const rows = steps.map((step) => ({ value: step.median, words: step.words, bar: rung(step, place, here) }));
  if (here !== null) {
    const mark = { value: here, words: "this image", bar: rung(null, place, here), className: "here" };
    const after = rows.findIndex((row) => row.value > here);
    rows.splice(after < 0 ? rows.length : after, 0, mark);
  }
  const lines = rows.map(({ value, words, bar, className = "" }) => ({
    className, cells: [words, bar, exact(value, "", 4)],
  }));
  const heads = [["Like"], ["", "ruler"], ["Median", "right"]];
  return make("div", { className: "ladder" }, make("h4", {}, title), table(title, heads, lines));
}

/** From quartile to quartile with the median between; the upright line is the chosen image. */
function rung(step, place, here) {
  const bar = make("span", { className: "rung", "aria-hidden": "true" });
  if (step) {
    const range = make("i", { className: "range" });
    range.style.left = `${place(step.lower)}%`;
    range.style.width = `${place(step.upper) - place(step.lower)}%`;
    const median = make("i", { className: "median" });
    median.style.left = `${place(step.median)}%`;
    bar.append(range, median);
  }
  if (here !== null) {
    const mark = make("i", { className: "mark-here" });
    mark.style.left = `${place(here)}%`;
    bar.append(mark);
  }
  return bar;
}
