"use strict";
// What the page holds, and small helpers. These files are joined into one script, in the order of html/report.py.

const ROLES = ["reference", "candidate"];

const setting = JSON.parse(byId("setting").textContent);
const entries = [...document.querySelectorAll("script.result")].map((block) => JSON.parse(block.textContent));

function byId(id) {
  return document.getElementById(id);
}

/** An element with properties, attributes (whose names hold a dash, or role) and children; text is only ever text. */
function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(properties)) {
    if (key.includes("-") || key === "role" || key === "for") element.setAttribute(key, value);
    else if (key === "status") element.dataset.status = value;
    else element[key] = value;
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** The shape of a status; the word stands beside it wherever it is used. */
function shape(status) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#shape-${status}`);
  svg.setAttribute("aria-hidden", "true");
  svg.append(use);
  return svg;
}

function badge(status) {
  return make("span", { className: "badge", status }, shape(status), status);
}

/** A number in at most six digits, as the tables of percept print it, or in fewer. */
function short(value, digits = 6) {
  return value === null || value === undefined ? "–" : String(Number(value.toPrecision(digits)));
}

/** A number and its limit, in so many digits that two that differ never read the same. */
function beside(value, limit, digits = 4) {
  for (let more = digits; more < 17; more++) {
    if (value === limit || short(value, more) !== short(limit, more)) return [short(value, more), short(limit, more)];
  }
  return [String(value), String(limit)];
}

function percent(share) {
  return share === null ? "–" : `${(100 * share).toFixed(1)} %`;
}

/** Tells those who do not see it what has just happened. */
function say(text) {
  byId("said").textContent = text;
}

function counted(count, thing) {
  return `${count.toLocaleString("en")} ${thing}${count === 1 ? "" : "s"}`;
}

/** The address by which a side's picture can be seen, or null. */
function source(side) {
  if (!side || !side.show) return null;
  return side.picture ? byId(side.picture).textContent : side.address;
}

/** The place as the command line writes boxes. */
function boxText(box) {
  return `${box.x},${box.y},${box.width},${box.height}`;
}

function moved(shift) {
  const [right, down] = shift;
  const parts = [];
  if (right) parts.push(`${Math.abs(right)} px ${right > 0 ? "right" : "left"}`);
  if (down) parts.push(`${Math.abs(down)} px ${down > 0 ? "down" : "up"}`);
  return parts.join(", ") || "0 px";
}

/** What happened in a region, in words. */
function kindOf({ kind, shift, allowed }) {
  const told = kind === "moved" ? [] : [kind.replace("-", " ")];
  if (shift) told.push(`moved by ${moved(shift)}${allowed ? " (allowed)" : ""}`);
  return told.join(", ") || "moved";
}

function once(delay, action) {
  let timer = 0;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(action, delay);
  };
}
