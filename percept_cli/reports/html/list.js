// The list: one row per result, made once; searching and sorting only hide and move them.

/** What the row of an entry says beside its status: what it is above, and the limit; else its distance. */
function score({ status, exceeded, distance }) {
  if (exceeded) {
    const { name, value, unit, limit } = exceeded;
    const [told, most] = beside(value, limit);
    const title = `${name} ${value}${unit && ` ${unit}`}, limit ${limit}`;
    // "changed-pixels 80 pixels" would say it twice, in a row that has no room for it.
    const after = unit && unit !== "pixels" ? ` ${unit}` : "";
    const over = make("span", { title }, `${name} ${told}${after}`);
    return [over, make("small", { title }, `limit ${most}`)];
  }
  if (distance === null) return status === "fail" ? ["not compared"] : [];
  return [make("span", { title: `distance ${distance}` }, short(distance, 4))];
}

class List {
  /**
   * @param choose - what a click on the row of an index does
   * @param settle - called when other rows are shown than before
   */
  constructor(choose, settle) {
    this.choose = choose;
    this.settle = settle;
    this.element = byId("list");
    this.current = -1;
    this.words = [];
    this.statuses = new Set();
    // Pictures are only asked for when their row comes near, whatever a browser makes of loading=lazy for data:.
    this.watcher = new IntersectionObserver((seen) => this.load(seen), { rootMargin: "300px" });
    this.rows = entries.map((entry, index) => this.row(entry, index));
    this.search = entries.map((entry) => entry.name.toLowerCase());
    this.order = entries.map((_, index) => index);
    this.shown = this.order;
    this.sort("status");
    this.connect();
  }

  connect() {
    this.element.addEventListener("click", (event) => {
      const row = event.target.closest("a");
      if (!row || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      this.choose(Number(row.dataset.index));
    });
    const look = once(80, () => this.filter());
    byId("search").addEventListener("input", look);
    byId("sort").addEventListener("change", (event) => this.sort(event.target.value));
    for (const button of document.querySelectorAll(".count")) {
      button.addEventListener("click", () => this.toggle(button));
    }
    byId("reset").addEventListener("click", () => {
      this.reset();
      byId("search").focus();
    });
  }

  row(entry, index) {
    const cut = entry.name.lastIndexOf("/") + 1;
    const thumb = make("span", { className: "thumb" });
    if (ROLES.some((role) => entry.sides[role] && entry.sides[role].show)) {
      thumb.dataset.index = index;
      this.watcher.observe(thumb);
    }
    const link = make(
      "a",
      { href: `#${encodeURIComponent(entry.name)}`, title: entry.name, className: "row" },
      thumb,
      make("span", { className: "names" },
        make("span", { className: "base" }, entry.name.slice(cut)),
        make("span", { className: "dir" }, entry.name.slice(0, cut))),
      make("span", { className: "score" },
        badge(entry.status),
        make("span", { className: "number" }, ...score(entry))),
    );
    link.dataset.index = index;
    return make("li", {}, link);
  }

  load(seen) {
    for (const { isIntersecting, target } of seen) {
      if (!isIntersecting) continue;
      this.watcher.unobserve(target);
      const { sides } = entries[target.dataset.index];
      const address = source(sides.candidate) || source(sides.reference);
      const picture = make("img", { alt: "", loading: "lazy", decoding: "async", src: address });
      picture.addEventListener("error", () => picture.remove());
      target.append(picture);
    }
  }

  sort(by) {
    const rank = (index) => setting.order.indexOf(entries[index].status);
    const distance = (index) => entries[index].distance ?? -1;
    const byName = new Intl.Collator("en", { numeric: true }).compare;
    const names = (one, other) => byName(entries[one].name, entries[other].name) || one - other;
    const severity = (index) => entries[index].severity ?? Infinity;
    const farthest = (one, other) => distance(other) - distance(one) || names(one, other);
    // Two that are infinite differ by nothing, and not by NaN.
    const worst = (one, other) => (severity(one) === severity(other) ? 0 : severity(other) - severity(one));
    // As results.pair.badness has it: of two that are infinitely bad, those that were not compared come first.
    const compared = (one, other) => (distance(one) >= 0) - (distance(other) >= 0);
    const keys = {
      name: names,
      distance: farthest,
      status: (one, other) => rank(one) - rank(other) || worst(one, other) || compared(one, other) || farthest(one, other),
    };
    this.order.sort(keys[by]);
    this.element.replaceChildren(...this.order.map((index) => this.rows[index]));
    this.filter();
  }

  filter() {
    this.words = byId("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    this.shown = this.order.filter((index) => this.fits(index));
    const shown = new Set(this.shown);
    this.rows.forEach((row, index) => (row.hidden = !shown.has(index)));
    const all = counted(entries.length, "image");
    byId("found").textContent =
      shown.size === entries.length ? all : `Showing ${shown.size.toLocaleString("en")} of ${all}`;
    byId("none").hidden = shown.size > 0 || !entries.length;
    this.element.hidden = !byId("none").hidden;
    this.tellPlace();
    if (this.current >= 0) this.settle();
  }

  fits(index) {
    if (this.statuses.size && !this.statuses.has(entries[index].status)) return false;
    return this.words.every((word) => this.search[index].includes(word));
  }

  toggle(button) {
    const { status } = button.dataset;
    if (!this.statuses.delete(status)) this.statuses.add(status);
    button.setAttribute("aria-pressed", this.statuses.has(status));
    this.filter();
  }

  reset() {
    byId("search").value = "";
    this.statuses.clear();
    for (const button of document.querySelectorAll(".count")) button.setAttribute("aria-pressed", "false");
    this.filter();
  }

  /** The index that is so many shown rows further, or null at the ends. */
  neighbour(step) {
    const place = this.shown.indexOf(this.current);
    if (place < 0) return this.shown[0] ?? null;
    return this.shown[place + step] ?? null;
  }

  mark(index, focus) {
    if (this.current >= 0) this.rows[this.current].firstChild.removeAttribute("aria-current");
    this.current = index;
    const link = this.rows[index].firstChild;
    link.setAttribute("aria-current", "true");
    if (focus) link.focus({ preventScroll: true });
    link.scrollIntoView({ block: "nearest" });
    this.tellPlace();
  }

  tellPlace() {
    const place = this.shown.indexOf(this.current);
    byId("place").textContent = place < 0 ? "" : `${(place + 1).toLocaleString("en")} of ${this.shown.length.toLocaleString("en")}`;
    byId("previous").disabled = this.neighbour(-1) === null;
    byId("next").disabled = this.neighbour(1) === null;
  }
}
