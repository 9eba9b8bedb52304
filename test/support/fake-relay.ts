import type { Relay, RelayOutcome } from '../../lib/delivery/outbound/types.ts';

export interface Relayed {
  readonly from: string;
  readonly to: readonly string[];
  readonly raw: string;
}

/** A relay that takes everything but what `outcomes` says otherwise. */
export class FakeRelay implements Relay {
  readonly messages: Relayed[] = [];
  readonly outcomes = new Map<string, RelayOutcome>();
  /** Called before anything is taken; may reject, as when the process dies there. */
  before: () => Promise<void> | void = () => {};

  async send(from: string, to: readonly string[], raw: Uint8Array): Promise<readonly RelayOutcome[]> {
    await this.before();
    const outcomes = to.map((address): RelayOutcome => this.outcomes.get(address) ?? { kind: 'sent' });
    const taken = to.filter((_, n) => outcomes[n]!.kind === 'sent');
    if (taken.length > 0) this.messages.push({ from, to: taken, raw: Buffer.from(raw).toString('latin1') });
    return outcomes;
  }
  close(): void {}
}
