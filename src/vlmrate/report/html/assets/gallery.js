
/* The gallery: images as cards, filtered by what they show and by what was answered. */
const INVALID = "invalid";
const BATCH = 60;
const FAR = 0.25; /* of the scale: from here a difference is set in colour */
const MINUS = "\u2212";

const decimals = (value, digits = 2) => (value < 0 ? MINUS : "") + Math.abs(value).toFixed(digits);
const number = (value) => (Number.isInteger(value) ? decimals(value, 0) : decimals(value));
const signed = (value) => (value > 0 ? "+" : "") + decimals(value);
const capital = (words) => words.charAt(0).toUpperCase() + words.slice(1);

/** People's mean of an image, or null. */
const meanOf = (item, i) => item.people?.mean[i] ?? null;

/** How far a rater's number lies from the mean of people, or null. */
function difference(item, rater, i) {
  const value = item.raters[rater]?.[i] ?? null;
  const mean = meanOf(item, i);
  return item.labels || value === null || value === INVALID || mean === null ? null : value - mean;
}

/** The largest distance from people, over the items and raters asked for; null where there is none. */
function largestError(items, raters, i) {
  let largest = null;
  for (const item of items) {
    for (const rater of raters) {
      const d = difference(item, rater, i);
      if (d !== null && (largest === null || Math.abs(d) > largest)) largest = Math.abs(d);
    }
  }
  return largest;
}

/** From what was meant to what was answered, with the number of answers, most frequent first. */
function pathways(item, raters) {
  const found = new Map();
  for (const rater of raters) {
    (item.raters[rater] ?? []).forEach((answer, i) => {
      const meant = item.intended[i];
      if (answer === null || answer === meant) return;
      const key = `${meant}>${answer}`;
      const path = found.get(key) ?? { key, meant, answer, count: 0 };
      path.count += 1;
      found.set(key, path);
    });
  }
  return [...found.values()].sort((a, b) => b.count - a.count || collator.compare(a.key, b.key));
}

function answersMatch(item, raters, wanted, i) {
  return raters.some((rater) => {
    const answer = item.raters[rater]?.[i] ?? null;
    if (answer === null) return false;
    const meant = item.intended[i];
    if (wanted === "right") return answer === meant;
    if (wanted === "wrong") return answer !== meant;
    if (wanted === INVALID) return answer === INVALID;
    return wanted === `${meant}>${answer}` && answer !== meant;
  });
}

/** How often people gave each answer, as small bars. */
function bars(item, counts) {
  const [wide, high] = [Math.max(4, Math.min(8, Math.round(60 / counts.length))), 24];
  const width = wide * counts.length;
  const most = Math.max(1, ...counts);
  const svg = (name, attributes) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  };
  const said = counts.map((n, k) => [item.options[k], n]).filter(([, n]) => n > 0);
  const drawn = svg("svg", {
    width, height: high + 1, viewBox: `0 0 ${width} ${high + 1}`, role: "img",
    "aria-label": `People's answers: ${said.map(([option, n]) => `${option}, ${n} times`).join("; ") || "none"}`,
  });
  counts.forEach((n, k) => {
    const height = (high * n) / most;
    drawn.append(svg("rect", { x: k * wide + 0.5, y: high - height, width: wide - 1, height }));
  });
  drawn.append(svg("line", { class: "base", x1: 0, x2: width, y1: high + 0.5, y2: high + 0.5 }));
  return drawn;
}

function peopleCell(item, i) {
  const cell = element("td");
  const n = item.people?.n[i] ?? 0;
  if (!n) {
    cell.append("–");
    return cell;
  }
  const counts = item.people.counts[i];
  const mean = meanOf(item, i);
  if (counts) cell.append(bars(item, counts));
  if (mean !== null) cell.append(`M ${decimals(mean)}`);
  else if (counts) cell.append(item.options[counts.indexOf(Math.max(...counts))]);
  return cell;
}

