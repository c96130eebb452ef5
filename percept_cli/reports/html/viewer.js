// The pictures of one image: two panes that share one view, so that both always show the same place.

const BLINK_EVERY = 700; // milliseconds; well below three changes a second
const PAPER = { width: 320, height: 300 }; // CSS pixels of a pane in print, as in viewer.css
const LARGEST_SCALE = 32; // screen pixels per picture pixel
const still = matchMedia("(prefers-reduced-motion: reduce)");

class Viewer {
  constructor(stage) {
    this.stage = stage;
    this.mode = "sides";
    this.view = { scale: 1, x: 0, y: 0 };
    this.size = { width: 1, height: 1 };
    this.fitted = true;
    this.cut = 0.5; // where the candidate begins in the slider, as a share of the pane
    this.flipped = false; // blink: the candidate is on top
    this.timer = 0;
    this.region = -1;
    this.spot = null; // a place that was asked for and is no region
    this.entry = null;
    this.sizes = null; // of two sizes, how they lie on each other
    this.panes = [this.pane("reference"), this.pane("candidate")];
    this.handle = this.makeHandle();
    this.panes[0].element.append(this.handle);
    stage.append(...this.panes.map((pane) => pane.element));
    this.connect();
  }

  /** A pane: the sheet that moves, marks above it that keep their line width, and a caption. */
  pane(role) {
    const sheet = make("div", { className: "sheet" });
    const marks = make("div", { className: "marks" });
    const caption = make("span", { className: "caption" });
    const element = make("div", { className: "pane" }, sheet, marks, caption);
    element.dataset.role = role;
    return { role, element, sheet, marks, caption, shots: {} };
  }

  makeHandle() {
    const handle = make("div", {
      className: "handle", role: "slider", tabIndex: 0, "aria-label": "Where the candidate begins",
      "aria-valuemin": 0, "aria-valuemax": 100, "aria-orientation": "horizontal",
    });
    const steps = { ArrowLeft: -0.02, ArrowRight: 0.02, Home: -1, End: 1 };
    handle.addEventListener("keydown", (event) => {
      if (!(event.key in steps)) return;
      event.preventDefault();
      event.stopPropagation();
      this.setCut(this.cut + steps[event.key]);
    });
    handle.addEventListener("pointerdown", (event) => {
      event.stopPropagation();
      handle.setPointerCapture(event.pointerId);
    });
    handle.addEventListener("pointermove", (event) => {
      if (!handle.hasPointerCapture(event.pointerId)) return;
      const frame = this.panes[0].element.getBoundingClientRect();
      this.setCut((event.clientX - frame.left) / frame.width);
    });
    return handle;
  }

  connect() {
    for (const button of document.querySelectorAll(".modes button")) {
      button.addEventListener("click", () => this.setMode(button.dataset.mode));
    }
    byId("in").addEventListener("click", () => this.zoom(1.5));
    byId("out").addEventListener("click", () => this.zoom(1 / 1.5));
    byId("fit").addEventListener("click", () => this.fit());
    byId("real").addEventListener("click", () => this.zoomTo(1 / devicePixelRatio));
    byId("boxes").addEventListener("change", () => this.draw());
    byId("opacity").addEventListener("input", () => this.draw());
    byId("play").addEventListener("click", () => this.blink(!this.timer));
    byId("switch").addEventListener("click", () => this.flip());
    still.addEventListener("change", () => this.blink(this.mode === "blink" && !still.matches));
    new ResizeObserver(() => (this.fitted ? this.fit() : this.draw())).observe(this.stage);
    connectPointers(this);
  }

  // What is shown

