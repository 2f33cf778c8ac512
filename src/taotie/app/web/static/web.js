// What a page can do with scripts on; without them everything else still works.
// PNG on click: the drawing that is there, with the colours it has here, painted on a canvas.
const FIXED = ["fill", "stroke", "fill-opacity", "stroke-width", "font-weight", "vector-effect", "stroke-dasharray"];

function copied(svg) {
  const copy = svg.cloneNode(true);
  const from = [svg, ...svg.querySelectorAll("*")];
  [copy, ...copy.querySelectorAll("*")].forEach((element, i) => {
    const style = getComputedStyle(from[i]);
    for (const name of FIXED) if (from[i].hasAttribute(name)) element.setAttribute(name, style.getPropertyValue(name));
  });
  const box = svg.getBoundingClientRect();
  copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
  copy.setAttribute("width", Math.ceil(box.width));
  copy.setAttribute("height", Math.ceil(box.height));
  return [new XMLSerializer().serializeToString(copy), box];
}

function png(button) {
  const figure = button.closest("figure");
  const svg = figure.querySelector(".drawn > svg");
  const [text, box] = copied(svg);
  const picture = new Image();
  picture.onload = () => {
    const scale = 2, edge = 16, head = 40;
    const canvas = document.createElement("canvas");
    canvas.width = scale * (box.width + 2 * edge);
    canvas.height = scale * (box.height + 2 * edge + head);
    const pen = canvas.getContext("2d");
    const style = getComputedStyle(document.body);
    pen.scale(scale, scale);
    pen.fillStyle = getComputedStyle(document.documentElement).backgroundColor;
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.fillStyle = style.color;
    pen.font = `600 16px ${style.fontFamily}`;
    pen.fillText(figure.querySelector("h2, h3").textContent, edge, edge + 16, box.width);
    pen.drawImage(picture, edge, edge + head, box.width, box.height);
    const link = document.createElement("a");
    link.download = `taotie-${button.dataset.png}.png`;
    link.href = canvas.toDataURL("image/png");
    link.click();
    button.dataset.done = `${canvas.width}x${canvas.height}`;
  };
  picture.src = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(text);
}

function prepare(root) {
  for (const button of root.querySelectorAll("[data-png]")) button.hidden = false;
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-png]");
  if (button) png(button);
});
document.addEventListener("toggle", (event) => {
  if (event.target.matches?.(".drawer") && event.target.open) event.target.querySelector("input")?.focus();
}, true);
// on a phone the menu scrolls sideways: the page one is on is in view
const here = document.querySelector(".pages [aria-current]");
if (here) {
  const menu = here.closest(".pages"), item = here.getBoundingClientRect(), room = menu.getBoundingClientRect();
  menu.scrollLeft += item.left + item.width / 2 - room.left - room.width / 2;
}
prepare(document);
new MutationObserver((changes) => {
  for (const change of changes) for (const node of change.addedNodes) if (node.nodeType === 1) prepare(node);
}).observe(document.body, { childList: true, subtree: true });
document.documentElement.dataset.ready = "yes";
