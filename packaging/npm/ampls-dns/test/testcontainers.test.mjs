// The Testcontainers module with a container engine: DOCKER_HOST, AMPLS_DNS_TEST_IMAGE and AMPLS_DNS_TEST_NETWORK say which.
import assert from "node:assert/strict";
import process from "node:process";
import { test } from "node:test";
import { AmplsDnsContainer } from "ampls-dns/testcontainers";

test("a container serves and is stepped", async () => {
  const container = new AmplsDnsContainer({ scenario: "two-scopes-one-dns", at: "first-scope", image: process.env.AMPLS_DNS_TEST_IMAGE });
  if (process.env.AMPLS_DNS_TEST_NETWORK) container.withNetworkMode(process.env.AMPLS_DNS_TEST_NETWORK);
  const dns = await container.start();
  try {
    assert.deepEqual(await dns.admin.resolve("api.monitor.azure.com", "vnet1"), ["10.0.1.9"]);
    await dns.admin.step("second-scope");
    assert.deepEqual(await dns.admin.resolve("api.monitor.azure.com", "vnet1"), ["10.0.2.7"]);
  } finally {
    await dns.stop();
  }
});
