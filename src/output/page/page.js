"use strict";
// One page with two sources: a file with the story inside, or a server that is asked for it and followed.
(() => {
  const $ = (id) => document.getElementById(id);
  const SVG = "http://www.w3.org/2000/svg";
  const POLL_MS = 1000;
  const MOST_QUERIES = 200;
  // So many cells a browser shows at once without getting slow.
  const MOST_CELLS = 20000;
  const served = location.protocol !== "file:" && $("story").textContent.trim() === "null";

  let story = null;
  let at = 0;
  let server = null;
  let shown = null;
  let cursor = { row: 0, column: 0 };
  let zoom = 1;
  // What the open dialog explains, for the address.
  let opened = null;
  // The same, once the dialog shows it.
  let inDialog = null;
  let paused = false;

  // ---- Elements. Text only ever enters the page as text.
  function make(tag, attributes, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (name === "class") element.className = value;
      else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (value === true) element.setAttribute(name, "");
      else if (value !== false && value !== undefined && value !== null) element.setAttribute(name, value);
    }
    for (const child of children.flat()) if (child !== null && child !== undefined) element.append(child);
    return element;
  }

  function sign(kind) {
    const paths = { broken: "M2 2l8 8m0 -8l-8 8", well: "M1 6l3 4l6 -8", public: "M6 2a4 4 0 1 1 -0.01 0z", plain: "M2 6h8" };
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", "0 0 12 12");
    svg.setAttribute("class", "drawing");
    svg.setAttribute("aria-hidden", "true");
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("class", `sign ${kind}`);
    path.setAttribute("d", paths[kind]);
    svg.append(path);
    return svg;
  }

  const count = (number, what) => `${number} ${what}${number === 1 ? "" : "s"}`;
  const stepName = (index) => story.steps[index].name || "afterwards";

  function fail(text) {
    $("message").textContent = text;
    $("message").hidden = !text;
  }

  // ---- Addresses: #step=…&show=…&network=…&name=…&type=… open what they name, and survive a reload.
  function address(parts) {
    const own = Object.entries(parts).filter(([, value]) => value);
    return `#${own.map(([key, value]) => `${key}=${encodeURIComponent(value)}`).join("&")}`;
  }

  function linked() {
    const parts = {};
    for (const part of location.hash.slice(1).split("&")) {
      const [key, value] = [part.slice(0, part.indexOf("=")), part.slice(part.indexOf("=") + 1)];
      if (["step", "show", "network", "name", "type"].includes(key)) {
        try { parts[key] = decodeURIComponent(value); } catch { parts[key] = value; }
      }
    }
    return parts;
  }

  const stepIndex = (name) => (name === undefined ? -1 : story.steps.findIndex((step) => step.name === name));

  // Writes what is shown into the address; a page that follows the server goes on following it after a reload.
  function remember() {
    const follows = served && $("follow").checked && at === serverStep();
    const show_ = $("only-changed").checked ? "changed" : $("only-broken").checked ? "broken" : "";
    const parts = opened ? { step: story.steps[at].name, ...opened } : { step: follows && !show_ ? "" : story.steps[at].name, show: show_ };
    const own = address(parts);
    const wanted = own === "#" ? location.pathname + location.search : own;
    try { history.replaceState(null, "", wanted); } catch { /* Some browsers refuse it for files. */ }
  }

  // Opens what the address names.
  function visit() {
    const parts = linked();
    if (parts.step === undefined && parts.name === undefined && parts.show === undefined) return;
    const index = stepIndex(parts.step);
    if (parts.step !== undefined && index < 0) fail(`The address names step ${parts.step}, which this scenario does not have.`);
    const step = index < 0 ? at : index;
    if (parts.name !== undefined) {
      // From now on, so that a reload before the server has explained it opens it again.
      opened = { network: parts.network, name: parts.name, type: parts.type };
      look(step, true);
      explainLinked(parts);
      return;
    }
    $("only-changed").checked = parts.show === "changed";
    $("only-broken").checked = parts.show === "broken";
    if (parts.network !== undefined && story.networks.includes(parts.network)) $("network").value = parts.network;
    else if (parts.show) $("network").value = firstNetwork(parts.show, step);
    look(step, true);
    if (parts.show || parts.network) {
      $("table").scrollIntoView();
      $("table").focus({ preventScroll: true });
    }
  }

  // A link that works again when it is followed twice.
  function link(parts, attributes, ...children) {
    const own = address(parts);
    return make("a", { ...attributes, href: own, onclick: (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
      event.preventDefault();
      if ($("dialog").open) $("dialog").close();
      try { history.pushState(null, "", own); } catch { location.hash = own; }
      visit();
    } }, ...children);
  }

  // ---- Files.
  function save(name, type, text) {
    const address_ = URL.createObjectURL(new Blob([text], { type }));
    const anchor = make("a", { href: address_, download: name });
    document.body.append(anchor);
    anchor.click();
    anchor.remove();
    setTimeout(() => URL.revokeObjectURL(address_), 10000);
  }

  const fileName = (what, ending) => `${[what, stepName(at)].join("-").replace(/[^\w.-]+/g, "_")}.${ending}`;

  function saveDrawing() {
    const style = document.querySelector("style").textContent;
    const own = style.slice(style.indexOf(".drawing.file{"));
    const svg = $("drawing").querySelector("svg").cloneNode(true);
    const [, , width, height] = svg.getAttribute("viewBox").split(" ").map(Number);
    for (const box of svg.querySelectorAll("[tabindex]")) for (const name of ["tabindex", "role", "aria-label"]) box.removeAttribute(name);
    svg.removeAttribute("style");
    svg.setAttribute("class", "drawing file");
    svg.setAttribute("role", "img");
    svg.setAttribute("width", width);
    svg.setAttribute("height", height);
    const paper = document.createElementNS(SVG, "rect");
    for (const [name, value] of Object.entries({ class: "paper", width, height })) paper.setAttribute(name, value);
    const sheet = document.createElementNS(SVG, "style");
    sheet.textContent = own;
    svg.prepend(sheet, paper);
    save(fileName("estate", "svg"), "image/svg+xml", new XMLSerializer().serializeToString(svg));
  }

  // A value in CSV. What spreadsheets would take for a formula becomes text.
  const csv = (value) => {
    const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };

  function saveTable() {
    const lines = [["step", "name", "resources", "network", "answer", "from", "state", "before"]];
    story.names.forEach((label, name) => story.networks.forEach((network, column) => {
      const now = cellOf(name, column, at);
      const before = at > 0 ? cellOf(name, column, at - 1) : null;
      if (!now) return;
      lines.push([stepName(at), label.name, label.resources.join(" "), network, word(now), now.endpoint || "",
        now.broken ? `broken${why(now) ? `: ${why(now)}` : ""}` : "works", before ? word(before) : ""]);
    }));
    save(fileName("names", "csv"), "text/csv", lines.map((line) => line.map(csv).join(",")).join("\r\n") + "\r\n");
  }

  // ---- The value.
  function take(value) {
    const before = story && story.steps[at] ? story.steps[at].name : null;
    story = value;
    const same = story.steps.findIndex((step) => step.name === before);
    const parts = linked();
    const wanted = stepIndex(parts.step);
    if (before !== null && same >= 0) at = same;
    else if (before === null && wanted >= 0) {
      at = wanted;
      // Who opens a step by its address wants to see that one.
      $("follow").checked = wanted === serverStep() && !parts.show && !parts.name && $("follow").checked;
    } else at = serverStep() >= 0 ? serverStep() : story.start;
    at = Math.min(at, story.steps.length - 1);
    const title = story.title || "An estate";
    document.title = `${title} · ampls-dns`;
    $("title").textContent = title;
    $("about").textContent = story.about;
    $("mode").textContent = served ? "· live from the server" : "· a file, without a server";
    const source = story.source ? ` Source of the story: ${story.source}.` : "";
    $("foot").textContent = `Made by ${story.generator}, which imitates Azure's answers and protects nothing.${source}`;
    for (const id of ["timeline", "step", "drawing-section", "table"]) $(id).hidden = false;
    fail("");
    timeline();
    networks(before === null);
    const first = before === null;
    const isLinked = Object.keys(parts).length > 0;
    show(at, !(first && isLinked));
    if (first && isLinked) visit();
  }

  // On a phone the table shows one network at a time, until all are chosen.
  const isPhone = matchMedia("(max-width: 600px)");

  function networks(isFirst) {
    const before = $("network").value;
    $("network").replaceChildren(make("option", { value: "" }, "All networks"), ...story.networks.map((network) => make("option", { value: network }, network)));
    if (!isFirst && (before === "" || story.networks.includes(before))) $("network").value = before;
    else $("network").value = firstNetwork("broken", at);
  }

  // The first network that has something to show; all of them on a wide screen.
  function firstNetwork(what, step) {
    if (!isPhone.matches) return "";
    const shows = (network) => story.names.some((_, name) => {
      const cell = cellOf(name, network, step);
      return what === "changed" ? step > 0 && cellIndex(name, network, step) !== cellIndex(name, network, step - 1) : cell && cell.broken;
    });
    const found = story.networks.findIndex((_, network) => shows(network));
    return story.networks[Math.max(found, 0)] || "";
  }

  // The cell of a name in a network at a step, and its explanation.
  function cellOf(name, network, step) {
    const index = story.rows[name * story.networks.length + network][step * 2];
    return index < 0 ? null : story.cells[index];
  }

  function cellIndex(name, network, step) {
    return step < 0 ? -2 : story.rows[name * story.networks.length + network][step * 2];
  }

  function explanation(name, network, step) {
    const index = story.rows[name * story.networks.length + network][step * 2 + 1];
    if (index < 0) return null;
    const values = [story.names[name].name, story.networks[network], story.steps[step].name];
    const line = (text) => {
      let whole = "";
      for (const character of text) {
        const mark = story.marks.indexOf(character);
        whole += mark < 0 ? character : values[mark];
      }
      return whole + "\n";
    };
    return story.explanations[index].map((at) => line(story.lines[at])).join("");
  }

  function standing(cell) {
    if (cell.broken) return "broken";
    return { private: "well", public: "public" }[cell.path] || "plain";
  }

  function word(cell) {
    switch (cell.path) {
      case "public": return "public";
      case "private": return cell.addresses.join(", ");
      case "noData": return "NODATA";
      case "nameError": return "NXDOMAIN";
      default: return "SERVFAIL";
    }
  }

  function why(cell) {
    if (cell.path === "private") {
      const by = cell.endpoint || "by hand";
      return cell.reachable ? by : `${by}, not reachable`;
    }
    if (!cell.broken) return cell.path === "public" ? "" : "does not exist";
    return { noData: "no address", nameError: "no such name", failure: "no answer" }[cell.path] || "";
  }

  // ---- Steps.
  function timeline() {
    $("steps").replaceChildren(...story.steps.map((step, index) => {
      const broken = step.broken ? link({ step: step.name, show: "broken" }, { class: "bad" }, `✕ ${step.broken} broken`) : make("span", {}, "none broken");
      const changed = index && step.changed ? link({ step: step.name, show: "changed" }, {}, `${step.changed} changed`) : null;
      return make("li", {},
        make("button", { type: "button", "data-step": index, title: step.about || null, onclick: () => look(index) },
          make("span", { class: "dot", "aria-hidden": "true" }, String(index + 1)),
          make("span", { class: "step-label" }, stepName(index))),
        make("p", { class: "counts" }, broken, changed, make("span", { class: "here", "data-here": index, hidden: true }, "▲ server")));
    }));
  }

  function look(index, again) {
    if (served && server && index !== serverStep()) $("follow").checked = false;
    show(index, again);
  }

  function serverStep() {
    if (!server || !story) return -1;
    const named = story.steps.findIndex((step) => step.name === (server.step || ""));
    const exact = story.steps.findIndex((step) => step.revision === server.revision && step.name === (server.step || ""));
    if (exact >= 0) return exact;
    const revision = story.steps.findIndex((step) => step.revision === server.revision);
    return named >= 0 && revision < 0 ? named : revision;
  }

  function show(index, again) {
    if (!story || index < 0 || index >= story.steps.length) return;
    const moved = index !== at;
    at = index;
    const step = story.steps[at];
    for (const button of $("steps").querySelectorAll("button")) {
      const own = Number(button.dataset.step) === at;
      if (own) {
        button.setAttribute("aria-current", "step");
        const list = $("steps");
        const top = button.offsetTop - list.offsetTop;
        if (top < list.scrollTop || top + button.offsetHeight > list.scrollTop + list.clientHeight) list.scrollTop = top - 8;
      } else button.removeAttribute("aria-current");
    }
    $("previous").disabled = at === 0;
    $("next").disabled = at === story.steps.length - 1;
    $("step-number").textContent = `Step ${at + 1} of ${story.steps.length} · revision ${step.revision}`;
    $("bar-step").replaceChildren(make("span", {}, `${at + 1} of ${story.steps.length} `), stepName(at));
    $("step-name").textContent = stepName(at);
    $("step-about").textContent = step.about;
    const changed = at === 0 ? "start" : step.changed ? `${count(step.changed, "answer")} changed` : "no answer changed";
    const broken = step.broken ? `✕ ${count(step.broken, "answer")} broken` : "✓ no answer broken";
    $("chips").replaceChildren(
      make("li", { class: step.broken ? "bad" : "good" }, step.broken ? link({ step: step.name, show: "broken" }, {}, broken) : broken),
      make("li", { class: at > 0 && step.changed ? "new" : "" }, at > 0 && step.changed ? link({ step: step.name, show: "changed" }, {}, changed) : changed));
    findings(step);
    drawing(step);
    table();
    drive();
    if (moved || again) remember();
    if (moved) $("live").textContent = `Step ${stepName(at)}: ${changed}, ${step.broken} broken.`;
  }

  // ---- The drawing: columns where they can be read without scrolling, else one column.
  const READABLE = 0.72;
  const LARGEST = 1.15;

  function drawingForm(step) {
    const room = $("drawing").clientWidth || story.drawing.width;
    return room / story.drawing.width >= READABLE ? [story.drawing, step.drawing] : [story.narrow, step.narrow];
  }

  // Fits the drawing into its card; larger ones are scrolled or dragged.
  function resize() {
    const svg = $("drawing").querySelector("svg");
    if (!svg) return;
    const width = Number(svg.getAttribute("viewBox").split(" ")[2]);
    const fitted = Math.min($("drawing").clientWidth, width * LARGEST);
    svg.style.width = `${Math.floor(fitted * zoom)}px`;
    $("drawing").classList.toggle("zoomed", zoom > 1);
    $("smaller").disabled = zoom <= 0.5;
    $("larger").disabled = zoom >= 6;
    $("fit").disabled = zoom === 1;
  }

  function zoomTo(next) {
    const root = $("drawing");
    const middle = [(root.scrollLeft + root.clientWidth / 2) / zoom, (root.scrollTop + root.clientHeight / 2) / zoom];
    zoom = Math.min(6, Math.max(0.5, next));
    resize();
    root.scrollTo(middle[0] * zoom - root.clientWidth / 2, middle[1] * zoom - root.clientHeight / 2);
  }

  function drawing(step) {
    const [form, pieces_] = drawingForm(step);
    const { width, height, pieces } = form;
    const text = `<svg xmlns="${SVG}" viewBox="0 0 ${Number(width)} ${Number(height)}" class="drawing" role="group">${pieces_.map((piece) => pieces[piece]).join("")}</svg>`;
    const parsed = new DOMParser().parseFromString(text, "image/svg+xml");
    const root = $("drawing");
    if (parsed.querySelector("parsererror")) {
      root.replaceChildren(make("p", { class: "note" }, "The drawing cannot be read."));
      return;
    }
    const svg = document.importNode(parsed.documentElement, true);
    svg.setAttribute("aria-label", `The estate after ${stepName(at)}`);
    for (const box of svg.querySelectorAll(".box:not(.frame):not(.gone):not(.stop)")) {
      box.setAttribute("tabindex", "0");
      box.setAttribute("role", "button");
      const spoken = box.querySelector("title").textContent.replaceAll("\n", ", ");
      box.setAttribute("aria-label", `${box.dataset.kind}: ${spoken}`);
      const open = () => details(box.dataset.kind, box.dataset.name);
      box.addEventListener("click", open);
      box.addEventListener("keydown", (event) => {
        if (event.key === "Enter" || event.key === " ") { event.preventDefault(); open(); }
      });
    }
    const focused = document.activeElement && root.contains(document.activeElement) ? document.activeElement.dataset : null;
    svg.classList.add("fresh");
    root.replaceChildren(svg);
    resize();
    if (focused && focused.name !== undefined) {
      const again = [...svg.querySelectorAll(".box[tabindex]")].find((box) => box.dataset.kind === focused.kind && box.dataset.name === focused.name);
      (again || root).focus();
    }
  }

  function part(kind, name) {
    const estate = story.steps[at].estate;
    const find = (pool, key) => estate[pool].map((index) => story.parts[pool][index]).find((one) => one[key] === name);
    switch (kind) {
      case "network": return find("networks", "name");
      case "zones": return find("zones", "resourceGroup");
      case "endpoint": return find("endpoints", "name");
      case "scope": return find("scopes", "name");
      default: return { resources: estate.unscoped };
    }
  }

  function details(kind, name) {
    const one = part(kind, name);
    if (!one) return;
    const row = (...cells) => make("tr", {}, cells.map((cell) => make("td", {}, cell)));
    const list = (rows) => make("table", {}, make("tbody", {}, rows));
    const facts = [];
    const fact = (label, value) => {
      if (value === "" || (Array.isArray(value) && !value.length)) return;
      facts.push(make("dt", {}, label), make("dd", {}, Array.isArray(value) ? value.join(", ") : value));
    };
    if (kind === "network") {
      fact("Kind", one.kind);
      fact("Address space", one.addressSpace);
      fact("Asks", one.asks);
      fact("Peered with", one.peered);
      fact("Forwards to", one.forwardsTo);
      fact("Paths to endpoints", (one.ways || []).map((way) => way.words));
      fact("Virtual machines", one.machines);
      if (one.answers.length) fact("Answered by", list(one.answers.map((answer) => row(sign(answer.standing), link({ step: story.steps[at].name, network: name, show: answer.standing === "broken" ? "broken" : "" }, {}, count(answer.names, "name")), [answer.by, answer.trouble].filter(Boolean).join(", ")))));
      if (one.links.length) fact("Linked zones", list(one.links.map((link) => row(link.zone, link.resourceGroup, link.resolutionPolicy))));
    } else if (kind === "zones") {
      for (const zone of one.zones) {
        const rows = zone.recordSets.map(([owner, data, by]) => row(owner, data, `by ${by}`));
        const overwritten = zone.overwritten.map((it) => `${it.recordSets} of ${it.by}`).join(", ");
        fact(zone.name, make("div", {},
          make("p", {}, `linked to ${count(zone.linkedTo, "network")}${overwritten ? `; overwrote ${overwritten}` : ""}${zone.recordSets.length ? "" : "; empty"}`),
          rows.length ? list(rows) : null));
      }
    } else if (kind === "endpoint") {
      fact("Scope", one.scope);
      fact("Subnet", `${one.network}/${one.subnet}`);
      fact("Writes to the zones of", one.writesTo);
      fact("Its zones hold", `${one.held} of its ${count(one.wanted, "record set")}`);
      fact("Problem", one.trouble);
      if (one.addresses.length) fact("Addresses", list(one.addresses.map(([address, names]) => row(address, names.join(", ")))));
    } else {
      if (kind === "scope") {
        fact("ingestionAccessMode", one.ingestionAccessMode);
        fact("queryAccessMode", one.queryAccessMode);
        fact("Private endpoints", one.endpoints);
      }
      if (one.resources.length) fact("Resources", list(one.resources.map((resource) => row(resource.name, resource.kind, resource.location))));
    }
    const words = { network: "Network", zones: "Private DNS zones of resource group", endpoint: "Private endpoint", scope: "Azure Monitor Private Link Scope", unscoped: "Resources" };
    open(`${words[kind]} · after ${stepName(at)}`, name, make("dl", { class: "facts" }, facts));
  }

  // ---- The table.
  function columns() {
    const all = story.networks.map((_, network) => network);
    const here = all.filter((network) => story.names.some((_, name) => cellIndex(name, network, at) >= 0 || (at > 0 && cellIndex(name, network, at - 1) >= 0)));
    const chosen = story.networks.indexOf($("network").value);
    if (chosen >= 0) return [[chosen]];
    if (!$("merge").checked) return here.map((network) => [network]);
    const alike = new Map();
    for (const network of here) {
      const key = story.names.map((_, name) => `${cellIndex(name, network, at)}:${cellIndex(name, network, at - 1)}`).join();
      if (alike.has(key)) alike.get(key).push(network);
      else alike.set(key, [network]);
    }
    return [...alike.values()];
  }

  function table() {
    $("merge-label").hidden = story.networks.length < 3 || $("network").value !== "";
    const groups = columns();
    const onlyChanged = $("only-changed").checked;
    const onlyBroken = $("only-broken").checked;
    const filter = $("name-filter").value.trim().toLowerCase();
    const wanted = (label) => !filter || [label.name, ...label.resources].some((text) => text.toLowerCase().includes(filter));
    const all = story.names.map((_, name) => name).filter((name) => wanted(story.names[name]) && groups.some(([network]) => {
      const cell = cellOf(name, network, at);
      const changed = at > 0 && cellIndex(name, network, at) !== cellIndex(name, network, at - 1);
      return (!onlyChanged || changed) && (!onlyBroken || (cell && cell.broken));
    }));
    const rows = all.slice(0, Math.max(20, Math.floor(MOST_CELLS / Math.max(groups.length, 1))));
    const kinds = { shared: "Shared by all customers", regional: "Shared by all customers of a region", resource: "Of one resource" };
    const head = make("thead", {}, make("tr", { role: "row" }, make("th", { scope: "col", role: "columnheader" }, "Name"),
      groups.map((networks) => {
        const names = networks.map((network) => story.networks[network]);
        const rest = names.length > 1 ? make("small", {}, `and ${names.length - 1} more that see the same`) : null;
        return make("th", { scope: "col", role: "columnheader", title: names.join(", ") }, names[0], rest);
      })));
    const body = make("tbody", {});
    let kind = null;
    rows.forEach((name, row) => {
      const label = story.names[name];
      if (label.kind !== kind) {
        kind = label.kind;
        const number = rows.filter((other) => story.names[other].kind === kind).length;
        body.append(make("tr", { class: "group", role: "row" }, make("th", { colspan: groups.length + 1, scope: "colgroup", role: "rowheader" }, make("span", {}, `${kinds[kind]} (${number})`))));
      }
      const owners = label.resources.length ? make("small", {}, label.resources.length > 3 ? `${label.resources.slice(0, 2).join(", ")} and ${label.resources.length - 2} more` : label.resources.join(", ")) : null;
      const heading = make("th", { scope: "row", role: "rowheader", title: label.meaning });
      // A name breaks after its dots.
      label.name.split(".").forEach((part, index, parts) => heading.append(index < parts.length - 1 ? `${part}.` : part, document.createElement("wbr")));
      if (owners) heading.append(owners);
      body.append(make("tr", { role: "row" }, heading, groups.map((networks, column) => td(name, networks, row, column))));
    });
    if (!rows.length) body.append(make("tr", { role: "row" }, make("td", { class: "absent", role: "gridcell", colspan: groups.length + 1 }, story.names.length ? "No name matches these filters." : "This estate has no names.")));
    const grid = make("table", { class: "grid", role: "grid", "aria-labelledby": "table-head", "aria-describedby": "table-hint" }, head, body);
    const focused = $("grid-scroll").contains(document.activeElement);
    $("grid-scroll").replaceChildren(grid);
    cursor = { row: Math.min(cursor.row, Math.max(rows.length - 1, 0)), column: Math.min(cursor.column, Math.max(groups.length - 1, 0)) };
    const first = cell(cursor.row, cursor.column);
    if (first) {
      first.tabIndex = 0;
      if (focused) first.focus();
    }
    const left = [];
    if (story.leftOutNames) left.push(`${count(story.leftOutNames, "name")} left out because their answers never change; \`ampls-dns explain NAME\` explains one.`);
    if (story.leftOut) left.push(`${count(story.leftOut, "network")} left out because the page would be too large; choose some with --from.`);
    if (rows.length < all.length) left.push(`${count(all.length - rows.length, "more name")}: filter to see them.`);
    $("left-out").hidden = !left.length;
    $("left-out").textContent = left.join(" ");
  }

  const cell = (row, column) => $("grid-scroll").querySelector(`td[data-row="${row}"][data-column="${column}"]`);

  function td(name, networks, row, column) {
    const now = cellOf(name, networks[0], at);
    const before = at > 0 ? cellOf(name, networks[0], at - 1) : null;
    const changed = at > 0 && cellIndex(name, networks[0], at) !== cellIndex(name, networks[0], at - 1);
    const element = make("td", { role: "gridcell", tabindex: "-1", "data-row": row, "data-column": column });
    if (changed) element.classList.add("changed");
    if (!now) {
      element.classList.add("absent");
      element.append("not there");
    } else {
      element.classList.add(standing(now));
      element.append(make("span", { class: "now" }, sign(standing(now)), word(now)));
      const reason = why(now);
      if (reason) element.append(make("small", { class: "why" }, reason));
      element.setAttribute("aria-haspopup", "dialog");
    }
    if (changed) {
      const was = before ? `${word(before)}${why(before) ? ` (${why(before)})` : ""}` : "not there";
      element.append(make("small", { class: "was" }, "before: ", make("s", {}, was)));
    }
    const act = () => {
      focusCell(row, column);
      if (now) explain(name, networks, 0, at);
    };
    element.addEventListener("click", act);
    element.addEventListener("keydown", (event) => keys(event, row, column, act));
    return element;
  }

  function focusCell(row, column) {
    const next = cell(row, column);
    if (!next) return false;
    const last = cell(cursor.row, cursor.column);
    if (last) last.tabIndex = -1;
    cursor = { row, column };
    next.tabIndex = 0;
    next.focus();
    return true;
  }

  function keys(event, row, column, act) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    const last = $("grid-scroll").querySelectorAll("thead th").length - 2;
    const bottom = $("grid-scroll").querySelectorAll("tbody tr:not(.group)").length - 1;
    const moves = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0], PageUp: [-8, 0], PageDown: [8, 0] };
    if (event.key === "Enter" || event.key === " ") act();
    else if (event.key === "Home") focusCell(row, 0);
    else if (event.key === "End") focusCell(row, last);
    else if (moves[event.key]) {
      const [down, right] = moves[event.key];
      focusCell(Math.min(Math.max(row + down, 0), bottom), Math.min(Math.max(column + right, 0), last));
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  // ---- Explanations.
  const quoted = (text) => (/^[\w.@:\/-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

  function explain(name, networks, chosen, step) {
    const network = networks[chosen];
    const text = explanation(name, network, step);
    const options = make("div", { class: "options" });
    if (networks.length > 1) {
      const select = make("select", { onchange: () => explain(name, networks, select.selectedIndex, step) },
        networks.map((one, index) => make("option", { selected: index === chosen }, story.networks[one])));
      options.append(make("label", {}, "From ", select));
    }
    if (at > 0) {
      for (const [which, label] of [[at, "In this step"], [at - 1, `Before, in ${stepName(at - 1)}`]]) {
        const there = cellOf(name, network, which) !== null;
        options.append(make("button", { type: "button", "aria-pressed": String(which === step), disabled: !there, onclick: () => { explain(name, networks, chosen, which); const pressed = $("dialog-body").querySelector('[aria-pressed="true"]'); if (pressed) pressed.focus(); } }, label));
      }
    }
    const [command, note] = commandFor(story.names[name].name, story.networks[network], step);
    const copy = make("button", { type: "button" }, "Copy");
    copy.hidden = !navigator.clipboard;
    opened = { network: story.networks[network], name: story.names[name].name };
    copy.addEventListener("click", () => navigator.clipboard.writeText(command).then(() => { copy.textContent = "Copied"; }, () => { copy.textContent = "Not allowed"; }));
    open(`From ${story.networks[network]} · ${stepName(step)}`, story.names[name].name,
      options.childNodes.length ? options : null,
      make("p", { class: "hint" }, story.names[name].meaning),
      make("pre", { id: "explanation", tabindex: "0" }, text === null ? "The network is not there." : text),
      command ? make("div", { class: "command" }, make("span", { class: "hint" }, note), make("code", {}, command), copy) : make("p", { class: "hint" }, note));
    remember();
  }

  // A command that prints the same wherever it is pasted; after changes that no file has, the server is asked instead.
  function commandFor(name, network, step) {
    const own = story.steps[step].name;
    if (story.scenario && (own || story.steps.length === 1)) {
      const step_ = own ? ` --at ${quoted(own)}` : "";
      return [`ampls-dns explain ${quoted(name)} --from ${quoted(network)}${step_} --scenario ${quoted(story.scenario)}`, "The same on the command line:"];
    }
    if (!served) return [null, "The scenario was read from standard input, so no command reads it again."];
    const query = new URLSearchParams({ name, from: network, at: own || String(story.steps[step].revision) });
    return [`curl -s ${quoted(`${location.origin}/v1/explain?${query}`)}`, "The same from this server, since events were added to the scenario:"];
  }

  // Explains what an address names: from the story if it has it, else from the server.
  async function explainLinked({ network, name, type }) {
    const [row, column] = [story.names.findIndex((one) => one.name === name), story.networks.indexOf(network)];
    if (row >= 0 && column >= 0 && (!type || type === "A")) {
      explain(row, [column], 0, at);
      return;
    }
    if (!served) { opened = null; fail(`The address names ${name} in ${network}, which this page does not have.`); return; }
    const own = story.steps[at].name;
    const query = new URLSearchParams({ name, from: network || "public", type: type || "A", at: own || String(story.steps[at].revision) });
    try {
      const { value } = await ask(`/v1/explain?${query}`);
      open(`From ${network || "public"} · ${stepName(at)}`, `${name} ${type || "A"}`, make("pre", { id: "explanation", tabindex: "0" }, value.text));
      remember();
    } catch (error) {
      opened = null;
      fail(`The server cannot explain ${name}: ${error.message}`);
    }
  }

  function open(kicker, heading, ...body) {
    $("dialog-kicker").textContent = kicker;
    $("dialog-head").textContent = heading;
    $("dialog-body").replaceChildren(...body.filter(Boolean));
    inDialog = opened;
    if (!$("dialog").open) {
      $("dialog").showModal();
      $("close").focus();
    }
  }

  // ---- Findings: errors first, accepted ones last.
  const MOST_LINKS = 12;

  function findings(step) {
    const list = step.findings.map((index) => story.findings[index]);
    $("findings-head").textContent = `Findings: ${step.summary === "no findings" ? "none" : step.summary}`;
    $("findings").replaceChildren(...(list.length ? list.map((finding, index) => one(finding, step, index === 0 && !finding.accepted)) : [make("p", { class: "hint" }, "Nothing is wrong in this step.")]));
  }

  function one(finding, step, isOpen) {
    const several = (all, each) => {
      const links = all.slice(0, MOST_LINKS).flatMap((value, index) => [index ? ", " : "", each(value)]);
      return all.length > MOST_LINKS ? [...links, `, and ${all.length - MOST_LINKS} more`] : links;
    };
    const network = finding.networks.find((name) => story.networks.includes(name));
    const ofNetwork = (name) => (story.networks.includes(name) ? link({ step: step.name, network: name, show: "broken" }, {}, name) : name);
    const ofName = (name) => (network && story.names.some((label) => label.name === name) ? link({ step: step.name, network, name }, {}, name) : name);
    const accepted = finding.accepted;
    const facts = [
      ["Accepted", accepted ? [`${accepted.reason}${accepted.expires ? ` (until ${accepted.expires})` : ""}`] : []],
      ["For", several(finding.networks, ofNetwork)], ["Names", several(finding.names, ofName)],
      ["Also", finding.also.flatMap((text, index) => [index ? "; " : "", text])],
      ["What to do", [finding.advice]], ["Source", [finding.source]], ["Written at", finding.place ? [finding.place] : []]];
    return make("details", { class: `finding ${accepted ? "accepted" : finding.severity}`, open: isOpen },
      make("summary", {}, accepted ? make("span", { class: "accepted-mark" }, "accepted") : null, make("b", {}, `${finding.severity} ${finding.code}`), finding.message),
      make("dl", {}, facts.filter(([, value]) => value.length).map(([label, value]) => [make("dt", {}, label), make("dd", {}, value)]).flat()));
  }

  // ---- The server.
  function drive() {
    $("drive").hidden = !(served && server);
    const here = serverStep();
    $("move").disabled = here === at;
    $("move").textContent = here === at ? "The server is at this step" : "Move the server to this step";
    for (const mark of document.querySelectorAll("[data-here]")) mark.hidden = !(served && Number(mark.dataset.here) === here);
    if (server) $("server").textContent = `Server at ${server.step || "its beginning"}, revision ${server.revision}`;
  }

  async function ask(path, options = {}) {
    const response = await fetch(path, { cache: "no-store", ...options });
    if (response.status === 304) return null;
    const value = await response.json();
    if (!response.ok) throw Object.assign(new Error(value.detail || response.statusText), { status: response.status });
    return { value, tag: response.headers.get("etag") };
  }

  async function move(index) {
    if (!served || !server || !story.steps[index]) return;
    const step = story.steps[index].name;
    if (!step) { fail("The server cannot be moved to events that belong to no step."); return; }
    $("move").disabled = true;
    try {
      await ask("/v1/steps/goto", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ step }) });
      fail("");
      $("follow").checked = true;
      await state();
      show(index);
    } catch (error) {
      fail(`The server did not move: ${error.message}`);
    }
    drive();
  }

  let tag = null;
  let generation = null;

  async function state() {
    const answer_ = await ask("/v1/state");
    const before = serverStep();
    server = answer_.value;
    $("server").hidden = false;
    $("server").classList.remove("down");
    const now = JSON.stringify([server.generation, server.revision, server.step]);
    if (now !== generation) {
      const answer = await ask("/v1/story", tag ? { headers: { "if-none-match": tag } } : {});
      if (answer) {
        tag = answer.tag;
        take(answer.value);
      }
      generation = now;
    }
    if ($("follow").checked && serverStep() >= 0 && (serverStep() !== before || shown === null) && serverStep() !== at) show(serverStep());
    shown = serverStep();
    drive();
  }

  let latest = "";

  async function queries() {
    if (paused || document.hidden) return;
    let answer;
    try {
      answer = await ask(`/v1/queries?limit=${MOST_QUERIES}`);
    } catch (error) {
      if (error.status === 404) { $("queries-section").hidden = true; return; }
      throw error;
    }
    $("queries-section").hidden = false;
    // The server lists the oldest first.
    const list = answer.value.queries.slice().reverse();
    const text = JSON.stringify(list);
    if (text === latest) return;
    latest = text;
    rows(list);
  }

  function rows(list) {
    const filter = $("query-filter").value.trim().toLowerCase();
    const lines = list.map((query) => [query, line(query)]).filter(([, cells]) => !filter || cells.join(" ").toLowerCase().includes(filter));
    const cellFor = (query, text, index) => {
      if (index !== 3 || !query.name) return text;
      const step = serverStep() >= 0 ? story.steps[serverStep()].name : "";
      return link({ step, network: query.view || "public", name: query.name.replace(/\.$/, ""), type: query.type === "A" ? "" : query.type }, { title: "Why this answer" }, text);
    };
    $("queries").replaceChildren(...lines.map(([query, cells]) => make("tr", {}, cells.map((text, index) =>
      make("td", { class: index === 5 && /^(NXDOMAIN|SERVFAIL|REFUSED|no reply)/.test(text) ? "bad" : "" }, cellFor(query, text, index))))));
    $("queries-empty").hidden = lines.length > 0;
    $("queries-empty").textContent = list.length ? "No query matches this filter." : "No query yet.";
  }

  function line(query) {
    const moment = new Date(query.time);
    const time = Number.isNaN(moment.getTime()) ? String(query.time || "") : moment.toTimeString().slice(0, 8);
    const answer = (query.answer || []).join(", ");
    const rcode = query.rcode || "no reply";
    const writer = [query.writer, query.writtenIn ? `in ${query.writtenIn}` : null].filter(Boolean).join(" ");
    const fault = query.fault ? ` (fault: ${query.fault})` : "";
    return [time, query.view || "", query.client || "", query.name || "", query.type || "",
      `${rcode === "NOERROR" ? answer || "NODATA" : [rcode, answer].filter(Boolean).join(" ")}${fault}`, writer, `${query.latencyMicroseconds} µs`];
  }

  async function follow() {
    try {
      await state();
      await queries();
    } catch (error) {
      $("server").hidden = false;
      $("server").classList.add("down");
      $("server").textContent = error.status === 401 ? "The server requires its token: reload the page" : "The server does not answer";
      if (!story) fail(`The story cannot be read from the server: ${error.message}`);
    }
    setTimeout(follow, POLL_MS);
  }

  // ---- Wiring.
  $("previous").addEventListener("click", () => look(at - 1));
  $("next").addEventListener("click", () => look(at + 1));
  for (const id of ["only-changed", "only-broken", "merge", "network"]) $(id).addEventListener("change", () => { table(); remember(); });
  $("name-filter").addEventListener("input", table);
  $("save-drawing").addEventListener("click", saveDrawing);
  $("save-table").addEventListener("click", saveTable);
  $("smaller").addEventListener("click", () => zoomTo(zoom / 1.4));
  $("larger").addEventListener("click", () => zoomTo(zoom * 1.4));
  $("fit").addEventListener("click", () => zoomTo(1));
  $("drawing").addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    zoomTo(zoom * Math.exp(-event.deltaY / 300));
  }, { passive: false });
  // Dragging with the mouse; fingers scroll.
  let dragged = null;
  $("drawing").addEventListener("pointerdown", (event) => {
    if (event.pointerType === "mouse" && event.button === 0 && zoom > 1) dragged = { x: event.clientX, y: event.clientY };
  });
  addEventListener("pointermove", (event) => {
    if (!dragged) return;
    $("drawing").scrollBy(dragged.x - event.clientX, dragged.y - event.clientY);
    dragged = { x: event.clientX, y: event.clientY };
  });
  addEventListener("pointerup", () => { dragged = null; });
  let shownWidth = 0;
  addEventListener("resize", () => {
    if (!story || $("drawing").clientWidth === shownWidth) return;
    shownWidth = $("drawing").clientWidth;
    drawing(story.steps[at]);
  });
  $("follow").addEventListener("change", () => {
    if ($("follow").checked && serverStep() >= 0) show(serverStep());
    remember();
  });
  $("move").addEventListener("click", () => move(at));
  $("close").addEventListener("click", () => $("dialog").close());
  // A dialog reports that it was closed some time later: by then the address can name something else, which is kept.
  $("dialog").addEventListener("close", () => {
    if ($("dialog").open || (opened && opened !== inDialog)) return;
    const isLeft = opened === null || location.hash === address({ step: story.steps[at].name, ...opened });
    opened = inDialog = null;
    if (isLeft) remember();
  });
  $("dialog").addEventListener("click", (event) => { if (event.target === $("dialog")) $("dialog").close(); });
  $("pause").addEventListener("click", () => {
    paused = !paused;
    $("pause").setAttribute("aria-pressed", String(paused));
    $("pause").textContent = paused ? "Resume" : "Pause";
  });
  $("query-filter").addEventListener("input", () => { if (latest) rows(JSON.parse(latest)); });
  addEventListener("hashchange", () => { if (story) visit(); });
  addEventListener("popstate", () => { if (story) visit(); });
  document.addEventListener("keydown", (event) => {
    if (!story || event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || $("dialog").open) return;
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!by || event.target.closest("input:not([type=checkbox]), select, textarea, #grid-scroll, #queries-scroll, #drawing")) return;
    event.preventDefault();
    if (event.shiftKey) move(Math.max(0, serverStep()) + by);
    else look(at + by);
    const button = $("steps").querySelector(`[data-step="${at}"]`);
    if (button && event.target.closest("#steps")) button.focus();
  });

  if (served) follow();
  else {
    const value = JSON.parse($("story").textContent);
    if (value) take(value);
    else fail("This page has no story in it. Open it from a server, or write one with `ampls-dns story --format html`.");
  }
})();
