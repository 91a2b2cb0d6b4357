// The page in a real browser: served and from a file, with mouse and with keys, in light and in dark.

import assert from "node:assert/strict";
import dgram from "node:dgram";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { launch, open, run, serve, write } from "./browser.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const API = "api.monitor.azure.com";

let browser;
before(async () => { browser = await launch(); });
after(async () => { await browser.close(); });

// The cell of a name in a network, by what its row and its column say.
async function cell(page, name, network) {
  const place = await page.evaluate(([name, network]) => {
    const text = (element) => element.firstChild.textContent;
    const heads = [...document.querySelectorAll(".grid thead th")].map(text);
    const rows = [...document.querySelectorAll(".grid tbody tr:not(.group)")];
    const label = (row) => { const head = row.querySelector("th").cloneNode(true); head.querySelectorAll("small").forEach((one) => one.remove()); return head.textContent; };
    return [rows.findIndex((row) => label(row) === name), heads.indexOf(network) - 1];
  }, [name, network]);
  assert.ok(place[0] >= 0 && place[1] >= 0, `${name} from ${network} stands in the table`);
  return page.locator(`td[data-row="${place[0]}"][data-column="${place[1]}"]`);
}

async function step(page) {
  return page.locator("#step-name").textContent();
}

async function becomes(page, name) {
  await page.waitForFunction((name) => document.getElementById("step-name").textContent === name, name);
}

// What is wrong with the page for people who hear it, or need contrast.
async function barriers(page) {
  await page.evaluate(axe + "; null");
  const result = await page.evaluate(() => window.axe.run(document, {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    // Names of boxes say whole what the drawing has to cut, so they do not hold the text as it is seen.
    rules: { "label-content-name-mismatch": { enabled: false } },
  }));
  return result.violations.map((one) => `${one.id}: ${one.help}: ${one.nodes.slice(0, 3).map((node) => node.html).join(" | ")}`);
}

function quiet({ trouble, asked }, origin) {
  assert.deepEqual(trouble, [], "the console has no complaints");
  assert.deepEqual(asked.filter((address) => !address.startsWith(origin) && !address.startsWith("data:")), [], "nobody outside is asked");
}

