/** Conditions and updates as DynamoDB expressions. All names go through placeholders: any of them may be reserved. */
import type { Condition, Query, Write } from '../ports.ts';
import type { SortRange } from '../range.ts';
import { type Attributes, toAttribute } from './marshal.ts';

/** Names and values of one request, each once. */
class Placeholders {
  readonly names: Record<string, string> = {};
  readonly values: Attributes = {};
  #names = 0;
  #values = 0;

  name(name: string): string {
    const placeholder = `#n${this.#names++}`;
    this.names[placeholder] = name;
    return placeholder;
  }

  value(value: Parameters<typeof toAttribute>[0]): string {
    const placeholder = `:v${this.#values++}`;
    this.values[placeholder] = toAttribute(value);
    return placeholder;
  }

  /** DynamoDB refuses empty maps. */
  get parts(): { ExpressionAttributeNames?: Record<string, string>; ExpressionAttributeValues?: Attributes } {
    return {
      ...(this.#names > 0 && { ExpressionAttributeNames: this.names }),
      ...(this.#values > 0 && { ExpressionAttributeValues: this.values }),
    };
  }
}

function condition(when: Condition, placeholders: Placeholders): string {
  if ('row' in when) {
    return `attribute_${when.row === 'absent' ? 'not_exists' : 'exists'}(${placeholders.name('pk')})`;
  }
  const equal = Object.entries(when.equals).map(
    ([name, value]) => `${placeholders.name(name)} = ${placeholders.value(value)}`,
  );
  // Equal in nothing still means that there is a row.
  return equal.length > 0 ? equal.join(' AND ') : condition({ row: 'present' }, placeholders);
}

export function conditionParts(when: Condition | undefined) {
  if (!when) return {};
  const placeholders = new Placeholders();
  const ConditionExpression = condition(when, placeholders);
  return { ConditionExpression, ...placeholders.parts };
}

export function updateParts({ set = {}, add = {}, remove = [], when }: Extract<Write, { op: 'update' }>) {
  const placeholders = new Placeholders();
  const sets = Object.entries(set).map(([name, value]) => `${placeholders.name(name)} = ${placeholders.value(value)}`);
  const adds = Object.entries(add).map(([name, by]) => `${placeholders.name(name)} ${placeholders.value(by)}`);
  const removes = remove.map((name) => placeholders.name(name));
  const UpdateExpression = [
    sets.length > 0 && `SET ${sets.join(', ')}`,
    adds.length > 0 && `ADD ${adds.join(', ')}`,
    removes.length > 0 && `REMOVE ${removes.join(', ')}`,
  ]
    .filter(Boolean)
    .join(' ');
  const guarded = when ? { ConditionExpression: condition(when, placeholders) } : {};
  return { UpdateExpression, ...guarded, ...placeholders.parts };
}

/** A sort key condition is one comparison, so a prefix together with other bounds becomes a range. */
export function keyParts(query: Query, range: SortRange) {
  const placeholders = new Placeholders();
  const pk = `${placeholders.name('pk')} = ${placeholders.value(query.pk)}`;
  const sort = sortCondition(query, range, placeholders);
  return { KeyConditionExpression: sort ? `${pk} AND ${sort}` : pk, ...placeholders.parts };
}

function sortCondition(query: Query, range: SortRange, placeholders: Placeholders): string | undefined {
  const { from, to, before } = range;
  if (from === undefined && to === undefined && before === undefined) return undefined;
  const sk = placeholders.name('sk');
  if (query.prefix && !query.from && query.to === undefined) {
    return `begins_with(${sk}, ${placeholders.value(query.prefix)})`;
  }
  const upper = lower(to, before);
  if (from === undefined) return `${sk} <= ${placeholders.value(upper!)}`;
  if (upper === undefined) return `${sk} >= ${placeholders.value(from)}`;
  return `${sk} BETWEEN ${placeholders.value(from)} AND ${placeholders.value(upper)}`;
}

/** The lower of the two upper bounds. The exclusive one is the first key that the prefix does not have. */
function lower(to: string | undefined, before: string | undefined): string | undefined {
  if (to === undefined || before === undefined) return to ?? before;
  return Buffer.compare(Buffer.from(to), Buffer.from(before)) < 0 ? to : before;
}
