// The admin API of a running server, as tests use it.

export class AdminError extends Error {
  constructor(status, problem) {
    super(problem.detail ?? problem.title ?? `HTTP status ${status}`);
    this.name = "AdminError";
    this.status = status;
    this.problem = problem;
  }
}

export class Admin {
  url = "";
  token = undefined;

  async request(method, path, { body, query } = {}) {
    const url = new URL(this.url + path);
    for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, value);
    const headers = {};
    if (body !== undefined) headers["content-type"] = "application/json";
    if (this.token) headers.authorization = `Bearer ${this.token}`;
    const response = await fetch(url, { method, headers, body: body === undefined ? undefined : JSON.stringify(body), signal: AbortSignal.timeout(30_000) });
    const text = await response.text();
    let document;
    try {
      document = text ? JSON.parse(text) : undefined;
    } catch {
      document = { title: text };
    }
    if (!response.ok) throw new AdminError(response.status, document ?? {});
    return document;
  }

  async reset() {
    await this.request("POST", "/v1/reset");
    await this.request("DELETE", "/v1/faults");
  }

  async step(name) {
    await this.request("POST", "/v1/steps/goto", { body: { step: name } });
  }

  async apply(events) {
    const { revision } = await this.state();
    await this.request("POST", "/v1/events", { body: { builtOn: revision, events } });
  }

  state() {
    return this.request("GET", "/v1/state");
  }

  explain(name, network, type = "A") {
    return this.request("GET", "/v1/explain", { query: { name, type, from: network } });
  }

  async resolve(name, network, type = "A") {
    const { answer } = await this.explain(name, network, type);
    return answer.filter((record) => record.type === type).map((record) => record.data);
  }

  findings() {
    return this.request("GET", "/v1/findings");
  }
}
