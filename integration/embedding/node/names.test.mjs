// A program that sends telemetry resolves its host by the private link.
import assert from "node:assert/strict";
import { Resolver } from "node:dns/promises";
import { test } from "node:test";
import { amplsDns } from "ampls-dns/node-test";

const dns = amplsDns({ scenario: "two-scopes-one-dns", at: "first-scope" });

// The code under test: what the program's resolver gives it.
async function ingestionAddress(server) {
  const resolver = new Resolver();
  resolver.setServers([server]);
  const [address] = await resolver.resolve4("api.monitor.azure.com");
  return address;
}

test("the private link has the name", async () => {
  assert.equal(await ingestionAddress(dns.address("vnet1").server), "10.0.1.9");
});

test("a second scope takes it", async () => {
  await dns.step("second-scope");
  assert.equal(await ingestionAddress(dns.address("vnet1").server), "10.0.2.7");
});
