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
    ['CORP\\ann', 'corp\\ANN'],
    ['a.smith@example.com', 'ann@example.com'],
    ['a.smith', 'ann@example.com'],
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
    ['', 'x42'],
  ];
  it.each(other)('%j is not who logged in as %s', (user, login) => {
    expect(isSameUser(user, ACCOUNT, basic(login))).toBe(false);
  });

  it('is compared with the account where the login is no Basic one', () => {
    expect(isSameUser('ann', ACCOUNT, 'Bearer abc')).toBe(true);
    expect(isSameUser('bob', ACCOUNT, 'Bearer abc')).toBe(false);
    expect(isSameUser('bob', ACCOUNT, 'Basic bm9jb2xvbg==')).toBe(false);
    expect(isSameUser('ann', ACCOUNT, undefined)).toBe(true);
  });

  it('is compared with a login in Latin-1, as old Outlook writes it', () => {
    expect(isSameUser('jürgen', ACCOUNT, basic('jürgen', 'latin1'))).toBe(true);
  });
});