  load(entry) {
    this.entry = entry;
    this.spot = null;
    this.region = -1;
    this.flipped = false;
    const roles = ROLES.filter((role) => entry.sides[role]);
    // Where there is nothing to see, there is only something to say.
    this.sizes = entry.evidence && entry.evidence.fit;
    const visible = Boolean(entry.width || this.sizes) || roles.some((role) => entry.sides[role].show);
    byId("viewer").hidden = !roles.length;
    this.stage.hidden = !visible;
    document.querySelector(".tools").hidden = !visible;
    this.size = this.sizes ? sizeOfBoth(this.sizes) : { width: entry.width || 1, height: entry.height || 1 };
    const heat = entry.evidence && entry.evidence.heat;
    for (const pane of this.panes) {
      pane.shots = {};
      for (const role of pane.role === "reference" ? roles : roles.filter((one) => one === "candidate")) {
        pane.shots[role] = this.shot(role, entry);
      }
      if (heat && pane.role === "reference") pane.shots.heat = heatShot(heat);
      pane.sheet.replaceChildren(...Object.values(pane.shots));
      this.makeMarks(pane);
    }
    const both = roles.length === 2;
    for (const button of document.querySelectorAll(".modes button")) {
      const { mode } = button.dataset;
      button.disabled = mode === "heat" ? !heat : mode !== "sides" && !both;
    }
    document.querySelector(".regional").hidden = !(entry.evidence && entry.evidence.regions.length);
    this.showNotes(entry);
    this.showLegend(heat);
    this.apply();
    this.fit();
  }

  shot(role, entry) {
    const address = source(entry.sides[role]);
    if (!address) return make("span", { className: `shot blank ${role}` });
    const picture = make("img", { alt: role, className: `shot ${role}`, draggable: false, decoding: "async" });
    picture.addEventListener("load", () => {
      const { naturalWidth: width, naturalHeight: height } = picture;
      picture.style.width = `${width}px`;
      picture.style.height = `${height}px`;
      if (entry !== this.entry || (width <= this.size.width && height <= this.size.height)) return;
      // A picture that was not compared tells its size only now.
      this.size = { width: Math.max(width, this.size.width), height: Math.max(height, this.size.height) };
      if (this.fitted) this.fit();
    });
    picture.addEventListener("error", () => {
      const side = { ...entry.sides[role], show: false, note: "this browser cannot show the file" };
      entry.sides[role] = side;
      picture.replaceWith(make("span", { className: `shot blank ${role}` }));
      if (entry === this.entry) this.showNotes(entry);
    });
    picture.src = address;
    return picture;
  }

  showNotes(entry) {
    const notes = [];
    for (const role of ROLES) {
      const side = entry.sides[role];
      if (!side) continue;
      let note = side.note;
      if (!note && !side.show && setting.pictures === "none") note = "this page was made without images";
      if (!note) continue;
      const open = make("a", { href: side.address, target: "_blank", rel: "noopener" }, "open the file");
      notes.push(make("li", {}, make("b", {}, `${role}: `), note, ...(side.gone ? [] : [" – ", open])));
    }
    byId("notes").replaceChildren(...notes);
  }

  showLegend(heat) {
    const legend = byId("legend");
    legend.dataset.has = heat ? "yes" : "no";
    if (!heat) return;
    legend.querySelector("img").src = setting.legend;
    const ticks = [0, 0.25, 0.5, 0.75, 1].map((place) => {
      const value = Number((heat.top * place * place).toPrecision(3));
      const tick = make("span", {}, place === 1 ? `≥ ${value}` : String(value));
      tick.style.left = `${100 * place}%`;
      return tick;
    });
    legend.querySelector(".ticks").replaceChildren(...ticks);
  }

  setMode(mode) {
    const button = document.querySelector(`.modes button[data-mode=${mode}]`);
    if (button.disabled) return;
    this.mode = mode;
    this.apply();
    if (this.fitted) this.fit();
    else this.draw();
  }

  /** Puts the mode into effect; an image that has no such view is shown two-up until the next that has. */
  apply() {
    const wanted = document.querySelector(`.modes button[data-mode=${this.mode}]`);
    const mode = wanted.disabled ? "sides" : this.mode;
    this.effective = mode;
    for (const button of document.querySelectorAll(".modes button")) {
      button.setAttribute("aria-pressed", button.dataset.mode === mode);
    }
    for (const tool of document.querySelectorAll(".only")) tool.hidden = tool.dataset.for !== mode;
    byId("legend").hidden = mode !== "heat";
    this.stage.dataset.mode = mode;
    const sides = this.entry ? this.entry.sides : {};
    this.panes[0].element.hidden = mode === "sides" && !sides.reference;
    this.panes[1].element.hidden = mode !== "sides" || !sides.candidate;
    this.blink(mode === "blink" && !still.matches);
  }

  blink(on) {
    clearInterval(this.timer);
    this.timer = on ? setInterval(() => this.flip(), BLINK_EVERY) : 0;
    byId("play").textContent = on ? "Pause" : "Play";
    byId("play").setAttribute("aria-pressed", Boolean(on));
    this.draw();
  }