const post = (origin, path, body) => fetch(origin + path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

test("a served page moves the server, sees vnet1's cells turn, and explains them as explain does", async () => {
  const server = await serve("--listen", "127.0.0.1:0,vnet1=127.0.0.1:0");
  try {
    await post(server.origin, "/v1/steps/goto", { step: "first-scope" });
    const tab = await open(browser, server.origin);
    const { page } = tab;
    await becomes(page, "first-scope");
    assert.match(await (await cell(page, API, "vnet1")).getAttribute("class"), /well/);

    await page.getByRole("button", { name: /second-scope/ }).click();
    await becomes(page, "second-scope");
    let state = await (await fetch(server.origin + "/v1/state")).json();
    assert.equal(state.step, "first-scope", "looking at a step does not move the server");
    await page.getByRole("button", { name: "Move the server to this step" }).click();
    await page.getByRole("button", { name: "The server is at this step" }).waitFor();
    state = await (await fetch(server.origin + "/v1/state")).json();
    assert.equal(state.step, "second-scope");

    const turned = await cell(page, API, "vnet1");
    assert.match(await turned.getAttribute("class"), /broken/);
    assert.equal(await turned.locator(".now").textContent(), "10.0.2.7");
    assert.equal(await turned.locator(".why").textContent(), "pe2, not reachable");
    assert.equal(await turned.locator(".was").textContent(), "before: 10.0.1.9 (pe1)");
    await turned.click();
    assert.equal(await page.locator("#explanation").textContent(), run("explain", API, "--from", "vnet1", "--at", "second-scope"));
    await page.getByRole("button", { name: "Before, in first-scope" }).click();
    assert.equal(await page.locator("#explanation").textContent(), run("explain", API, "--from", "vnet1", "--at", "first-scope"));
    await page.getByRole("button", { name: "Close" }).click();

    // Somebody else moves the server: the page follows, until it is told not to.
    await post(server.origin, "/v1/steps/next", {});
    await becomes(page, "second-endpoint-deleted");
    assert.equal(await (await cell(page, API, "vnet1")).locator(".now").textContent(), "NXDOMAIN");
    await page.getByLabel("Follow the server").uncheck();
    await post(server.origin, "/v1/steps/goto", { step: "before" });
    await page.getByText("Server at before").waitFor();
    assert.equal(await step(page), "second-endpoint-deleted");
    await page.keyboard.press("Shift+ArrowRight");
    await becomes(page, "first-scope");
    state = await (await fetch(server.origin + "/v1/state")).json();
    assert.equal(state.step, "first-scope", "Shift and an arrow move the server");

    // Events that were appended become a step of their own.
    const events = { builtOn: state.revision, step: "vnet3", events: [{ createNetwork: { name: "vnet3", addressSpace: ["10.0.3.0/24"] } }] };
    const appended = await post(server.origin, "/v1/events", events);
    if (appended.ok) {
      await page.getByLabel("Follow the server").check();
      await becomes(page, "vnet3");
      await page.locator(".box[data-name=vnet3]").waitFor();
    } else assert.fail(await appended.text());
    assert.deepEqual(await barriers(page), []);
    quiet(tab, server.origin);
    await tab.context.close();
  } finally {
    await server.stop();
  }
});

test("the value of the server is that of the file, and its tag tells whether it is another one", async () => {
  const server = await serve("--listen", "127.0.0.1:0");
  try {
    const first = await fetch(server.origin + "/v1/story");
    const tag = first.headers.get("etag");
    const value = await first.json();
    const file = JSON.parse(/<script type="application\/json" id="story">(.*)<\/script>/.exec(run("story", "--format", "html"))[1]);
    // A server knows no more than the title of its scenario.
    for (const key of ["about", "source"]) {
      assert.notEqual(file[key], "");
      file[key] = "";
    }
    assert.deepEqual(value, file);
    const again = () => fetch(server.origin + "/v1/story", { headers: { "if-none-match": tag } });
    await post(server.origin, "/v1/steps/next", {});
    assert.equal((await again()).status, 304, "a step moves nothing in it");
    const { revision } = await (await fetch(server.origin + "/v1/state")).json();
    assert.equal((await post(server.origin, "/v1/events", { builtOn: revision, events: [{ createPrivateLinkScope: { name: "new" } }] })).status, 200);
    const other = await again();
    assert.equal(other.status, 200);
    assert.notEqual(other.headers.get("etag"), tag);
  } finally {
    await server.stop();
  }
});

test("a query shows in the live table", async () => {
  const server = await serve("--listen", "127.0.0.1:0,vnet1=127.0.0.1:0");
  try {
    const tab = await open(browser, server.origin);
    const name = Buffer.concat([...API.split("."), ""].map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)])));
    const socket = dgram.createSocket("udp4");
    const query = Buffer.concat([Buffer.from("1234010000010000000000000000".slice(0, 24), "hex"), name, Buffer.from("00010001", "hex")]);
    const answered = new Promise((done) => { socket.once("message", done); });
    socket.send(query, server.dns.vnet1, "127.0.0.1");
    await answered;
    socket.close();
    const row = tab.page.locator("#queries tr", { hasText: API });
    await row.waitFor();
    const text = await row.textContent();
    assert.match(text, /vnet1.*A10\.0\.2\.7pe2/, text);
    await tab.page.getByLabel("Filter").fill("no such thing");
    await tab.page.getByText("No query is left by this filter.").waitFor();
    assert.deepEqual(await barriers(tab.page), []);
    quiet(tab, server.origin);
    await tab.context.close();
  } finally {
    await server.stop();
  }
});

test("a server with a token is asked with it, and the page keeps none", async () => {
  const token = "a-token-of-more-than-sixteen-octets";
  const server = await serve("--listen", "127.0.0.1:0", "--admin-token-file", write("token", token, { mode: 0o600 }));
  try {
    assert.equal((await fetch(server.origin + "/")).status, 401);
    const tab = await open(browser, server.origin, { httpCredentials: { username: "any", password: token } });
    await becomes(tab.page, "second-scope");
    const kept = await tab.page.evaluate(() => [localStorage.length, sessionStorage.length, document.cookie].join());
    assert.equal(kept, "0,0,");
    quiet(tab, server.origin);
    await tab.context.close();
  } finally {
    await server.stop();
  }
});

