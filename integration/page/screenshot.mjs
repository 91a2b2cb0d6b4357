// The screenshot of the README: `just screenshot`.

import { statSync } from "node:fs";
import { join } from "node:path";
import { here, launch, open, run, write } from "./browser.mjs";

const MOST_BYTES = 300_000;
const browser = await launch();
try {
  const file = write("story.html", run("story", "--format", "html"));
  const { page } = await open(browser, `file://${file}`, { viewport: { width: 1280, height: 1460 } });
  const path = join(here, "page.png");
  await page.screenshot({ path });
  const bytes = statSync(path).size;
  if (bytes > MOST_BYTES) throw new Error(`${path} has ${bytes} bytes, ${MOST_BYTES} are the most`);
  console.log(`${path}: ${bytes} bytes`);
} finally {
  await browser.close();
}
