// Finds the program: AMPLS_DNS_BINARY, else the one in the package of this platform.
import { createRequire } from "node:module";
import process from "node:process";

const require = createRequire(import.meta.url);

export function binary() {
  if (process.env.AMPLS_DNS_BINARY) return process.env.AMPLS_DNS_BINARY;
  const name = `@ampls-dns/${process.platform}-${process.arch}`;
  const program = process.platform === "win32" ? "ampls-dns.exe" : "ampls-dns";
  try {
    return require.resolve(`${name}/bin/${program}`);
  } catch {
    throw new Error(
      `the package ${name} is not installed; install with optional dependencies, or set AMPLS_DNS_BINARY to the path of the program`,
    );
  }
}