test("a page from a file is used with keys alone", async () => {
  const file = `file://${write("story.html", run("story", "--format", "html", "--at", "first-scope"))}`;
  const tab = await open(browser, file);
  const { page } = tab;
  const press = async (...keys) => { for (const key of keys) await page.keyboard.press(key); };
  const focused = (what) => page.evaluate((what) => document.activeElement.matches(what), what);
  assert.equal(await step(page), "first-scope");
  await press("Tab");
  assert.ok(await focused(".skip"), "the first stop leads past the drawing");
  await press("ArrowRight");
  assert.equal(await step(page), "second-scope");
  await press("ArrowRight", "ArrowLeft", "ArrowLeft", "ArrowLeft", "ArrowLeft");
  assert.equal(await step(page), "before");
  await press("ArrowRight", "ArrowRight");

  // Every stop can be seen.
  const stops = new Set();
  for (let count = 0; count < 60; count += 1) {
    await press("Tab");
    const stop = await page.evaluate(() => {
      const own = document.activeElement;
      if (own === document.body) return null;
      const seen = own.matches(".box") ? getComputedStyle(own.querySelector("rect")).strokeWidth === "4px" : getComputedStyle(own).outlineStyle !== "none";
      return [own.id || own.dataset.name || own.dataset.step || own.tagName, seen];
    });
    if (!stop) break;
    assert.ok(stop[1], `focus is seen at ${stop[0]}`);
    stops.add(stop[0]);
  }
  for (const stop of ["previous", "next", "2", "vnet1", "rg-dns", "pe1", "ampls2", "only-changed", "TD", "SUMMARY"]) {
    assert.ok(stops.has(stop), `${stop} can be reached with Tab`);
  }

  await page.locator("td[tabindex='0']").focus();
  await press("ArrowDown", "ArrowRight", "ArrowLeft", "End", "Home", "ArrowDown", "ArrowUp");
  assert.equal(await page.evaluate(() => [document.activeElement.dataset.row, document.activeElement.dataset.column].join()), "1,0");
  await press("Enter");
  assert.ok(await page.evaluate(() => document.getElementById("dialog").open));
  const name = await page.locator("#dialog-head").textContent();
  assert.equal(await page.locator("#explanation").textContent(), run("explain", name, "--from", "vnet1", "--at", "second-scope"));
  await press("Escape");
  assert.equal(await page.evaluate(() => document.activeElement.dataset.row), "1", "focus returns to the cell");

  await page.locator(".box[data-name=pe1]").focus();
  await press("Enter");
  assert.match(await page.locator("#dialog-body").textContent(), /5 of its 13 record sets/);
  assert.match(await page.locator("#dialog-body").textContent(), /10\.0\.1\.9/);
  await press("Escape");
  quiet(tab, "file://");
  await tab.context.close();
});

for (const colorScheme of ["light", "dark"]) {
  test(`nothing keeps anybody out in ${colorScheme}`, async () => {
    const file = `file://${write("story.html", run("story", "--format", "html"))}`;
    for (const viewport of [{ width: 1440, height: 900 }, { width: 390, height: 800 }]) {
      const tab = await open(browser, file, { colorScheme, viewport });
      for (const index of [0, 1, 2, 3]) {
        await tab.page.locator(`[data-step="${index}"]`).click();
        assert.deepEqual(await barriers(tab.page), [], `step ${index}`);
      }
      await tab.page.locator("td").nth(3).click();
      assert.deepEqual(await barriers(tab.page), [], "explanation");
      const wide = await tab.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.equal(wide, 0, "the page itself does not scroll sideways");
      await tab.context.close();
    }
    // Axe does not look into drawings: text there has the contrast of 4.5 too.
    const tab = await open(browser, file, { colorScheme });
    const poor = await tab.page.evaluate(() => {
      const channel = (value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
      const light = (color) => { const [r, g, b] = color.match(/[\d.]+/g).map(Number); return 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b); };
      const poor = [];
      for (const text of document.querySelectorAll("#drawing text")) {
        const box = text.closest(".box");
        const rect = box && box.querySelector("rect");
        const fill = rect && getComputedStyle(rect).fill;
        const ground = fill && fill !== "none" ? fill : getComputedStyle(document.querySelector(".card")).backgroundColor;
        const [a, b] = [light(getComputedStyle(text).fill), light(ground)].sort((one, other) => other - one);
        const contrast = (a + 0.05) / (b + 0.05);
        if (contrast < 4.5) poor.push(`${text.textContent}: ${contrast.toFixed(2)}`);
      }
      return poor;
    });
    assert.deepEqual(poor, []);
    await tab.context.close();
  });
}

