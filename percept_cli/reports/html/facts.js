// What is said of an image beside its pictures: gates, regions, layers, commands, files.

function showFacts(entry, showBox, showRegion) {
  const { evidence } = entry;
  explained.hide(); // its term goes
  const said = measures(entry);
  byId("measures").replaceChildren(...said);
  byId("measures").hidden = !said.length;
  fill("gates", evidence ? gateTable(evidence, showBox) : thresholdOf(entry));
  fill("regions", evidence && evidence.regions.length ? regionTable(evidence, showRegion) : null);
  fill("views", entry.views.length ? viewTable(entry) : null);
  fill("layers", entry.layers.length ? layerTable(entry) : null);
  if (byId("ladder")) fill("ladder", ladderTables(entry));
  fill("commands", entry.commands.length ? make("div", {}, ...entry.commands.map(commandLine)) : null);
  fill("files", fileList(entry));
}

/** The distance, what it is like, and how bad it is. */
function measures({ distance, like, severity, limited }) {
  if (distance === null) return [];
  const parts = [make("span", {}, term("distance"), " ", exact(distance))];
  if (like) parts.push(make("span", { id: "like" }, term("like"), " ", like.words));
  if (limited) {
    const times = severity === null ? "above a limit of 0" : exact(severity, "× its limit", 4);
    parts.push(make("span", {}, term("severity"), " ", times));
  }
  return parts;
}

function fill(id, content) {
  byId(id).hidden = content === null;
  byId(id).querySelector(".body").replaceChildren(...(content === null ? [] : [content]));
}

/** A table in a frame that scrolls by itself where it is too wide, also by keys. */
function table(label, heads, rows) {
  const head = make("tr", {}, ...heads.map(([text, kind]) => make("th", { scope: "col", className: kind || "" }, text)));
  const body = rows.map(({ cells, ...properties }) =>
    make("tr", properties, ...cells.map((cell, index) => make("td", { className: heads[index][1] || "" }, cell))));
  const whole = make("table", {}, make("thead", {}, head), make("tbody", {}, ...body));
  return make("div", { className: "wide", role: "region", "aria-label": label, tabIndex: 0 }, whole);
}

/** A rounded number that tells all of its digits to who asks. */
function exact(value, unit, digits) {
  const after = unit === "ΔE" ? [" ", term("delta-e", unit)] : [unit ? ` ${unit}` : ""];
  const title = value === null || value === undefined ? "" : String(value);
  return make("span", {}, make("span", { title }, short(value, digits)), ...after);
}

function gateTable(evidence, showBox) {
  const rows = evidence.gates.map((gate) => ({
    status: gate.status,
    cells: [
      term(gate.name),
      badge(gate.status),
      make("span", { className: "measured" }, exact(gate.value, gate.unit), gauge(gate)),
      exact(gate.warn),
      exact(gate.fail),
      gate.at ? placeButton(gate, showBox) : "whole image",
      make("span", { className: "origin" }, gate.source),
    ],
  }));
  const heads = [["Gate"], ["Status"], ["Value", "right"], [term("warn-limit", "Warns above"), "right"],
    [term("fail-limit", "Fails above"), "right"],
    ["Where"], ["Limits from"]];
  const facts = [make("span", {}, `${counted(evidence.changed_pixels, "pixel")} changed`)];
  if (evidence.fit) facts.unshift(restInWords(evidence.fit));
  if (evidence.ignored_pixels) facts.push(`${counted(evidence.ignored_pixels, "pixel")} ignored`);
  if (evidence.shift) facts.push(`the whole candidate moved by ${moved(evidence.shift)}, which is allowed`);
  if (evidence.noise !== null) facts.push(make("span", {}, term("noise-floor", "noise floor"), " of the peak ", exact(evidence.noise)));
  return make("div", {}, table("Gates", heads, rows), make("p", { className: "aside" }, ...facts.flatMap((fact, at) => (at ? ["; ", fact] : [fact])), "."));
}

/** That gates of two sizes are of what is left of both, and make no verdict. */
function restInWords({ aligned, rest }) {
  const what = aligned === "bands" ? "what is left without the marked bands" : "the part that both images have";
  return `The sizes make the verdict; these values are of ${what}: ${rest}`;
}

/** How far a value goes towards the limit that fails: the line is that limit. */
function gauge(gate) {
  const level = gate.fail ?? gate.warn;
  const bar = make("i", { className: "gauge", status: gate.status, "aria-hidden": "true" });
  if (!level) return bar;
  const filled = make("i");
  filled.style.width = `${Math.min(100, (100 * gate.value) / (1.5 * level))}%`;
  bar.append(filled);
  return bar;
}

function placeButton(gate, showBox) {
  const button = make("button", { type: "button", className: "link", title: "Show this place" }, boxText(gate.at));
  button.addEventListener("click", () => showBox(gate.at));
  return button;
}

function thresholdOf(entry) {
  if (entry.distance === null) return null;
  const limit = entry.threshold === null ? "no limit was given" : `threshold ${short(entry.threshold)}`;
  return make("p", { className: "aside" }, term("distance"), " ", exact(entry.distance), `; ${limit}`);
}

