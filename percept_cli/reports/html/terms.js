// Explanations of terms: on hover, on focus and by a tap. The texts are those of terms.py.

const explanation = byId("explanation");

/** A term that explains itself. Without an explanation it is plain text. */
function term(name, text = name) {
  if (!setting.terms[name]) return make("span", {}, text);
  const button = make("button", { type: "button", className: "term", "aria-describedby": `term-${name}` }, text);
  button.dataset.term = name;
  return button;
}

const explained = {
  of: null, // the term whose explanation is open
  timer: 0,

  show(button) {
    clearTimeout(this.timer);
    if (this.of === button) return;
    this.hide();
    this.of = button;
    button.classList.add("open");
    explanation.textContent = setting.terms[button.dataset.term];
    if (explanation.showPopover) explanation.showPopover(); // above all, cut off by nothing
    else explanation.classList.add("open");
    this.place();
  },

  hide() {
    clearTimeout(this.timer);
    if (!this.of) return;
    this.of.classList.remove("open");
    this.of = null;
    if (explanation.hidePopover) explanation.hidePopover();
    else explanation.classList.remove("open");
  },

  /** Soon, so that the pointer has time to move onto the explanation; never while the term has the focus. */
  leave() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      if (this.of !== document.activeElement) this.hide();
    }, 250);
  },

  /** Below its term or above it, within the window; gone with a term that is scrolled away. */
  place() {
    if (!this.of) return;
    const at = this.of.getBoundingClientRect();
    const frame = this.of.closest(".wide, .detail");
    const { left = 0, right = innerWidth } = frame ? frame.getBoundingClientRect() : {};
    if (!at.width || at.bottom < 0 || at.top > innerHeight || at.right < left || at.left > right) {
      this.hide();
      return;
    }
    const { offsetWidth: width, offsetHeight: height } = explanation;
    const below = at.bottom + 6;
    const above = at.top - height - 6;
    const top = below + height > innerHeight - 8 && above >= 8 ? above : below;
    const limit = document.documentElement.clientWidth - width - 8;
    explanation.style.left = `${Math.max(8, Math.min(at.left, limit))}px`;
    explanation.style.top = `${Math.max(8, Math.min(top, innerHeight - height - 8))}px`;
  },
};

function connectTerms() {
  // What screen readers say of a term lies in the page at all times.
  const texts = Object.entries(setting.terms).map(([name, text]) => make("span", { id: `term-${name}` }, text));
  byId("terms").replaceChildren(...texts);
  for (const place of document.querySelectorAll("span[data-term]")) {
    place.replaceWith(term(place.dataset.term, place.textContent));
  }
  const termAt = (event) => (event.target instanceof Element ? event.target.closest(".term") : null);
  document.addEventListener("pointerover", (event) => {
    const button = termAt(event);
    if (event.pointerType !== "touch" && button) explained.show(button);
    else if (explanation.contains(event.target)) clearTimeout(explained.timer);
  });
  document.addEventListener("pointerout", (event) => {
    if (event.pointerType !== "touch" && (termAt(event) || explanation.contains(event.target))) explained.leave();
  });
  document.addEventListener("focusin", (event) => {
    const button = termAt(event);
    if (button && button.matches(":focus-visible")) explained.show(button);
  });
  document.addEventListener("focusout", (event) => {
    if (termAt(event) === explained.of) explained.hide();
  });
  document.addEventListener("click", (event) => {
    const button = termAt(event);
    if (button) explained.show(button);
  });
  document.addEventListener("pointerdown", (event) => {
    if (!termAt(event) && !explanation.contains(event.target)) explained.hide();
  });
  // It may lie on the next term, and a finger cannot leave it.
  explanation.addEventListener("click", () => explained.hide());
  explanation.addEventListener("mousedown", (event) => event.preventDefault()); // the focus stays on the term
  // Before anything else that Escape leaves.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !explained.of) return;
    explained.hide();
    event.preventDefault();
    event.stopPropagation();
  }, { capture: true });
  addEventListener("scroll", () => explained.place(), { capture: true, passive: true });
  addEventListener("resize", () => explained.place());
}
