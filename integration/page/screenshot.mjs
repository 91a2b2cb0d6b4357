// The screenshot of the README: `just screenshot`.

import { statSync } from "node:fs";
import { join } from "node:path";
import { here, launch, open, run, write } from "./browser.mjs";

const MOST_OCTETS = 200_000;
const browser = await launch();
try {
  const file = write("story.html", run("story", "--format", "html"));
  const { page } = await open(browser, `file://${file}`, { viewport: { width: 1280, height: 930 } });
  const path = join(here, "page.png");
  await page.screenshot({ path });
  const octets = statSync(path).size;
  if (octets > MOST_OCTETS) throw new Error(`${path} has ${octets} octets, ${MOST_OCTETS} are the most`);
  console.log(`${path}: ${octets} octets`);
} finally {
  await browser.close();
}