function answerCell(item, rater, i) {
  const answer = item.raters[rater]?.[i] ?? null;
  if (answer === null) return element("td", {}, "–");
  if (answer === INVALID) return element("td", { class: "not-meant" }, INVALID);
  if (item.labels) {
    const wrong = item.intended !== null && answer !== item.intended[i];
    return element("td", { class: wrong ? "not-meant" : null }, (wrong ? "✗ " : "") + item.options[answer]);
  }
  const cell = element("td", {}, number(answer));
  const d = difference(item, rater, i);
  if (d !== null) {
    const far = Math.abs(d) >= FAR * (item.options.length - 1);
    cell.append(element("span", { class: far ? "difference far" : "difference" }, signed(d)));
  }
  return cell;
}

function answers(data, i) {
  const asked = data.raters.map((_, k) => k).filter((k) => data.items.some((item) => item.raters[k]));
  const heads = data.items.map((item) => element("th", { scope: "col", class: "number" }, capital(item.name)));
  const rows = asked.map((k) =>
    element("tr", {}, element("th", { scope: "row" }, data.raters[k]), ...data.items.map((item) => answerCell(item, k, i))),
  );
  const people = element("tr", { class: "people" }, element("th", { scope: "row" }, "People"));
  people.append(...data.items.map((item) => peopleCell(item, i)));
  const rated = data.items.some((item) => item.people);
  return element(
    "div", { class: "answers" },
    element(
      "table", {},
      element("thead", {}, element("tr", {}, element("td"), ...heads)),
      element("tbody", {}, ...(rated ? [people] : []), ...rows),
    ),
  );
}

function face(data, i) {
  if (data.thumbnails[i] === null) return element("div", { class: "face missing" }, data.problems[i]);
  return element("img", { class: "face", src: data.thumbnails[i], alt: `Image ${data.images[i]}`, decoding: "async" });
}

function card(data, i) {
  const facts = data.factors.map((factor) => element("li", {}, `${factor.name}: ${factor.levels[factor.at[i]]}`));
  const about = element("div", { class: "about" }, element("p", { class: "id" }, data.images[i]), element("ul", {}, ...facts));
  return element("li", { class: "card" }, element("div", { class: "top" }, face(data, i), about), answers(data, i));
}

/** What must be scrolled must be reached by the keyboard. */
function reachIfWide(made) {
  const within = made.querySelector(".answers");
  if (within.scrollWidth <= within.clientWidth) return;
  within.tabIndex = 0;
  within.setAttribute("role", "region");
  within.setAttribute("aria-label", `Answers to ${made.querySelector(".id").textContent}`);
}

/** A select with a name that is seen; options are [value, words] pairs. */
function chooser(id, name, options) {
  const select = element("select", { id: `filter-${id}` });
  fill(select, options);
  return [select, field(name, select)];
}

/** A control under its name. */
function field(name, control) {
  return element("div", { class: "field" }, element("label", { for: control.id }, name), control);
}

function fill(select, options) {
  const before = select.value;
  select.replaceChildren(...options.map(([value, words]) => element("option", { value }, words)));
  if (options.some(([value]) => value === before)) select.value = before;
}

