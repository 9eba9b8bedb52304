/** Ends a part of a command with a status of its own, as its subclasses say. */
export abstract class StatusFailure extends Error {
  readonly status: number;
  constructor(status: number) {
    super(`status ${status}`);
    this.status = status;
  }
}
