import type { Server, ServerOptions } from "./index.js";

/**
 * A server for the tests of this file or of the surrounding `describe`: started before the first, reset before each and ended after
 * the last.
 */
export function amplsDns(options?: ServerOptions): Server;
