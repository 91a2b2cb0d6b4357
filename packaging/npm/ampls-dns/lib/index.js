// The server as a process of a test run.
import { spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { createInterface } from "node:readline";
import { Admin } from "./admin.js";
import { binary } from "./binary.js";

export { AdminError } from "./admin.js";
export { binary };

const START_LIMIT = 60_000;
const STOP_LIMIT = 10_000;
const KEPT_LINES = 1000;

export class Server extends Admin {
  #process;
  #said = [];
  #listeners = new Map();

  constructor({ scenario, at, arguments: more = [] } = {}) {
    super();
    this.scenario = scenario;
    this.at = at;
    this.arguments = more;
  }

  async start() {
    const where = [...(this.scenario ? [this.scenario] : []), ...(this.at ? ["--at", this.at] : [])];
    const chosen = this.arguments.some((one) => one === "--listen" || one === "--base-port");
    const listen = chosen ? [] : ["--base-port", "0"];
    // Settings of the surrounding shell are not those of the test.
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("AMPLS_DNS_")));
    const child = spawn(binary(), ["serve", ...where, "--admin", "127.0.0.1:0", ...listen, ...this.arguments], {
      stdio: ["ignore", "ignore", "pipe"],
      env,
    });
    this.#process = child;
    let timer;
    const ready = new Promise((resolve, reject) => {
      const failed = () => reject(new Error(this.log() || "the server did not start"));
      timer = setTimeout(failed, START_LIMIT);
      child.on("error", reject);
      child.on("close", failed);
      createInterface({ input: child.stderr }).on("line", (line) => {
        this.#said.push(line);
        if (this.#said.length > KEPT_LINES) this.#said.shift();
        const found = /^admin: (http:\/\/\S+)/.exec(line);
        if (found) this.url = found[1];
        if (line.startsWith("ctrl-c ends")) resolve();
      });
    });
    try {
      await ready;
    } catch (error) {
      await this.stop();
      throw error;
    } finally {
      clearTimeout(timer);
    }
    const state = await this.state();
    const listeners = [[undefined, state.listeners[0]], ...state.networks.map((one) => [one.name, one.listener])];
    for (const [network, server] of listeners) {
      if (!server) continue;
      const colon = server.lastIndexOf(":");
      this.#listeners.set(network, { host: server.slice(0, colon).replace(/^\[|\]$/g, ""), port: Number(server.slice(colon + 1)), server });
    }
    return this;
  }

  async stop() {
    const child = this.#process;
    this.#process = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), STOP_LIMIT);
    await ended;
    clearTimeout(timer);
  }

  async [Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose")]() {
    await this.stop();
  }

  log() {
    return this.#said.join("\n");
  }

  address(network) {
    const found = this.#listeners.get(network);
    if (found) return found;
    const known = [...this.#listeners.keys()].filter(Boolean).join(", ");
    throw new RangeError(`no listener for network ${network}; there are ${known}`);
  }
}

export function start(options) {
  return new Server(options).start();
}