function regionTable(evidence, showRegion) {
  const rows = evidence.regions.map((region, index) => {
    const button = make(
      "button", { type: "button", className: "link", title: "Show this region" }, boxText(region.box),
    );
    button.addEventListener("click", () => showRegion(index));
    return {
      status: region.status,
      cells: [
        make("b", { className: "tag" }, String(index + 1)),
        button,
        badge(region.status),
        share(region.share),
        exact(region.distance, "", 4),
        exact(region.peak, "", 4),
        exact(region.colour, "ΔE", 4),
        region.pixels.toLocaleString("en"),
        kindOf(region),
      ],
    };
  });
  const heads = [["", "tagged"], ["x,y,width,height"], ["Status"], [term("share", "Share")],
    [term("distance", "Distance"), "right"], [term("peak", "Peak"), "right"], [term("colour", "Colour"), "right"], ["Pixels", "right"], [term("kind", "Kind of change")]];
  const more = evidence.regions_in_all - evidence.regions.length;
  return make("div", {}, table("Regions", heads, rows),
    more > 0 ? make("p", { className: "aside" }, `and ${counted(more, "smaller region")}.`) : null,
    make("p", { id: "within", className: "aside", hidden: true }));
}

/** Marks the region that was chosen, if any, and tells which layers see it. */
function markRegion(regions, chosen) {
  byId("regions").querySelectorAll("tbody tr").forEach((row, index) => row.classList.toggle("chosen", index === chosen));
  const within = byId("within");
  if (!within) return;
  const region = regions[chosen];
  const parts = region ? Object.entries(region.layers) : [];
  within.hidden = !parts.length;
  const told = parts.flatMap(([tap, value], at) => [at ? ", " : "", term(`tap-${tap}`, tap), " ", exact(value, "", 4)]);
  within.replaceChildren(`Region ${chosen + 1} by layer: `, ...told, ".");
}

function share(value) {
  const bar = make("i", { "aria-hidden": "true" });
  bar.style.width = `${100 * (value ?? 0)}%`;
  return make("span", { className: "share" }, make("span", { className: "bar" }, bar), percent(value));
}

function layerTable(entry) {
  const rows = entry.layers.map((layer) => ({
    cells: [
      make("code", {}, term(`tap-${layer.name}`, layer.name)),
      `${layer.channels} × ${layer.height} × ${layer.width}`,
      share(layer.share),
      exact(layer.contribution),
      exact(layer.distance),
      exact(layer.weight),
    ],
  }));
  const heads = [[term("layer", "Layer")], ["C × H × W"], [term("share", "Share")],
    [term("contribution", "Contribution"), "right"], [term("distance", "Distance"), "right"],
    [term("weight", "Weight"), "right"]];
  const sum = `The contributions sum to the distance ${short(entry.distance)}.`;
  return make("div", {}, table("Layers", heads, rows), make("p", { className: "aside" }, sum));
}

/** Every frame, on every ground, at every exposure, the worst first. */
function viewTable(entry) {
  const rows = entry.views.map((view) => ({
    status: view.status,
    cells: [view.name, badge(view.status), exact(view.distance), view.reason],
  }));
  const heads = [["View"], ["Status"], [term("distance", "Distance"), "right"], ["Why"]];
  const more = entry.views_in_all - entry.views.length;
  const shown = `Images, regions and layers are those of the first view.${more ? ` ${more} more views, none of them worse, are not listed.` : ""}`;
  return make("div", {}, table("Views", heads, rows), make("p", { className: "aside" }, shown));
}

function commandLine({ label, text }) {
  const code = make("code", {}, text);
  const button = make("button", { type: "button", "aria-label": `Copy: ${label}` }, "Copy");
  button.addEventListener("click", async () => {
    const done = await copied(text, code);
    button.textContent = done ? "Copied" : "Press Ctrl+C";
    say(done ? "Copied the command" : "The command is selected");
    setTimeout(() => (button.textContent = "Copy"), 2000);
  });
  return make("div", { className: "command" }, make("span", {}, label), make("pre", { role: "group", "aria-label": label }, code), button);
}

async function copied(text, code) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // No right to the clipboard: the selection is the next best.
    getSelection().selectAllChildren(code);
    return document.execCommand("copy");
  }
}

function fileList(entry) {
  const parts = [];
  for (const role of ROLES) {
    const side = entry.sides[role];
    const file = side ? make("a", { href: side.address, target: "_blank", rel: "noopener" }, side.path) : "none";
    parts.push(make("div", {}, make("dt", {}, role), make("dd", {}, side && side.gone ? side.path : file)));
  }
  if (entry.width) {
    parts.push(make("div", {}, make("dt", {}, "size"), make("dd", {}, `${entry.width} × ${entry.height} pixels`)));
  }
  const fit = entry.evidence && entry.evidence.fit;
  if (fit) {
    const [before, now] = ROLES.map((role) => fit[role].join(" × "));
    parts.push(make("div", {}, make("dt", {}, "sizes"), make("dd", {}, `${before} → ${now} pixels`)));
  }
  return make("dl", { className: "files" }, ...parts);
}
