// Example tests, which are the tests of the package too. The types are checked by tsc; node runs what it writes.
import assert from "node:assert/strict";
import { Resolver } from "node:dns/promises";
import { describe, test } from "node:test";
import { AdminError, start } from "ampls-dns";
import { amplsDns } from "ampls-dns/node-test";

const NAME = "api.monitor.azure.com";

async function lookup(server: string): Promise<string[]> {
  const resolver = new Resolver({ timeout: 5000, tries: 2 });
  resolver.setServers([server]);
  return resolver.resolve4(NAME);
}

describe("two scopes", () => {
  const dns = amplsDns({ scenario: "two-scopes-one-dns", at: "first-scope" });

  test("each network has an address of its own", async () => {
    assert.deepEqual(await lookup(dns.address("vnet1").server), ["10.0.1.9"]);
    assert.throws(() => dns.address("vnet9"), /there are vnet1, vnet2/);
  });

  test("the second scope takes the name", async () => {
    await dns.step("second-scope");
    assert.deepEqual(await lookup(dns.address("vnet1").server), ["10.0.2.7"]);
    await dns.apply([{ deletePrivateEndpoint: "pe2" }]);
    assert.deepEqual(await dns.resolve(NAME, "vnet1"), []);
  });

  test("the test before left nothing", async () => {
    assert.equal((await dns.state()).step, "first-scope");
    assert.deepEqual(await dns.resolve(NAME, "vnet1"), ["10.0.1.9"]);
  });

  test("a step that is not there is an error with the reason", async () => {
    await assert.rejects(dns.step("third-scope"), (error) => error instanceof AdminError && /third-scope/.test(error.message));
  });
});

test("a server that cannot start says why", async () => {
  await assert.rejects(start({ scenario: "no-such-estate.yaml" }), /no-such-estate.yaml/);
});
