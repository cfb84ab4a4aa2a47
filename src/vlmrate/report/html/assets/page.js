"use strict";

/** An element with attributes (on… are listeners) and children, whose words stay words. */
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value !== null && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}

/* Dark and light. A page on a disk may have no memory: then the choice lasts as long as the page. */
const memory = {
  read() {
    try { return localStorage.getItem("vlmrate-theme"); } catch { return null; }
  },
  keep(theme) {
    try { localStorage.setItem("vlmrate-theme", theme); } catch { /* the choice is still in effect */ }
  },
};

function setTheme(theme) {
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
}
setTheme(memory.read());
document.documentElement.classList.add("js");

function addThemeSwitch() {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (document.documentElement.dataset.theme ?? (system.matches ? "dark" : "light")) === "dark";
  const name = () => { button.textContent = isDark() ? "Light colours" : "Dark colours"; };
  const button = element("button", {
    type: "button",
    id: "theme",
    onclick() {
      const theme = isDark() ? "light" : "dark";
      setTheme(theme);
      memory.keep(theme);
      name();
    },
  });
  name();
  system.addEventListener("change", name);
  document.querySelector("header").append(button);
}

/* Contents: folded on a phone; beside the page, the part in sight is marked and unfolded. */
function startContents() {
  const details = document.querySelector("nav details");
  const wide = matchMedia("(min-width: 62rem)");
  const fold = () => { details.open = wide.matches; };
  fold();
  wide.addEventListener("change", fold);
  details.addEventListener("click", (event) => {
    if (event.target.closest("a") && !wide.matches) details.open = false;
  });
  const links = new Map([...document.querySelectorAll("nav ol > li > a")].map((a) => [a.hash.slice(1), a]));
  const mark = (id) => {
    for (const [of, link] of links) {
      link.parentElement.classList.toggle("here", of === id);
      if (of === id) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
  };
  const sections = [...document.querySelectorAll("main > section")];
  const watcher = new IntersectionObserver(
    (entries) => { for (const entry of entries) if (entry.isIntersecting) mark(entry.target.id); },
    { rootMargin: "-15% 0px -80% 0px" },
  );
  for (const section of sections) watcher.observe(section);
  if (sections.length) mark(sections[0].id);
}

/* Sorting: up, down, as it was. Rows stay under their heading; cells without a number come last. */
const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
const NEXT = { none: "ascending", ascending: "descending", descending: "none" };

function compare(a, b, down) {
  const [x, y] = [a, b].map((cell) => cell.dataset.value ?? null);
  const sign = down ? -1 : 1;
  if (x !== null && y !== null) return sign * (Number(x) - Number(y));
  if (a.classList.contains("number")) return (x === null) - (y === null);
  return sign * collator.compare(a.textContent, b.textContent);
}

function makeSortable(table) {
  const heads = [...table.querySelectorAll("thead th[data-column]")];
  const groups = [...table.tBodies].map((body) => ({
    body,
    rows: [...body.rows].filter((row) => !row.classList.contains("heading")),
  }));
  const sort = (head) => {
    const way = NEXT[head.getAttribute("aria-sort") ?? "none"];
    for (const other of heads) other.removeAttribute("aria-sort");
    if (way !== "none") head.setAttribute("aria-sort", way);
    const column = Number(head.dataset.column);
    for (const { body, rows } of groups) {
      const order = [...rows];
      if (way !== "none") order.sort((a, b) => compare(a.cells[column], b.cells[column], way === "descending"));
      body.append(...order);
    }
  };
  for (const head of heads) {
    const button = element("button", { type: "button", onclick: () => sort(head) });
    button.append(...head.childNodes);
    head.append(button);
  }
}

/* Figures in a dialog of their own. The drawing itself moves there and back: its ids stay unique. */
const STEP = 1.4;

function startZoom() {
  const dialog = document.getElementById("zoom");
  const stage = dialog.querySelector(".stage");
  const title = document.getElementById("zoom-title");
  let drawing = null;
  let home = null;
  let width = 0;
  const resize = (factor) => {
    const before = [stage.scrollLeft + stage.clientWidth / 2, stage.scrollTop + stage.clientHeight / 2];
    const least = Math.min(200, stage.clientWidth);
    const wanted = Math.min(8 * 1000, Math.max(least, width * factor));
    const grown = wanted / width;
    width = wanted;
    drawing.style.width = `${width}px`;
    stage.scrollTo({
      left: before[0] * grown - stage.clientWidth / 2, top: before[1] * grown - stage.clientHeight / 2, behavior: "instant",
    });
  };
  const open = (figure) => {
    home = figure.querySelector(".drawing");
    drawing = home.querySelector("svg");
    const { width: w, height: h } = drawing.viewBox.baseVal;
    home.style.minHeight = `${home.offsetHeight}px`;
    title.textContent = [...figure.querySelectorAll("figcaption > b, figcaption > cite")].map((e) => e.textContent).join(". ");
    stage.append(drawing);
    dialog.showModal();
    const fit = Math.min(stage.clientWidth, (stage.clientHeight * w) / h);
    width = Math.max(fit, Math.min(w, stage.clientWidth * 2.5));
    drawing.style.width = `${width}px`;
  };
  const putBack = () => {
    drawing.style.width = "";
    home.prepend(drawing);
    home.style.minHeight = "";
  };
  const acts = { in: () => resize(STEP), out: () => resize(1 / STEP), close: () => dialog.close() };
  dialog.addEventListener("close", putBack);
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
    else acts[event.target.closest("[data-zoom]")?.dataset.zoom]?.();
  });
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "+" || event.key === "=") acts.in();
    if (event.key === "-") acts.out();
  });
  for (const figure of document.querySelectorAll("figure")) {
    const label = figure.querySelector("figcaption b").textContent;
    const button = element("button", { type: "button", onclick: () => open(figure) }, `Enlarge ${label}`);
    figure.querySelector("figcaption").append(button);
  }
}

document.addEventListener("DOMContentLoaded", () => {
  addThemeSwitch();
  startContents();
  document.querySelectorAll("table.sortable").forEach(makeSortable);
  startZoom();
  startGallery();
});
