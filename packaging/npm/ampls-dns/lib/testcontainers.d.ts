import { AbstractStartedContainer, GenericContainer, type StartedTestContainer } from "testcontainers";
import type { Address, Admin } from "./index.js";

export interface ContainerOptions {
  /** A file, which is copied into the container, or the name of a built-in scenario. */
  scenario?: string;
  /** The step to start at. */
  at?: string;
  /** The image; `ampls-dns` without it. */
  image?: string;
}

/**
 * A server in a container. Containers of its Docker network ask it at port 53; the source address or an EDNS client subnet chooses the
 * view. Tests on the host use `admin` of the started container.
 */
export class AmplsDnsContainer extends GenericContainer {
  constructor(options?: ContainerOptions);
  start(): Promise<StartedAmplsDnsContainer>;
}

export class StartedAmplsDnsContainer extends AbstractStartedContainer {
  constructor(started: StartedTestContainer, token: string);
  readonly admin: Admin;
  /** Where the public view is answered over TCP on the host. */
  address(): Address;
}