  flip() {
    this.flipped = !this.flipped;
    this.draw();
  }

  setCut(share) {
    this.cut = Math.min(1, Math.max(0, share));
    this.draw();
  }

  // Where one looks

  frame() {
    const pane = this.panes.find(({ element }) => !element.hidden);
    return pane ? pane.element.getBoundingClientRect() : this.stage.getBoundingClientRect();
  }

  fit() {
    const frame = this.frame();
    const pixel = 1 / devicePixelRatio;
    let scale = Math.min(frame.width / this.size.width, frame.height / this.size.height);
    // Whole pixels where there is room for more than the picture has.
    if (scale > pixel) scale = pixel * Math.min(8, Math.floor(scale / pixel));
    this.centre(this.size.width / 2, this.size.height / 2, scale, true);
  }

  /** Shows a place of the picture with something around it. */
  show(box) {
    const frame = this.frame();
    const room = 0.5; // of the pane, for the place itself
    const fits = Math.min((room * frame.width) / box.width, (room * frame.height) / box.height);
    const scale = Math.min(fits, 16 / devicePixelRatio);
    this.spot = box;
    this.centre(box.x + box.width / 2, box.y + box.height / 2, scale);
    this.stage.scrollIntoView({ block: "nearest" });
  }

  centre(x, y, scale, fitted = false) {
    const frame = this.frame();
    this.view = { scale, x: frame.width / 2 - x * scale, y: frame.height / 2 - y * scale };
    this.fitted = fitted;
    this.draw();
  }

  zoom(factor, at) {
    this.zoomTo(this.view.scale * factor, at);
  }

  zoomTo(scale, at) {
    const frame = this.frame();
    const place = at || { x: frame.width / 2, y: frame.height / 2 };
    const least = Math.min(1, 20 / Math.max(this.size.width, this.size.height));
    scale = Math.min(LARGEST_SCALE / devicePixelRatio, Math.max(least, scale));
    const { view } = this;
    view.x = place.x - ((place.x - view.x) * scale) / view.scale;
    view.y = place.y - ((place.y - view.y) * scale) / view.scale;
    view.scale = scale;
    this.fitted = false;
    this.draw();
  }

  move(x, y) {
    this.view.x += x;
    this.view.y += y;
    this.fitted = false;
    this.draw();
  }

  /** Leaves a region, then the zoom; whether there was either. */
  leave() {
    if (this.region < 0 && this.fitted) return false;
    this.region = -1;
    this.spot = null;
    this.fit();
    return true;
  }

  // Regions

  makeMarks(pane) {
    const regions = this.entry.evidence ? this.entry.evidence.regions : [];
    const marks = regions.map((region, index) => {
      const label = `Region ${index + 1}: ${kindOf(region)}, ${percent(region.share)} of the distance, ${region.status}`;
      const mark = make("button", { type: "button", className: "mark", status: region.status, title: label },
        make("b", {}, String(index + 1)));
      mark.setAttribute("aria-label", label);
      // In both panes there is one, but one is enough on the way with the tabulator.
      if (pane.role === "candidate" && this.entry.sides.reference) mark.tabIndex = -1;
      mark.addEventListener("click", () => this.chooseRegion(index));
      return mark;
    });
    pane.spot = make("div", { className: "spot", hidden: true });
    pane.bands = this.sizes ? ROLES.flatMap((role) =>
      bandsIn(this.sizes, role).map((band) => ({ role, box: band.box, element: makeBand(band) }))) : [];
    pane.marks.replaceChildren(...pane.bands.map((band) => band.element), ...marks, pane.spot);
    pane.boxes = regions.map((region) => region.box);
  }

  chooseRegion(index) {
    this.region = index;
    byId("boxes").checked = true;
    this.show(this.entry.evidence.regions[index].box);
    this.spot = null;
    this.draw();
  }

  stepRegion(by) {
    const count = this.entry && this.entry.evidence ? this.entry.evidence.regions.length : 0;
    if (count) this.chooseRegion((Math.max(this.region, by > 0 ? -1 : 0) + by + count) % count);
  }

  // Drawing

