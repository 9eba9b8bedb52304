import { describe, expect, it } from 'vitest';
import { isSameUser } from '../../../lib/protocol/user.ts';
import { ACCOUNT } from './harness.ts';

const basic = (login: string, encoding: BufferEncoding = 'utf8') =>
  `Basic ${Buffer.from(`${login}:p:w`, encoding).toString('base64')}`;

describe('the user of the query', () => {
  const same: [user: string, login: string][] = [
    ['ann@example.com', 'ann@example.com'],
    ['ANN@Example.com', 'ann@example.com'],
    ['ann', 'ann@example.com'],
    ['ann@example.com', 'ann'],
    ['CORP\\ann', 'ann@example.com'],
    ['ann', 'CORP\\ann'],
    [' ann ', 'ann@example.com'],
    // The login of an outside directory, with and without what names its domain.
    ['x42', 'CORP\\x42'],
    ['CORP\\x42', 'x42'],
    ['x42', 'x42@login.example.com'],
    ['x42@login.example.com', 'x42'],
    ['CORP\\ann', 'corp\\ANN'],
    ['a.smith@example.com', 'ann@example.com'],
    ['a.smith', 'ann@example.com'],
    // A domain before a whole address, and an empty one.
    ['EX\\ann@example.com', 'ann@example.com'],
    ['ex\\ANN@example.com', 'ann@example.com'],
    ['\\ann@example.com', 'ann@example.com'],
    ['\\ann', 'ann@example.com'],
    ['ann@example.com', 'EX\\ann@example.com'],
    ['EX\\a.smith@example.com', 'ann'],
    ['EX\\x42@login.example.com', 'x42@login.example.com'],
    ['x42@login.example.com', '\\x42@login.example.com'],
    // An outside directory may log in by a name that is no address here.
    ['x42', 'x42'],
    ['x42@login.example.com', 'x42@login.example.com'],
  ];
  it.each(same)('%s is who logged in as %s', (user, login) => {
    expect(isSameUser(user, ACCOUNT, basic(login))).toBe(true);
  });

  const other: [user: string, login: string][] = [
    ['bob', 'ann@example.com'],
    ['bob@example.com', 'ann@example.com'],
    ['ann@other.example', 'ann@example.com'],
    ['CORP\\bob', 'CORP\\ann'],
    ['x42@login.example.com', 'x42@other.example'],
    ['EX\\bob@example.com', 'ann@example.com'],
    ['EX\\ann@other.example', 'ann@example.com'],
    ['EX\\x42@login.example.com', 'EX\\x42@other.example'],
    ['ann@example.com\\bob', 'ann@example.com'],
    ['', 'x42'],
    ['EX\\', 'x42'],
  ];
  it.each(other)('%j is not who logged in as %s', (user, login) => {
    expect(isSameUser(user, ACCOUNT, basic(login))).toBe(false);
  });

  it('is compared with the account where the login is no Basic one', () => {
    expect(isSameUser('ann', ACCOUNT, 'Bearer abc')).toBe(true);
    expect(isSameUser('bob', ACCOUNT, 'Bearer abc')).toBe(false);
    for (const login of [
      'Basic bm9jb2xvbg==',
      'Basic',
      'XBasic Ym9iOnB3',
      'Basic Ym9iOnB3 more',
      'Bearer Basic Ym9iOnB3',
    ]) {
      expect(isSameUser('bob', ACCOUNT, login)).toBe(false);
    }
    // A name without a password is none; its last character would be lost.
    expect(isSameUser('nocolo', ACCOUNT, 'Basic bm9jb2xvbg==')).toBe(false);
    expect(isSameUser('ann@example.com', ACCOUNT, undefined)).toBe(true);
    expect(isSameUser('ann', ACCOUNT, undefined)).toBe(true);
  });

  it('is compared with a login however it is spaced and cased', () => {
    for (const login of ['basic Ym9iOnB3', 'BASIC   Ym9iOnB3  ']) expect(isSameUser('bob', ACCOUNT, login)).toBe(true);
  });

  it('is compared with a login in Latin-1, as old Outlook writes it', () => {
    expect(isSameUser('jürgen', ACCOUNT, basic('jürgen', 'latin1'))).toBe(true);
    expect(isSameUser('jürgen', ACCOUNT, basic('jürgen', 'utf8'))).toBe(true);
  });
});
