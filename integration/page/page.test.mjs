// The page in a real browser: served and from a file, with mouse and with keys, in light and in dark.

import assert from "node:assert/strict";
import dgram from "node:dgram";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { execFileSync } from "node:child_process";
import { dirname, resolve } from "node:path";
import { binary, launch, open, run, serve, write } from "./browser.mjs";

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
  assert.deepEqual(asked.filter((address) => !address.startsWith(origin) && !address.startsWith("data:")), [], "nothing is loaded from elsewhere");
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

test("the value of the server is that of the file, and its tag changes with it", async () => {
  const server = await serve("--listen", "127.0.0.1:0");
  try {
    const first = await fetch(server.origin + "/v1/story");
    const tag = first.headers.get("etag");
    const value = await first.json();
    const file = JSON.parse(/<script type="application\/json" id="story">(.*)<\/script>/.exec(run("story", "--format", "html"))[1]);
    for (const key of ["about", "source", "scenario"]) assert.ok(file[key], key);
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
    await row.getByRole("link", { name: API }).click();
    assert.equal(await tab.page.locator("#explanation").textContent(), run("explain", API, "--from", "vnet1", "--at", "second-scope"));
    await tab.page.keyboard.press("Escape");
    await tab.page.goto(`${server.origin}/#step=second-scope&network=vnet1&name=example.com&type=AAAA`);
    await tab.page.reload();
    await tab.page.locator("#explanation").waitFor();
    assert.equal(await tab.page.locator("#explanation").textContent(), run("explain", "example.com", "AAAA", "--from", "vnet1", "--at", "second-scope"), "a name that is not in the table is explained by the server");
    await tab.page.evaluate((link) => { document.getElementById("dialog").close(); location.hash = link; }, "step=second-scope&network=vnet1&name=example.org&type=AAAA");
    await tab.page.locator("#dialog-head", { hasText: "example.org AAAA" }).waitFor();
    assert.match(tab.page.url(), /name=example.org/, "closing a dialog does not take the address of what was opened since");
    await tab.page.keyboard.press("Escape");
    await tab.page.waitForFunction(() => !location.hash.includes("name="));
    await tab.page.getByLabel("Filter queries").fill("no such thing");
    await tab.page.getByText("No query matches this filter.").waitFor();
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

for (const width of [1440, 800, 390]) {
test(`a page from a file is used with keys alone at ${width} pixels`, async () => {
  const file = `file://${write(`story-${width}.html`, run("story", "--format", "html", "--at", "first-scope"))}`;
  const tab = await open(browser, file, { viewport: { width, height: 900 } });
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

  // A phone shows the network that is broken at first; the selector takes another one by its letters.
  if (width === 390) {
    assert.deepEqual(await page.locator(".grid thead th").allTextContents(), ["Name", "vnet2"]);
    await page.locator("#network").focus();
    await page.keyboard.type("vnet1");
    assert.deepEqual(await page.locator(".grid thead th").allTextContents(), ["Name", "vnet1"]);
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
}

test("the way of packets and where it ends are drawn, and cells and boxes say them", async () => {
  const scenario = "hub-and-spoke-through-a-firewall";
  const file = write("ways.html", run("story", scenario, "--format", "html", "--at", "through-the-firewall"));
  const tab = await open(browser, `file://${file}`);
  const { page } = tab;
  const stop = page.locator('#drawing [data-kind="stop"]');
  const explained = async (network, at) => {
    await (await cell(page, API, network)).click();
    const text = await page.locator("#explanation").textContent();
    assert.equal(text, run("explain", API, "--scenario", scenario, "--from", network, "--at", at));
    await page.keyboard.press("Escape");
    return text;
  };
  await becomes(page, "through-the-firewall");
  await page.getByLabel("Merge networks that see the same").uncheck();
  assert.match(await (await cell(page, API, "app")).getAttribute("class"), /well/);
  assert.match(await explained("app", "through-the-firewall"), /through fw in hub \(app → hub \(fw\) → mon\)/);
  const stops = await stop.evaluateAll((all) => all.map((one) => one.dataset.name));
  assert.ok(stops.includes("app to mon: hub (fw)"), stops.join(", "));
  await page.locator(".box[data-name=app]").click();
  assert.match(await page.locator("#dialog-body").textContent(), /app → hub \(fw\) → mon/);
  await page.keyboard.press("Escape");
  assert.deepEqual(await barriers(page), []);

  await page.getByRole("button", { name: /firewall-drops/ }).click();
  await becomes(page, "firewall-drops");
  const ended = await cell(page, API, "app");
  assert.match(await ended.getAttribute("class"), /broken/);
  assert.match(await ended.textContent(), /not reachable/);
  assert.match(await explained("app", "firewall-drops"), /fw in hub drops the packets/);
  await page.locator(".box[data-name=app]").click();
  assert.match(await page.locator("#dialog-body").textContent(), /fw in hub drops the packets/);
  await page.keyboard.press("Escape");
  assert.match(await page.locator("#drawing").innerHTML(), /no path to mon: fw in hub drops the packets/);
  assert.deepEqual(await barriers(page), []);
  quiet(tab, "file://");
  await tab.context.close();
});

for (const colorScheme of ["light", "dark"]) {
  test(`there are no barriers at three widths in ${colorScheme}`, async () => {
    const file = `file://${write("story.html", run("story", "--format", "html"))}`;
    for (const viewport of [{ width: 1440, height: 900 }, { width: 800, height: 900 }, { width: 390, height: 800 }]) {
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

// A name of a step or a network as people write them, and one that is hard to show.
const LONG = `version: 1
title: Long names
networks:
  "corp-network-of-the-headquarters-in-western-europe-1": { addressSpace: [10.0.1.0/24], subnets: { "subnet-for-private-endpoints-only": 10.0.1.0/26 } }
  "hub with spaces": { addressSpace: [10.0.0.0/24] }
  spoke: { addressSpace: [10.0.2.0/24], dns: { default: network/hub with spaces } }
peerings: [["corp-network-of-the-headquarters-in-western-europe-1", "hub with spaces"], ["hub with spaces", spoke]]
workspaces:
  "workspace-of-the-platform-team-with-a-long-name": { customerId: 11111111-1111-4111-8111-111111111111, location: westeurope }
allow:
  - { code: AMPLS003, reason: "spokes never send telemetry" }
steps:
  - name: "before anything was created, on the first day of the project"
    events: []
  - name: "the platform team's first scope with zones, links & an endpoint"
    about: "The platform team creates everything at once."
    events:
      - createPrivateDnsZones: { resourceGroup: resource-group-of-the-platform-team-for-private-dns, zones: azuremonitor, links: { "corp-network-of-the-headquarters-in-western-europe-1": {}, "hub with spaces": {} } }
      - createPrivateLinkScope: { name: scope-of-the-platform-team-with-a-rather-long-name, ingestionAccessMode: Open, queryAccessMode: Open }
      - addScopedResource: { scope: scope-of-the-platform-team-with-a-rather-long-name, resource: workspace-of-the-platform-team-with-a-long-name }
      - createPrivateEndpoint: { name: endpoint-of-the-platform-team-with-a-rather-long-name, scope: scope-of-the-platform-team-with-a-rather-long-name, subnet: "corp-network-of-the-headquarters-in-western-europe-1/subnet-for-private-endpoints-only", zoneGroup: resource-group-of-the-platform-team-for-private-dns }
`;

// Runs a command line as it was copied, in a shell, and says what it printed.
function pasted(command) {
  const environment = { ...process.env, NO_COLOR: "1", PATH: `${dirname(resolve(binary))}:${process.env.PATH}` };
  return execFileSync("sh", ["-c", command], { encoding: "utf8", env: environment, cwd: "/" });
}

test("a copied command prints the explanation that the page shows", async () => {
  const path = write("it's an estate.yaml", LONG);
  const server = await serve(path, "--listen", "127.0.0.1:0");
  try {
    for (const address of [`file://${write("long.html", run("story", path, "--format", "html"))}`, `file://${write("built-in.html", run("story", "--format", "html", "--at", "first-scope"))}`, server.origin]) {
      const tab = await open(browser, address);
      await tab.page.locator("td").nth(1).click();
      const command = await tab.page.locator("#dialog-body .command code").textContent();
      assert.match(command, /--at .* --scenario /);
      assert.equal(pasted(command), await tab.page.locator("#explanation").textContent(), command);
      await tab.context.close();
    }
    // Events that no file has are explained by the server.
    const { revision } = await (await fetch(server.origin + "/v1/state")).json();
    await post(server.origin, "/v1/events", { builtOn: revision, step: "one more", events: [{ createPrivateLinkScope: { name: "new" } }] });
    const tab = await open(browser, server.origin);
    await becomes(tab.page, "one more");
    await tab.page.locator("td").nth(1).click();
    const command = await tab.page.locator("#dialog-body .command code").textContent();
    assert.equal(JSON.parse(pasted(command)).text, await tab.page.locator("#explanation").textContent());
    await tab.context.close();
  } finally {
    await server.stop();
  }
});

test("links open a step, its counts and an explanation, and survive a reload", async () => {
  const file = `file://${write("story.html", run("story", "--format", "html"))}`;
  const server = await serve("--listen", "127.0.0.1:0");
  try {
    for (const address of [file, `${server.origin}/`]) {
      const tab = await open(browser, `${address}#step=first-scope`);
      const { page } = tab;
      await becomes(page, "first-scope");
      await page.waitForTimeout(1200);
      assert.equal(await step(page), "first-scope", "the step of the server does not replace it");
      await page.reload();
      await becomes(page, "first-scope");

      await page.locator("#chips a", { hasText: "broken" }).click();
      assert.equal(await page.locator("#only-broken").isChecked(), true);
      const broken = await page.locator(".grid td.broken").count();
      assert.equal(`✕ ${broken} answers broken`, await page.locator("#chips a").first().textContent());
      await page.reload();
      await becomes(page, "first-scope");
      assert.equal(await page.locator("#only-broken").isChecked(), true, "the filter survives");

      await page.locator("#steps a", { hasText: "22 changed" }).first().click();
      await becomes(page, "second-scope");
      assert.equal(await page.locator("#only-changed").isChecked(), true);
      assert.equal(await page.locator(".grid td.changed").count(), 22);

      await page.locator("#findings a", { hasText: API }).first().click();
      const text = await page.locator("#explanation").textContent();
      assert.equal(text, run("explain", API, "--from", "vnet1", "--at", "second-scope"));
      await page.reload();
      assert.equal(await page.locator("#explanation").textContent(), text, "an explanation survives");
      await page.keyboard.press("Escape");
      await page.goBack();
      await page.goBack();
      await becomes(page, "first-scope");
      await page.goto("about:blank");
      await page.goto(`${address}#step=no-such-step`);
      await page.getByText("which this scenario does not have").waitFor();
      await tab.context.close();
    }
    // A page that follows the server follows it after a reload too.
    const tab = await open(browser, server.origin);
    await becomes(tab.page, "second-scope");
    await tab.page.reload();
    await post(server.origin, "/v1/steps/next", {});
    await becomes(tab.page, "second-endpoint-deleted");
    await tab.context.close();
  } finally {
    await server.stop();
  }
});

test("at three widths the drawing fits its card, no label is cut and no two overlap", async () => {
  const pages = [["long", run("story", write("long.yaml", LONG), "--format", "html")], ["hub", run("story", "hub-and-spoke-custom-dns", "--format", "html")], ["small", run("story", "--format", "html")]];
  for (const [name, html] of pages) {
    const file = `file://${write(`${name}.html`, html)}`;
    for (const width of [1440, 800, 390]) {
      const tab = await open(browser, file, { viewport: { width, height: 900 } });
      const { page } = tab;
      for (const button of await page.locator("#steps button").all()) {
        await button.click();
        const wrong = await page.evaluate(() => {
          const wrong = [];
          const root = document.getElementById("drawing");
          const svg = root.querySelector("svg");
          if (root.scrollWidth > root.clientWidth + 1) wrong.push(`the drawing is ${root.scrollWidth} wide in ${root.clientWidth}`);
          if (document.documentElement.scrollWidth > document.documentElement.clientWidth) wrong.push("the page scrolls sideways");
          const scale = svg.getBoundingClientRect().width / Number(svg.getAttribute("viewBox").split(" ")[2]);
          for (const text of svg.querySelectorAll("text")) {
            if (Number(text.getAttribute("font-size")) * scale < 7.5) wrong.push(`${text.textContent} is too small`);
            if (text.textContent.includes("…")) wrong.push(`${text.textContent} is cut`);
          }
          for (const box of svg.querySelectorAll(".box")) {
            const rect = box.querySelector("rect").getBoundingClientRect();
            for (const text of box.querySelectorAll("text")) {
              const own = text.getBoundingClientRect();
              if (own.left < rect.left || own.right > rect.right + 0.5 || own.bottom > rect.bottom + 1) wrong.push(`${text.textContent} leaves its box`);
            }
          }
          const apart = (list, what) => {
            const all = [...list].map((element) => [element.textContent, element.getBoundingClientRect()]);
            all.forEach(([one, a], index) => all.slice(index + 1).forEach(([other, b]) => {
              const [x, y] = [Math.min(a.right, b.right) - Math.max(a.left, b.left), Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top)];
              if (x > 1 && y > 3) wrong.push(`${what}: ${one} and ${other} overlap`);
            }));
          };
          apart(document.querySelectorAll(".step-label, .counts a, .counts span:not([hidden])"), "timeline");
          apart(svg.querySelectorAll("text"), "drawing");
          for (const label of document.querySelectorAll(".step-label")) if (label.scrollWidth > label.clientWidth + 1) wrong.push(`${label.textContent} is cut`);
          return wrong;
        });
        assert.deepEqual(wrong, [], `${name} at ${width}`);
      }
      if (width === 390) {
        const before = (await page.locator("#drawing svg").boundingBox()).width;
        await page.getByRole("button", { name: "Larger" }).click();
        assert.ok((await page.locator("#drawing svg").boundingBox()).width > before * 1.3);
        assert.ok(await page.evaluate(() => { const root = document.getElementById("drawing"); root.scrollBy(80, 0); return root.scrollLeft > 0; }), "a larger drawing is scrolled");
        await page.getByRole("button", { name: "Fit" }).click();
        assert.ok(Math.abs((await page.locator("#drawing svg").boundingBox()).width - before) < 2);
      }
      quiet(tab, "file://");
      await tab.context.close();
    }
  }
});

test("the drawing has peerings, forwarders and paths, a legend, and the reason where packets stop", async () => {
  const tab = await open(browser, `file://${write("hub.html", run("story", "hub-and-spoke-custom-dns", "--format", "html"))}`);
  assert.ok(await tab.page.locator("#drawing .edge.peering").count() > 0);
  assert.ok(await tab.page.locator("#drawing .edge.forward").count() > 0);
  for (const word of ["peering", "forwarded queries", "packets pass", "packets stop"]) {
    assert.equal(await tab.page.locator(".legend li", { hasText: word }).count(), 1, word);
  }
  await tab.context.close();
  const other = await open(browser, `file://${write("story.html", run("story", "--format", "html", "--at", "first-scope"))}`);
  const note = other.page.locator("#drawing .note text");
  assert.match((await note.allTextContents()).join(" "), /no path to vnet1: it is not peered with vnet2/);
  const [cross, reason] = [await other.page.locator("#drawing .edge.broken.packets .knot").boundingBox(), await note.first().boundingBox()];
  assert.ok(reason.y - cross.y < 60 && reason.y > cross.y, "the reason is below the cross");
  await other.context.close();
});

test("the table keeps its header and first column, and a phone shows every network", async () => {
  const estate = write("thirty.yaml", run("generate", "--networks", "30", "--scopes", "3"));
  const file = `file://${write("thirty.html", run("story", estate, "--format", "html"))}`;
  const tab = await open(browser, file, { viewport: { width: 800, height: 900 } });
  await tab.page.getByLabel("Merge networks that see the same").uncheck();
  const moved = await tab.page.evaluate(() => {
    const scroll = document.getElementById("grid-scroll");
    const place = () => ["thead th:first-child", "thead th:nth-child(2)", "tbody tr:nth-child(12) th"].map((what) => scroll.querySelector(what).getBoundingClientRect());
    const before = place();
    scroll.scrollBy(400, 300);
    const after = place();
    return { scrolled: [scroll.scrollLeft, scroll.scrollTop], corner: [after[0].x - before[0].x, after[0].y - before[0].y], head: after[1].y - before[1].y, first: after[2].x - before[2].x };
  });
  assert.deepEqual(moved, { scrolled: [400, 300], corner: [0, 0], head: 0, first: 0 });
  await tab.context.close();

  const phone = await open(browser, file, { viewport: { width: 390, height: 800 } });
  const options = await phone.page.locator("#network option").allTextContents();
  assert.equal(options.length, 31);
  for (const network of [options[1], options[17], options[30]]) {
    await phone.page.locator("#network").selectOption(network);
    assert.deepEqual(await phone.page.locator(".grid thead th").allTextContents(), ["Name", network]);
    const wide = await phone.page.evaluate(() => { const own = document.getElementById("grid-scroll"); return own.scrollWidth - own.clientWidth; });
    assert.equal(wide, 0, "name and answer fit");
  }
  quiet(phone, "file://");
  await phone.context.close();
});

test("drawing and table are saved as files", async () => {
  const tab = await open(browser, `file://${write("evil-csv.html", run("story", write("formula.yaml", LONG.replaceAll("spoke:", "\"=1+1\":").replaceAll("spoke]", "\"=1+1\"]")), "--format", "html"))}`, { acceptDownloads: true });
  const saved = async (button) => {
    const [download] = await Promise.all([tab.page.waitForEvent("download"), tab.page.getByRole("button", { name: button }).click()]);
    return [download.suggestedFilename(), readFileSync(await download.path(), "utf8")];
  };
  const [drawing, svg] = await saved("Save as SVG");
  assert.match(drawing, /^estate-the_platform_team.*\.svg$/);
  assert.ok(svg.includes(".drawing.file{") && svg.split('class="box ').length > 5);
  const reader = await browser.newPage();
  await reader.goto(`file://${write("saved.svg", svg)}`);
  assert.equal(await reader.evaluate(() => document.documentElement.tagName), "svg", "it is well formed");
  await reader.close();
  const [table, csv] = await saved("Save as CSV");
  assert.match(table, /\.csv$/);
  const lines = csv.trim().split("\r\n");
  assert.equal(lines[0], "step,name,resources,network,answer,from,state,before");
  const names = await tab.page.locator(".grid tbody tr:not(.group)").count();
  assert.equal(lines.length - 1, names * 3, "every name in every network");
  assert.ok(lines.some((line) => line.includes(",'=1+1,")), "what a spreadsheet would compute is text");
  quiet(tab, "file://");
  await tab.context.close();
});

test("accepted findings are shown as accepted, from a file and from a server", async () => {
  const path = write("accepted.yaml", LONG);
  const server = await serve(path, "--listen", "127.0.0.1:0");
  try {
    for (const address of [`file://${write("accepted.html", run("story", path, "--format", "html"))}`, server.origin]) {
      const tab = await open(browser, address);
      const accepted = tab.page.locator(".finding.accepted");
      assert.ok(await accepted.count() > 0);
      assert.match(await accepted.first().textContent(), /accepted.*AMPLS003.*spokes never send telemetry/);
      assert.match(await tab.page.locator("#findings-head").textContent(), /accepted/);
      assert.deepEqual(await barriers(tab.page), []);
      await tab.context.close();
    }
  } finally {
    await server.stop();
  }
});

test("all text of a scenario stays text", async () => {
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