  draw() {
    if (!this.entry) return;
    this.keepInSight();
    const { view, effective: mode } = this;
    const pixels = view.scale * devicePixelRatio;
    byId("scale").textContent = `${Math.round(100 * pixels)} %`;
    this.stage.classList.toggle("pixels", pixels > 1);
    this.stage.classList.toggle("whole", this.fitted);
    this.stage.style.setProperty("--heat", byId("opacity").value / 100);
    const paper = Math.min(PAPER.width / this.size.width, PAPER.height / this.size.height);
    this.stage.style.setProperty("--on-paper", paper);
    const boxes = byId("boxes").checked;
    for (const pane of this.panes) {
      const { sheet } = pane;
      const role = this.roleIn(pane, mode);
      const [width, height] = this.sizes && mode === "sides" ? this.sizes[role] : [this.size.width, this.size.height];
      sheet.style.width = `${width}px`;
      sheet.style.height = `${height}px`;
      sheet.style.transform = `translate(${view.x}px, ${view.y}px) scale(${view.scale})`;
      pane.marks.classList.toggle("off", !boxes);
      [...pane.marks.querySelectorAll(".mark")].forEach((mark, index) => {
        this.place(mark, this.boxIn(role, pane.boxes[index]));
        mark.classList.toggle("chosen", index === this.region);
      });
      pane.spot.hidden = !this.spot;
      if (this.spot) this.place(pane.spot, this.boxIn(role, this.spot));
      for (const band of pane.bands) {
        band.element.hidden = band.role !== role;
        this.place(band.element, band.box, 0);
      }
      pane.caption.textContent = this.captionOf(pane, mode);
    }
    this.drawModes(mode);
    markRegion(this.entry.evidence ? this.entry.evidence.regions : [], this.region);
  }

  drawModes(mode) {
    const { reference, candidate } = this.panes[0].shots;
    const frame = this.panes[0].element.getBoundingClientRect();
    const cut = (this.cut * frame.width - this.view.x) / this.view.scale;
    this.handle.hidden = mode !== "slider";
    this.handle.style.left = `${100 * this.cut}%`;
    this.handle.setAttribute("aria-valuenow", Math.round(100 * this.cut));
    if (reference) {
      reference.style.clipPath = mode === "slider" ? `inset(0 ${this.size.width - cut}px 0 0)` : "";
      reference.style.visibility = mode === "heat" || (mode === "blink" && this.flipped) ? "hidden" : "";
    }
    if (candidate) {
      const under = mode === "sides" || (mode === "blink" && !this.flipped);
      candidate.style.clipPath = mode === "slider" ? `inset(0 0 0 ${cut}px)` : "";
      candidate.style.visibility = under && reference ? "hidden" : "";
    }
  }

  captionOf(pane, mode) {
    const side = this.entry.sides[pane.role];
    if (mode === "sides") return side && side.changed && side.show ? `${pane.role}, changed since the comparison` : pane.role;
    if (mode === "slider") return "reference │ candidate";
    if (mode === "blink") return this.flipped ? "candidate" : "reference";
    return "heat map over the candidate";
  }

  /** Whose places a pane shows: of two sizes, the same thing may be elsewhere in the other image. */
  roleIn(pane, mode) {
    if (mode === "sides") return pane.role;
    return mode === "blink" && !this.flipped ? "reference" : "candidate";
  }

  boxIn(role, box) {
    return this.sizes && role === "reference" ? inReference(this.sizes, box) : box;
  }

  place(element, box, least = 8) {
    const { scale, x, y } = this.view;
    element.style.left = `${x + box.x * scale}px`;
    element.style.top = `${y + box.y * scale}px`;
    element.style.width = `${Math.max(least, box.width * scale)}px`;
    element.style.height = `${Math.max(least, box.height * scale)}px`;
  }

  /** Some of the picture always stays in its pane. */
  keepInSight() {
    const frame = this.frame();
    const { view, size } = this;
    const margin = 32;
    view.x = Math.min(frame.width - margin, Math.max(margin - size.width * view.scale, view.x));
    view.y = Math.min(frame.height - margin, Math.max(margin - size.height * view.scale, view.y));
  }
}

function heatShot(heat) {
  const picture = make("img", { alt: "heat map", className: "heat", draggable: false, src: heat.address });
  picture.style.width = `${heat.width * heat.stride}px`;
  picture.style.height = `${heat.height * heat.stride}px`;
  return picture;
}
