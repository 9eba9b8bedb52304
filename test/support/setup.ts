/**
 * Properties look somewhere else in every run of a developer, and at the same places in every run of CI: a change is not
 * to be refused for what it has nothing to do with. `PROPERTY_SEED` repeats a run.
 */
import fc from 'fast-check';

const seed = process.env.PROPERTY_SEED ?? (process.env.CI === 'true' ? '2026' : undefined);
if (seed !== undefined) fc.configureGlobal({ seed: Number(seed) });
