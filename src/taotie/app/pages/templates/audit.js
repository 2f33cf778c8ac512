// Switches the language, filters and sorts the claims. Without it the page shows everything.
const root = document.documentElement;

function half() {
  return document.getElementById(wanted());
}

function wanted() {
  const found = /^#(en|zh)(?:$|-)/.exec(location.hash);
  return found ? found[1] : root.dataset.language || root.dataset.opened;
}

function show(code) {
  root.dataset.language = code;
  const chosen = document.getElementById(code);
  root.lang = chosen.lang;
  document.title = chosen.dataset.title;
  for (const link of document.querySelectorAll("[data-language]")) {
    if (link === root) continue;
    if (link.dataset.language === code) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
  root.dataset.ready = code;
}

const order = new Map([...document.querySelectorAll(".claim")].map((card, i) => [card, i]));

function place(form) {
  const main = form.closest("main");
  const list = main.querySelector(".claims");
  const wants = Object.fromEntries([...form.querySelectorAll("[data-filter]")].map((s) => [s.dataset.filter, s.value]));
  const cards = [...list.querySelectorAll(".claim")];
  let shown = 0;
  for (const card of cards) {
    const fits = Object.entries(wants).every(([name, value]) => !value || (name === "system" ? card.dataset.system === value : card.classList.contains(value)));
    card.hidden = !fits;
    shown += fits;
  }
  const far = (card) => {
    const ratio = Number(card.dataset.ratio);
    if (!card.dataset.ratio) return card.classList.contains("unit") ? Infinity : -1;
    return ratio > 0 ? Math.abs(Math.log(ratio)) : Infinity;
  };
  const byRatio = form.querySelector("[data-order]").value === "ratio";
  cards.sort((a, b) => (byRatio ? far(b) - far(a) || order.get(a) - order.get(b) : order.get(a) - order.get(b)));
  list.prepend(...cards);
  form.querySelector("[data-shown]").textContent = shown;
  list.querySelector(".nothing").hidden = shown > 0;
}

for (const form of document.querySelectorAll(".filters")) {
  form.hidden = false;
  form.addEventListener("change", () => place(form));
  form.addEventListener("submit", (event) => event.preventDefault());
}

for (const link of document.querySelectorAll(".languages a")) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    history.replaceState(null, "", `#${link.dataset.language}`);
    show(link.dataset.language);
  });
}

// A square leads to its claim in the language that is shown.
for (const link of document.querySelectorAll("[data-jump]")) {
  link.addEventListener("click", (event) => {
    const card = document.getElementById(half().id === root.dataset.opened ? link.dataset.jump : `${half().id}-${link.dataset.jump}`);
    if (!card) return;
    event.preventDefault();
    card.hidden = false;
    card.querySelector("details")?.setAttribute("open", "");
    card.scrollIntoView();
  });
}

window.addEventListener("hashchange", () => { if (/^#(en|zh)$/.test(location.hash)) show(wanted()); });
show(wanted());
