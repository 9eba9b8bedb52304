import { domainPart } from '../../identity/names.ts';

/** What SES found; `GRAY` is neither, and there are others for a check that was not made. */
export type Verdict = string;

/** What SES knows of a message that it received: the envelope, which no header tells whole, and what its checks found. */
export interface Receipt {
  /** MAIL FROM; empty for a bounce. */
  readonly from: string;
  /** RCPT TO, blind recipients and members of lists as well. */
  readonly to: readonly string[];
  readonly verdicts: Readonly<Partial<Record<'spf' | 'dmarc' | 'spam' | 'virus', Verdict>>>;
}

export type Harm = 'virus' | 'spam';

/** What the scan found; nothing where there was none. */
export function harmOf({ verdicts }: Receipt): Harm | undefined {
  if (verdicts.virus === 'FAIL') return 'virus';
  return verdicts.spam === 'FAIL' ? 'spam' : undefined;
}

/**
 * Whether the envelope's sender is who sent it, so that a report goes to nobody whose address was forged. SPF tells of
 * the envelope's domain. DMARC tells of the one in From, by a signature as well, under which MAIL FROM may be anybody's:
 * it counts where both are the same.
 * @param authors addresses of the From field
 */
export function isProven({ from, verdicts }: Receipt, authors: readonly string[]): boolean {
  if (from === '') return false;
  if (verdicts.spf === 'PASS') return true;
  return verdicts.dmarc === 'PASS' && authors.length === 1 && domainPart(authors[0]!) === domainPart(from);
}
