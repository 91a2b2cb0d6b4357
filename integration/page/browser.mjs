// A browser, and an ampls-dns for it to look at.

import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

export const here = dirname(fileURLToPath(import.meta.url));

// The binary of AMPLS_DNS, else the newest there is.
export const binary = process.env.AMPLS_DNS
  || ["release", "debug"].map((kind) => resolve(here, `../../target/${kind}/ampls-dns`)).find((path) => existsSync(path));

const environment = { ...process.env, NO_COLOR: "1" };
delete environment.AMPLS_DNS_SCENARIO;

// What a run of the binary prints.
export function run(...words) {
  return execFileSync(binary, words, { encoding: "utf8", env: environment, maxBuffer: 64 << 20 });
}

// A folder that is gone when the process ends.
const folder = mkdtempSync(join(tmpdir(), "ampls-dns-page-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

// Writes a file and says where.
export function write(name, text, options) {
  const path = join(folder, name);
  writeFileSync(path, text, options);
  return path;
}

// A server on ports of its own. `origin` is its admin address, `dns` the port of each network ("" is the public view).
export async function serve(...words) {
  const child = spawn(binary, ["serve", "--admin", "127.0.0.1:0", ...words], { env: environment, stdio: ["ignore", "pipe", "pipe"] });
  const dns = {};
  let errors = "";
  child.stderr.on("data", (text) => { errors += text; });
  const origin = await new Promise((done, failed) => {
    child.on("exit", () => failed(new Error(`the server ended: ${errors}`)));
    const hear = (line) => {
      const row = /^(\S+) .* dig @127\.0\.0\.1 -p (\d+) /.exec(line);
      if (row) dns[row[1] === "(public)" ? "" : row[1]] = Number(row[2]);
      const admin = /(http:\/\/127\.0\.0\.1:\d+)/.exec(line);
      if (admin) done(admin[1]);
    };
    createInterface({ input: child.stdout }).on("line", hear);
    createInterface({ input: child.stderr }).on("line", hear);
  });
  const stop = () => new Promise((done) => { child.once("exit", done); child.kill("SIGTERM"); });
  return { origin, dns, stop };
}

export async function launch() {
  const executablePath = process.env.CHROMIUM || "/usr/bin/chromium";
  return chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync"],
  });
}

// A tab that remembers what went wrong in it and what it asked for.
export async function open(browser, address, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  const trouble = [];
  const asked = [];
  page.on("console", (message) => { if (message.type() === "error" || message.type() === "warning") trouble.push(message.text()); });
  page.on("pageerror", (error) => trouble.push(error.message));
  page.on("request", (request) => asked.push(request.url()));
  await page.goto(address);
  await page.locator("#step").waitFor({ state: "visible" });
  return { context, page, trouble, asked };
}
