// Shows one of the two languages, and what a mark of a drawing says under the pointer. Everything it needs is in the page.
const root = document.documentElement;

function wanted() {
  const found = /^#(en|zh)(?:$|-)/.exec(location.hash);
  return found ? found[1] : root.dataset.opened;
}

function show() {
  const code = wanted();
  const half = document.getElementById(code);
  root.lang = half.lang;
  document.title = half.dataset.title;
  for (const link of document.querySelectorAll("[data-language]")) {
    if (link.dataset.language === code) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
  half.dataset.ready = "yes";
  root.dataset.ready = code;
}

// Switching keeps the place: the same section of the other language is brought into view.
for (const link of document.querySelectorAll("[data-language]")) {
  link.addEventListener("click", (event) => {
    event.preventDefault();
    const code = link.dataset.language;
    if (code === wanted()) return;
    const seen = [...document.querySelectorAll(`#${wanted()} [data-section]`)]
      .filter((s) => s.getBoundingClientRect().top < window.innerHeight / 3).pop();
    history.replaceState(null, "", `#${code}${seen ? "-" + seen.dataset.section : ""}`);
    show();
    if (seen) document.getElementById(`${code}-${seen.dataset.section}`).scrollIntoView();
  });
}

// A drawing as a file: its SVG with the colours it has on this page, or that SVG as pixels twice as fine.
const KEPT = ["fill", "stroke", "stroke-width", "stroke-dasharray", "opacity", "fill-opacity", "stroke-opacity", "font-family", "font-size", "font-weight", "text-anchor"];
function asSvg(figure) {
  const drawn = [...figure.querySelectorAll(".drawing svg")].find((one) => one.getBoundingClientRect().width);
  const copy = drawn.cloneNode(true);
  const from = drawn.querySelectorAll("*");
  copy.querySelectorAll("*").forEach((one, i) => {
    const style = getComputedStyle(from[i]);
    for (const name of KEPT) if (style.getPropertyValue(name)) one.setAttribute(name, style.getPropertyValue(name));
  });
  // what the page draws once for both languages is taken along
  for (const one of copy.querySelectorAll("use")) {
    const meant = document.getElementById((one.getAttribute("href") || "").slice(1));
    if (meant) one.replaceWith(meant.cloneNode(true));
  }
  const box = drawn.getBoundingClientRect();
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("width", box.width);
  copy.setAttribute("height", box.height);
  return [new XMLSerializer().serializeToString(copy), box];
}
function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
for (const link of document.querySelectorAll("[data-image]")) {
  link.parentElement.hidden = false;
  link.addEventListener("click", async (event) => {
    event.preventDefault();
    const [text, box] = asSvg(link.closest("figure"));
    if (link.dataset.image === "svg") return save(new Blob([text], { type: "image/svg+xml" }), link.download);
    const image = new Image();
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
    await image.decode();
    const canvas = document.createElement("canvas");
    canvas.width = 2 * box.width;
    canvas.height = 2 * box.height;
    const paper = canvas.getContext("2d");
    paper.fillStyle = getComputedStyle(document.body).backgroundColor;
    paper.fillRect(0, 0, canvas.width, canvas.height);
    paper.drawImage(image, 0, 0, canvas.width, canvas.height);
    canvas.toBlob((blob) => save(blob, link.download), "image/png");
  });
}

// The title of a mark is shown at once, by the pointer or a touch, in place of the browser's own slow one.
const tip = document.createElement("div");
tip.className = "tip";
tip.setAttribute("aria-hidden", "true");
function pointed(event) {
  const mark = event.target.closest?.(".drawing svg *");
  const title = mark?.querySelector(":scope > title");
  if (title) {
    mark.dataset.tip = title.textContent;
    title.remove();
  }
  if (!mark?.dataset.tip) return tip.remove();
  tip.textContent = mark.dataset.tip;
  document.body.append(tip);
  const room = root.clientWidth - tip.offsetWidth - 8;
  tip.style.left = `${Math.max(8, Math.min(event.clientX + 14, room)) + scrollX}px`;
  tip.style.top = `${event.clientY + 18 + scrollY}px`;
}
document.addEventListener("pointermove", pointed);
document.addEventListener("pointerdown", pointed);

window.addEventListener("hashchange", show);
root.classList.add("scripted");
show();
