// Shows one of the two languages and draws its charts. Everything it needs is in the page.
const root = document.documentElement;
const narrow = window.matchMedia("(max-width: 700px)");

function wanted() {
  const found = /^#(en|zh)(?:$|-)/.exec(location.hash);
  return found ? found[1] : root.dataset.opened;
}

// The chart library lies packed in the page; the content policy names what it unpacks to by its hash.
let unpacking;
function library() {
  unpacking ??= (async () => {
    const packed = Uint8Array.from(atob(document.getElementById("library").textContent), (c) => c.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    const script = document.createElement("script");
    script.textContent = await new Response(stream).text();
    document.head.append(script);
    script.remove();
  })();
  return unpacking;
}

async function draw(half) {
  const width = narrow.matches ? "narrow" : "wide";
  const charts = [...half.querySelectorAll("[data-chart]")];
  await Promise.all(charts.map(async (host) => {
    if (host.dataset.ready === width || host.dataset.drawing) return;
    host.dataset.drawing = "yes";
    try {
      await library();
      const spec = JSON.parse(half.querySelector(`script[data-spec="${host.dataset.chart}"]`).textContent);
      const place = document.createElement("div");
      await window.vegaEmbed(place, { ...spec.both, ...spec[width] }, {
        renderer: "svg", ast: true, actions: false,
        tooltip: { theme: window.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light" },
      });
      host.replaceChildren(place);
      host.dataset.ready = width;
    } catch (error) {
      host.dataset.ready = "still"; // the drawing made beforehand stays
      console.error(error);
    } finally {
      delete host.dataset.drawing;
    }
  }));
  half.dataset.ready = "yes";
  root.dataset.ready = half.id;
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
  return draw(half);
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

window.addEventListener("hashchange", show);
narrow.addEventListener("change", () => draw(document.getElementById(wanted())));
root.classList.add("scripted");
show();
