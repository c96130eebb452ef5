// The page as a whole: which image is shown, keys, the theme.

connectTerms();
const viewer = new Viewer(byId("stage"));
const list = new List((index) => show(index, { open: true }), settle);
const keys = byId("keys");

function show(index, { open = false, focus = false } = {}) {
  const entry = entries[index];
  if (open) document.body.dataset.panel = "detail";
  list.mark(index, focus);
  byId("shown").hidden = false;
  byId("name").textContent = entry.name;
  byId("badge").replaceWith(Object.assign(badge(entry.status), { id: "badge" }));
  byId("reason").textContent = entry.reason;
  showFacts(entry, (box) => viewer.show(box), (region) => viewer.chooseRegion(region));
  viewer.load(entry);
  say(`${entry.name}: ${entry.status}`);
  const address = `#${encodeURIComponent(entry.name)}`;
  if (location.hash !== address) attempt(() => history.replaceState(null, "", address));
  if (open && isNarrow()) scrollTo(0, 0);
  else byId("detail").scrollTop = 0;
}

/** What is seen is always in the list: the image that was shown, or else the first one; nothing if there is none. */
function settle() {
  if (list.shown.includes(list.current)) byId("shown").hidden = false;
  else if (list.shown.length) show(list.shown[0]);
  else byId("shown").hidden = true;
}

/** What a page in a foreign frame, or from a disk, may not be allowed to do. */
function attempt(action) {
  try {
    return action();
  } catch {
    return null;
  }
}

function step(by) {
  const index = list.neighbour(by);
  if (index !== null) show(index, { focus: byId("list").contains(document.activeElement) });
}

function isNarrow() {
  return matchMedia("(max-width: 839px)").matches;
}

function backToList() {
  document.body.dataset.panel = "list";
  list.mark(list.current, true);
}

function fromAddress() {
  let name = "";
  try {
    name = decodeURIComponent(location.hash.slice(1));
  } catch {
    return -1; // someone else's
  }
  return entries.findIndex((entry) => entry.name === name);
}

/** Escape leaves one thing at a time, the innermost first. */
function leave() {
  if (document.activeElement === byId("search")) {
    byId("search").value = "";
    byId("search").blur();
    list.filter();
  } else if (!viewer.leave() && isNarrow() && document.body.dataset.panel === "detail") {
    backToList();
  }
}

function isWriting(target) {
  return target.matches("input[type=search], select");
}

const ACTIONS = {
  j: () => step(1),
  k: () => step(-1),
  1: () => viewer.setMode("sides"),
  2: () => viewer.setMode("slider"),
  3: () => viewer.setMode("blink"),
  4: () => viewer.setMode("heat"),
  n: () => viewer.stepRegion(1),
  p: () => viewer.stepRegion(-1),
  r: () => byId("boxes").click(),
  "+": () => viewer.zoom(1.5),
  "=": () => viewer.zoom(1.5),
  "-": () => viewer.zoom(1 / 1.5),
  0: () => viewer.fit(),
  "/": () => {
    document.body.dataset.panel = "list";
    byId("search").select();
    byId("search").focus();
  },
  "?": () => keys.showModal(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || keys.open) return;
  if (event.key === "Escape") {
    leave();
    return;
  }
  // In the list the arrows do what j and k do everywhere.
  const keysOfList = byId("list").contains(event.target) ? { ArrowDown: "j", ArrowUp: "k" } : {};
  const action = ACTIONS[keysOfList[event.key] || event.key];
  if (!action || isWriting(event.target)) return;
  event.preventDefault();
  action();
});

byId("next").addEventListener("click", () => step(1));
byId("previous").addEventListener("click", () => step(-1));
byId("back").addEventListener("click", backToList);
byId("help").addEventListener("click", () => keys.showModal());
addEventListener("hashchange", () => {
  const index = fromAddress();
  if (index < 0 || (index === list.current && !byId("shown").hidden)) return;
  if (!list.shown.includes(index)) list.reset();
  show(index, { open: true });
});

// The theme: the system's, until it is switched by hand.
const THEME = "percept-theme";
function setTheme(theme) {
  if (theme) document.documentElement.dataset.theme = theme;
  const dark = (theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  byId("theme").textContent = dark ? "Light" : "Dark";
  byId("theme").setAttribute("aria-label", dark ? "Light theme" : "Dark theme");
}
byId("theme").addEventListener("click", () => {
  const theme = byId("theme").textContent.toLowerCase();
  attempt(() => localStorage.setItem(THEME, theme));
  setTheme(theme);
});
setTheme(attempt(() => localStorage.getItem(THEME)));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => setTheme(document.documentElement.dataset.theme));

for (const part of document.querySelectorAll(".shares i")) part.style.flexGrow = part.dataset.count;
if (isNarrow()) document.querySelector(".about").open = false;
addEventListener("beforeprint", () => (document.querySelector(".about").open = true));

if (entries.length) {
  const linked = fromAddress();
  if (linked < 0 && !list.shown.length) list.reset(); // a search that the browser remembers
  if (linked >= 0 && !list.shown.includes(linked)) list.reset();
  show(linked >= 0 ? linked : list.shown[0], { open: linked >= 0 });
}
