/** Data of a fault, finding, explanation or state, as the admin API documents it at `/openapi.json`. */
export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** The server refused a request; `problem` is the document that says why (RFC 9457). */
export class AdminError extends Error {
  readonly status: number;
  readonly problem: { title?: string; detail?: string; [name: string]: unknown };
}

export interface StateDocument {
  title: string;
  revision: number;
  step?: string;
  listeners: string[];
  networks: { name: string; listener?: string; prefixes: string[] }[];
  [name: string]: unknown;
}

export interface RecordDocument {
  name: string;
  ttl: number;
  type: string;
  data: string;
}

export interface ExplainDocument {
  view: string;
  name: string;
  type: string;
  rcode: string;
  answer: RecordDocument[];
  [name: string]: unknown;
}

/** The admin API of a running server. */
export class Admin {
  /** Its base URL. */
  url: string;
  /** The token that the server wants, if it wants one. */
  token?: string;
  /** Sends a request and returns the JSON document of the response. */
  request(method: string, path: string, options?: { body?: unknown; query?: Record<string, string> }): Promise<any>;
  /** Returns to the step that the server started at, without the events applied since, and clears all faults. */
  reset(): Promise<void>;
  /** Goes to a step of the scenario, forward or back. */
  step(name: string): Promise<void>;
  /** Applies events to the revision that is served now. */
  apply(events: object[]): Promise<void>;
  /** The state of the server. */
  state(): Promise<StateDocument>;
  /** Why clients of a network get the answer they get. */
  explain(name: string, network: string, type?: string): Promise<ExplainDocument>;
  /** The data that clients of a network get for a name, without aliases; empty where they get none. */
  resolve(name: string, network: string, type?: string): Promise<string[]>;
  /** What `ampls-dns check` reports about the revision that is served now. */
  findings(): Promise<{ code: string; severity: string; message: string; [name: string]: unknown }[]>;
}

export interface ServerOptions {
  /** A file, or the name of a built-in scenario; without it, the built-in `two-scopes-one-dns`. */
  scenario?: string;
  /** The step to start at. */
  at?: string;
  /** Further arguments of `ampls-dns serve`. */
  arguments?: string[];
}

export interface Address {
  host: string;
  port: number;
  /** `host:port`, as `Resolver.setServers` of node:dns takes it. */
  server: string;
}

/** A server on free ports of loopback. */
export class Server extends Admin {
  constructor(options?: ServerOptions);
  /** Starts it and waits until it answers; rejects with what it printed. */
  start(): Promise<this>;
  /** Ends it. */
  stop(): Promise<void>;
  /** The last lines that it printed. */
  log(): string;
  /** Where a network's view is answered, over UDP and TCP; without a network, the public view. */
  address(network?: string): Address;
}

/** Starts a server. */
export function start(options?: ServerOptions): Promise<Server>;

/** The path of the program. */
export function binary(): string;
