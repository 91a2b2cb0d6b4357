// The container image as a Testcontainers module.
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { AbstractStartedContainer, GenericContainer, Wait } from "testcontainers";
import { Admin } from "./admin.js";

const DNS_PORT = 53;
const ADMIN_PORT = 5299;

export class AmplsDnsContainer extends GenericContainer {
  #token = randomBytes(32).toString("base64url");

  constructor({ scenario, at, image = "ampls-dns" } = {}) {
    super(image);
    // The admin API is published on a port of the host, so it wants a token.
    this.withCopyContentToContainer([{ content: this.#token, target: "/admin-token", mode: 0o444 }]);
    this.withEnvironment({ AMPLS_DNS_ADMIN_TOKEN_FILE: "/admin-token", AMPLS_DNS_ADMIN: `0.0.0.0:${ADMIN_PORT}` });
    this.withExposedPorts(ADMIN_PORT, DNS_PORT);
    this.withWaitStrategy(Wait.forLogMessage("ctrl-c ends the server"));
    if (scenario !== undefined) {
      const file = existsSync(scenario);
      if (file) this.withCopyFilesToContainer([{ source: resolve(scenario), target: "/estate.yaml", mode: 0o444 }]);
      this.withEnvironment({ AMPLS_DNS_SCENARIO: file ? "/estate.yaml" : scenario });
    }
    if (at !== undefined) this.withEnvironment({ AMPLS_DNS_AT: at });
  }

  async start() {
    return new StartedAmplsDnsContainer(await super.start(), this.#token);
  }
}

export class StartedAmplsDnsContainer extends AbstractStartedContainer {
  constructor(started, token) {
    super(started);
    this.admin = new Admin();
    this.admin.url = `http://${started.getHost()}:${started.getMappedPort(ADMIN_PORT)}`;
    this.admin.token = token;
  }

  address() {
    const [host, port] = [this.getHost(), this.getMappedPort(DNS_PORT)];
    return { host, port, server: `${host}:${port}` };
  }
}
