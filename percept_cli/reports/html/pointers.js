// Mouse, fingers, wheel and keys on the pictures.

function connectPointers(viewer) {
  const { stage } = viewer;
  const down = new Map(); // pointer → where it is

  const within = (event) => {
    const pane = event.target.closest(".pane") || stage;
    const frame = pane.getBoundingClientRect();
    return { x: event.clientX - frame.left, y: event.clientY - frame.top };
  };

  stage.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || event.target.closest(".mark, .handle")) return;
    down.set(event.pointerId, within(event));
    event.target.setPointerCapture(event.pointerId);
    stage.classList.add("held");
  });
  stage.addEventListener("pointermove", (event) => {
    const before = down.get(event.pointerId);
    if (!before) return;
    const now = within(event);
    const other = [...down].find(([id]) => id !== event.pointerId);
    if (other) pinch(viewer, before, now, other[1]);
    else if (event.pointerType !== "touch" || !viewer.fitted) viewer.move(now.x - before.x, now.y - before.y);
    down.set(event.pointerId, now);
  });
  for (const end of ["pointerup", "pointercancel"]) {
    stage.addEventListener(end, (event) => {
      down.delete(event.pointerId);
      stage.classList.toggle("held", down.size > 0);
    });
  }

  stage.addEventListener("wheel", (event) => {
    // The plain wheel belongs to the page where that scrolls; a pinch on a touchpad comes as Ctrl and wheel.
    if (!event.ctrlKey && !event.metaKey && scrolls(stage)) return;
    event.preventDefault();
    viewer.zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : event.ctrlKey ? 0.01 : 0.002)), within(event));
  }, { passive: false });

  stage.addEventListener("dblclick", (event) => {
    if (event.target.closest(".mark, .handle")) return;
    if (viewer.fitted) viewer.zoomTo(Math.max(1, 2 * viewer.view.scale * devicePixelRatio) / devicePixelRatio, within(event));
    else viewer.fit();
  });

  const arrows = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] };
  stage.addEventListener("keydown", (event) => {
    if (event.target !== stage || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in arrows) viewer.move(...arrows[event.key]);
    else if (event.key === " " && viewer.effective === "blink") {
      viewer.blink(false);
      viewer.flip();
    } else return;
    event.preventDefault();
  });
}

function pinch(viewer, before, now, other) {
  const distance = (one) => Math.hypot(one.x - other.x, one.y - other.y) || 1;
  const middle = (one) => ({ x: (one.x + other.x) / 2, y: (one.y + other.y) / 2 });
  viewer.zoom(distance(now) / distance(before), middle(before));
  viewer.move(middle(now).x - middle(before).x, middle(now).y - middle(before).y);
}

function scrolls(element) {
  for (let box = element.parentElement; box; box = box.parentElement) {
    if (box.scrollHeight > box.clientHeight + 1 && getComputedStyle(box).overflowY !== "visible") return true;
  }
  return document.documentElement.scrollHeight > innerHeight + 1;
}
