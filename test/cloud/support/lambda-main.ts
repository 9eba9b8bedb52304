/** A Lambda's runtime, small: one bundle, one event at a time, JSON in and out. Run by `lambda.ts` as a process of its own. */
export {};

interface Invocation {
  readonly id: number;
  readonly event: unknown;
  readonly timeoutMs: number;
}

const { handler } = (await import(process.argv[2]!)) as {
  handler: (event: unknown, context: object) => Promise<unknown>;
};

process.on('message', async ({ id, event, timeoutMs }: Invocation) => {
  const deadline = Date.now() + timeoutMs;
  const context = {
    functionName: 'test',
    awsRequestId: String(id),
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
  try {
    process.send!({ id, result: (await handler(event, context)) ?? null });
  } catch (error) {
    const { name, message } = error as Error;
    process.send!({ id, error: { name, message } });
  }
});
process.on('disconnect', () => process.exit(0));
process.send!({ ready: true });
