/** A request that HTTP itself refuses, before or beside the protocol: no document could carry the answer. */
export class HttpFailure extends Error {
  override readonly name = 'HttpFailure';
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** For logs and metrics; `http-<status>` where absent. */
  readonly label?: string;

  constructor(
    status: number,
    message: string,
    options?: ErrorOptions & { readonly headers?: Readonly<Record<string, string>>; readonly label?: string },
  ) {
    super(message, options);
    this.status = status;
    this.headers = options?.headers ?? {};
    this.label = options?.label;
  }
}
