/** Looks again and again, as these are other processes. @throws Error when it does not come true in time */
export async function until(condition: () => boolean | Promise<boolean>, ms = 10_000, everyMs = 10): Promise<void> {
  const end = performance.now() + ms;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`it did not come true in ${ms} ms`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
