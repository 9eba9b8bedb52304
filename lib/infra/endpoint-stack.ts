import { Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { DirectPush } from './direct-push.ts';
import type { DirectPushProps } from './props.ts';

/** `DirectPush` as a stack of its own: it can be destroyed and made again, what it kept is in the data stack. */
export class DirectPushStack extends Stack {
  readonly directPush: DirectPush;

  /** `properties` gets the stack, so that what is imported (a zone, a certificate) can be made in it. */
  constructor(scope: Construct, id: string, properties: (stack: Stack) => DirectPushProps, stack: StackProps = {}) {
    super(scope, id, { description: 'Direct Push: an Exchange ActiveSync endpoint', ...stack });
    this.directPush = new DirectPush(this, 'DirectPush', properties(this));
  }
}
