import { Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** Rules that are acknowledged on a construct and everything in it, each with its reason. */
function acknowledge(scope: IConstruct, reasons: Readonly<Record<string, string>>): void {
  const rules = Object.entries(reasons).map(([id, reason]) => ({ id, reason }));
  Validations.of(scope).acknowledge(...rules);
}

export function acknowledgeData(_scope: IConstruct): void {}
export function acknowledgeFunction(_scope: IConstruct, _traits: { readonly inside: boolean; readonly tracing: boolean }): void {}
export function acknowledgeHolder(_scope: IConstruct): void {}
export function acknowledgeBalancer(_scope: IConstruct, _traits: { readonly logs: boolean }): void {}
export function acknowledgeFailures(_scope: IConstruct): void {}
export function acknowledgeSocket(_scope: IConstruct): void {}
export function acknowledgeInbound(_scope: IConstruct): void {}
void acknowledge;
