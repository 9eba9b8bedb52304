/** Under mutation: properties end at their first counter-example, unshrunk, and are the same in every run. */
import fc from 'fast-check';

fc.configureGlobal({ seed: 2026, numRuns: Number(process.env.PROPERTY_RUNS ?? 50), endOnFailure: true });