test("thirty networks are drawn at once, and every text stays in its box", async () => {
  const estate = write("thirty.yaml", run("generate", "--networks", "30", "--scopes", "3"));
  const tab = await open(browser, `file://${write("thirty.html", run("story", estate, "--format", "html"))}`, { viewport: { width: 1600, height: 1000 } });
  const { page } = tab;
  assert.equal(await page.locator(".box.network").count(), 30);
  const out = await page.evaluate(() => [...document.querySelectorAll("#drawing .box")].flatMap((box) => {
    const rect = box.querySelector("rect").getBBox();
    const texts = [...box.querySelectorAll("text")].map((text) => [text.textContent, text.getBBox()]);
    return texts.filter(([, own]) => own.x < rect.x || own.x + own.width > rect.x + rect.width || own.y < rect.y || own.y + own.height > rect.y + rect.height).map(([text]) => text);
  }));
  assert.deepEqual(out, []);
  assert.equal(await page.locator(".grid thead th").count(), 4, "networks that see the same share a column");
  await page.locator("td").first().click();
  await page.locator("#dialog select").selectOption({ label: "vnet-00027" });
  const name = await page.locator("#dialog-head").textContent();
  assert.equal(await page.locator("#explanation").textContent(), run("explain", name, "--from", "vnet-00027", "--at", "scopes", "--scenario", estate));
  await page.keyboard.press("Escape");
  await page.getByLabel("Merge networks that see the same").uncheck();
  assert.equal(await page.locator(".grid thead th").count(), 31);
  await page.locator("#name-filter").fill("ws-0002-00");
  assert.equal(await page.locator(".grid tbody tr:not(.group)").count(), 15, "a resource has its three names");
  await page.locator("#name-filter").fill("");
  const took = await page.evaluate(() => { const begin = performance.now(); document.getElementById("previous").click(); document.body.offsetHeight; return performance.now() - begin; });
  assert.ok(took < 2000, `a step takes ${Math.round(took)} ms`);
  assert.deepEqual(await barriers(page), []);
  quiet(tab, "file://");
  await tab.context.close();
});

test("whatever a scenario says stays text", async () => {
  const evil = "<img src=x onerror=document.title=1><script>document.title=1<script>";
  const scenario = `version: 1
title: "</script><script>window.broken=1</script></title><h1>"
about: "<svg onload=window.broken=1>&amp;"
networks:
  "${evil}": { addressSpace: [10.0.1.0/24], subnets: { "<b>": 10.0.1.0/26 } }
workspaces:
  "<script>window.broken=1<script>": { customerId: 11111111-1111-4111-8111-111111111111, location: westeurope }
steps:
  - name: "<script>window.broken=1<script>"
    about: "--></style><script>window.broken=1</script>"
    events:
      - createPrivateDnsZones: { resourceGroup: "<i>rg", zones: azuremonitor, links: { "${evil}": {} } }
      - createPrivateLinkScope: { name: "<u onmouseover=window.broken=1>", ingestionAccessMode: Open, queryAccessMode: Open }
      - addScopedResource: { scope: "<u onmouseover=window.broken=1>", resource: "<script>window.broken=1<script>" }
      - createPrivateEndpoint: { name: "\\"onclick=window.broken=1 x=\\"", scope: "<u onmouseover=window.broken=1>", subnet: "${evil}/<b>", zoneGroup: "<i>rg" }
`;
  const path = write("evil.yaml", scenario);
  const tab = await open(browser, `file://${write("evil.html", run("story", path, "--format", "html"))}`);
  const { page } = tab;
  assert.equal(await page.locator("#title").textContent(), "</script><script>window.broken=1</script></title><h1>");
  assert.equal(await step(page), "<script>window.broken=1<script>");
  assert.equal(await page.locator(".grid thead th").nth(1).textContent(), evil);
  for (const box of await page.locator(".box[tabindex]").all()) {
    await box.click();
    await page.keyboard.press("Escape");
  }
  await page.locator("td").first().click();
  assert.match(await page.locator("#explanation").textContent(), /<img src=x onerror/);
  assert.equal(await page.locator("img, main script, dialog script, #drawing b, #drawing u, #drawing i").count(), 0);
  assert.equal(await page.evaluate(() => window.broken), undefined);
  quiet(tab, "file://");
  await tab.context.close();

  const server = await serve(path, "--listen", "127.0.0.1:0");
  try {
    const live = await open(browser, server.origin);
    assert.equal(await live.page.locator(".grid thead th").nth(1).textContent(), evil);
    assert.equal(await live.page.evaluate(() => window.broken), undefined);
    // A script of somebody else would not run.
    await live.page.evaluate(() => { const script = document.createElement("script"); script.textContent = "window.broken = 1"; document.body.append(script); });
    assert.equal(await live.page.evaluate(() => window.broken), undefined);
    assert.match(live.trouble.join(), /Content Security Policy/);
    await live.context.close();
  } finally {
    await server.stop();
  }
});
