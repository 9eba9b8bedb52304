import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { answerXml, errorXml, redirectXml, troubleXml } from '../../lib/http/autodiscover-xml.ts';

/** The facts of structure.tsv about Autodiscover, whose documents are plain XML and have no schema here. */
interface Row {
  readonly parent: string;
  readonly element: string;
  readonly fact: string;
  readonly ids: string;
}

const rows: readonly Row[] = readFileSync(path.join(import.meta.dirname, 'structure.tsv'), 'utf8')
  .split('\n')
  .map((line) => line.split('\t') as [string, string, string, string, string])
  .filter(([schema]) => schema === 'AutodiscoverResponse')
  .map(([, parent, element, fact, ids]) => ({ parent, element, fact, ids }));

interface Element {
  readonly name: string;
  readonly children: Element[];
  text: string;
}

/** Well-formed XML without comments, as this server writes it. @throws Error for anything else */
function parse(xml: string): Element {
  const top: Element = { name: '-', children: [], text: '' };
  const open = [top];
  const body = xml.replace(/^<\?xml[^>]*\?>\s*/, '').trim();
  for (const [whole, slash, name, empty, text] of body.matchAll(/<(\/?)([\w:]+)[^<>]*?(\/?)>|([^<>]+)/g)) {
    const parent = open.at(-1)!;
    if (text !== undefined) parent.text += text;
    else if (slash) {
      if (parent.name !== name) throw new Error(`${whole} ends ${parent.name}`);
      open.pop();
    } else {
      const child: Element = { name: name!, children: [], text: '' };
      parent.children.push(child);
      if (!empty) open.push(child);
    }
  }
  if (open.length !== 1) throw new Error('not closed');
  return top;
}

const KIM = { name: 'Kim', address: 'kim@example.test' };
const URL = 'https://mail.example.test/Microsoft-Server-ActiveSync';
/** All forms of an answer. */
const ANSWERS = [
  answerXml(KIM, URL),
  answerXml({ ...KIM, name: '' }, URL),
  redirectXml(KIM, 'kim@new.test'),
  troubleXml(KIM),
  errorXml(500, 0),
  errorXml(600, 0),
  errorXml(601, 0),
];
const TREES = ANSWERS.map(parse);
/** Elements that a server may leave out, and this one does: it enrols no certificates, and the command has no such code. */
const NEVER: Readonly<Record<string, readonly string[]>> = { Server: ['ServerData'], Error: ['ErrorCode'] };

function all(name: string): Element[] {
  const found: Element[] = [];
  const walk = (one: Element): void => {
    if (one.name === name) found.push(one);
    one.children.forEach(walk);
  };
  TREES.forEach(walk);
  return found;
}
const inside = (parent: string, element: string) =>
  all(parent).flatMap(({ children }) => children.filter(({ name }) => name === element));

const CHECKS: Readonly<Record<string, (row: Row, value: string) => void>> = {
  root({ element }) {
    for (const { children } of TREES) expect(children.map(({ name }) => name)).toEqual([element]);
  },
  parent({ parent, element }) {
    expect(inside(parent, element)).not.toEqual([]);
  },
  leaf({ parent, element }) {
    for (const { children } of inside(parent, element)) expect(children).toEqual([]);
  },
  /** These and no others; each of them somewhere. */
  children({ parent, element }, list) {
    const found = new Set(inside(parent, element).flatMap(({ children }) => children.map(({ name }) => name)));
    const never = parent === 'Response' ? [] : (NEVER[element] ?? []);
    expect([...found].sort()).toEqual(
      list
        .split(',')
        .filter((name) => !never.includes(name))
        .sort(),
    );
  },
  type({ parent, element }, type) {
    for (const { children, text } of inside(parent, element)) {
      if (type === 'container') expect([text, children.length > 0]).toEqual(['', true]);
      else expect(children).toEqual([]);
      if (type === 'integer') expect(text).toMatch(/^\d+$/);
    }
  },
  count({ parent, element }, bounds) {
    const [least, most] = bounds.split('..').map((bound) => (bound === 'N' ? Number.POSITIVE_INFINITY : Number(bound)));
    // The frame's own errors are no answer of the command: they have neither a User nor anything else of it.
    const command = all(parent).filter(
      ({ children }) => parent !== 'Response' || children.some(({ name }) => name === 'Culture'),
    );
    const parents = least! > 0 ? command : all(parent);
    const counts = parents.map(({ children }) => children.filter(({ name }) => name === element).length);
    expect(Math.max(...counts)).toBeGreaterThan(0);
    for (const count of counts) {
      expect(count).toBeGreaterThanOrEqual(least!);
      expect(count).toBeLessThanOrEqual(most!);
    }
  },
};

describe('the structure of Autodiscover', () => {
  // Whole, where the runner would cut what it fills in: ids that are cut prove nothing.
  const titled = rows.map((row) => [`${row.parent}/${row.element} ${row.fact} [${row.ids}]`, row] as const);
  it.each(titled)('%s', (_, row) => {
    const [kind, value = ''] = row.fact.split(' ');
    const check = CHECKS[kind!];
    if (!check) throw new Error(`no check for ${row.fact}`);
    check(row, value);
  });

  it('is XML, and no byte of it is a token [MS-ASCMD R7 R8 R41]', () => {
    for (const answer of ANSWERS) expect(answer).toMatch(/^<\?xml version="1\.0" encoding="utf-8"\?>\n<Autodiscover /);
  });

  it('has servers of a Type that there is [MS-ASCMD R4648]', () => {
    expect(inside('Server', 'Type').map(({ text }) => text)).toEqual(['MobileSync', 'MobileSync']);
  });

  it.each([600, 601] as const)(
    'names the server, the time of day and the code of error %i [MS-ASCMD R2285 R5545 R5547 R5698]',
    (code) => {
      const now = Date.UTC(2026, 0, 15, 23, 4, 5, 6);
      const [, time, id] = /<Error Time="([^"]*)" Id="([^"]*)">/.exec(errorXml(code, now))!;
      expect(time).toBe('23:04:05.0060000');
      expect(id).toMatch(/^\d+$/);
      expect(errorXml(code, now)).toContain(`<ErrorCode>${code}</ErrorCode>`);
    },
  );

  it('has a Status of its own where the command failed, and only there [MS-ASCMD R3998 R4001]', () => {
    expect(all('Status').map(({ text }) => text)).toEqual(['2']);
    expect(inside('Error', 'Status')).toHaveLength(1);
  });
});
