// The server in the hooks of node:test.
import { after, before, beforeEach } from "node:test";
import { Server } from "./index.js";

export function amplsDns(options) {
  const server = new Server(options);
  before(() => server.start());
  beforeEach(() => server.reset());
  after(() => server.stop());
  return server;
}