/** Every control of the filter, and the function that says which images pass, in which order. */
function controls(data) {
  const every = data.raters.map((_, k) => k);
  const labelled = data.items.filter((item) => item.labels && item.intended && item.raters.some(Boolean));
  const scaled = data.items.filter((item) => !item.labels && item.people && item.raters.some(Boolean));
  const form = element("form", { class: "filters", "aria-label": "Filter the gallery", onsubmit: (event) => event.preventDefault() });
  const search = element("input", { type: "search", id: "filter-search", autocomplete: "off" });
  form.append(field("Image or person shown", search));
  const factors = data.factors.filter((factor) => factor.part !== "identity" && factor.levels.length > 1 && factor.levels.length <= 50);
  const levels = factors.map((factor, k) => {
    const options = factor.levels.map((level, at) => [String(at), level]).sort((a, b) => collator.compare(a[1], b[1]));
    const [select, choice] = chooser(`factor-${k}`, capital(factor.name), [["", "All"], ...options]);
    form.append(choice);
    return select;
  });
  const [rater, raterField] = chooser("rater", "Rater", [["", "Any rater"], ...data.raters.map((name, k) => [String(k), name])]);
  if (every.length > 1) form.append(raterField);
  const raters = () => (rater.value === "" ? every : [Number(rater.value)]);
  const answered = labelled.map((item, k) => {
    const [select, choice] = chooser(`answer-${k}`, `${capital(item.name)}: meant → said`, [["", "All"]]);
    form.append(choice);
    return select;
  });
  const word = (item, answer) => (answer === INVALID ? INVALID : item.options[answer]);
  const refresh = () => labelled.forEach((item, k) => {
    const paths = pathways(item, raters()).map((path) =>
      [path.key, `${word(item, path.meant)} → ${word(item, path.answer)} (${path.count})`]);
    fill(answered[k], [["", "All"], ["right", "As intended"], ["wrong", "Otherwise"], [INVALID, "Invalid"], ...paths]);
  });
  const [errorItem, errorField] = chooser("item", "Distance from M on", [["", "Any scale"], ...scaled.map((item, k) => [String(k), item.name])]);
  const least = element("input", { type: "number", id: "filter-least", min: "0", step: "0.5", placeholder: "0", inputmode: "decimal" });
  const [order, orderField] = chooser("order", "Order", [["", "As in the study"], ["error", "Largest distance first"]]);
  if (scaled.length) form.append(errorField, field("At least, in scale points", least), orderField);
  const items = () => (errorItem.value === "" ? scaled : [scaled[Number(errorItem.value)]]);
  form.append(element("button", { type: "reset" }, "Show all"));
  refresh();
  rater.addEventListener("input", refresh);

  const passes = (i, words, bound) =>
    (words === "" || [data.images[i], ...data.factors.map((f) => f.levels[f.at[i]])].some((name) => name.toLowerCase().includes(words))) &&
    factors.every((factor, k) => levels[k].value === "" || factor.at[i] === Number(levels[k].value)) &&
    labelled.every((item, k) => answered[k].value === "" || answersMatch(item, raters(), answered[k].value, i)) &&
    (bound <= 0 || (largestError(items(), raters(), i) ?? -1) >= bound);
  const chosen = () => {
    const words = search.value.trim().toLowerCase();
    const found = data.images.map((_, i) => i).filter((i) => passes(i, words, Number(least.value)));
    if (order.value !== "error") return found;
    const error = new Map(found.map((i) => [i, largestError(items(), raters(), i) ?? -1]));
    return found.sort((a, b) => error.get(b) - error.get(a) || a - b);
  };
  return { form, refresh, chosen };
}

function startGallery() {
  const data = JSON.parse(document.getElementById("gallery-data").textContent);
  const { form, refresh, chosen } = controls(data);
  const count = element("p", { class: "count", role: "status", "aria-live": "polite" });
  const cards = element("ul", { class: "cards" });
  const more = element("button", { type: "button", class: "more" });
  let found = [];
  const addBatch = () => {
    const from = cards.children.length;
    const made = found.slice(from, from + BATCH).map((i) => card(data, i));
    cards.append(...made);
    made.forEach(reachIfWide);
    const left = found.length - cards.children.length;
    more.hidden = left === 0;
    more.textContent = `Show ${Math.min(BATCH, left)} more of ${left}`;
    return cards.children[from];
  };
  const show = () => {
    found = chosen();
    const grouped = (n) => n.toLocaleString("en");
    count.textContent = found.length
      ? `${grouped(found.length)} of ${grouped(data.images.length)} images`
      : "No image fits; choose fewer conditions.";
    cards.replaceChildren();
    addBatch();
  };
  more.addEventListener("click", () => {
    const first = addBatch();
    first.tabIndex = -1; /* the keyboard goes on with the first new card, not at the button that moved away */
    first.focus({ preventScroll: true });
  });
  form.addEventListener("input", show);
  form.addEventListener("reset", () => setTimeout(() => { refresh(); show(); }));
  document.getElementById("gallery").append(form, count, cards, more);
  show();
}
