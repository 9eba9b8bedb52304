import { describe, expect, it } from 'vitest';
import { commonStatuses, httpStatusFor, labelFor } from '../../../lib/protocol/statuses.ts';

const withKey = { hasPolicyKey: true };
const withoutKey = { hasPolicyKey: false };

describe('the table of common status codes', () => {
  it('has unique codes and labels, and HTTP codes that exist', () => {
    const all = [...commonStatuses()];
    expect(new Set(all.map((status) => status.label)).size).toBe(all.length);
    for (const { code, http } of all) {
      expect(code).toBeGreaterThan(100);
      expect([200, 400, 401, 403, 404, 413, 449, 500, 501, 503, 507]).toContain(http);
    }
  });

  it('says 500 for nothing but 110, since iOS downloads everything again after several', () => {
    expect([...commonStatuses()].filter(({ http }) => http === 500).map(({ code }) => code)).toEqual([110]);
  });

  it('knows no unknown code and calls it temporary', () => {
    expect(httpStatusFor(999, withKey)).toBe(503);
    expect(labelFor(999)).toBe('status-999');
    expect(labelFor(142)).toBe('device-not-provisioned');
  });
});

describe('versions up to 12.1 get HTTP instead of a status', () => {
  const rules: [code: number, http: number, ids: string][] = [
    [101, 400, '[MS-ASCMD R7545 R7546]'],
    [103, 400, '[MS-ASCMD R7547]'],
    [106, 400, '[MS-ASCMD R7548]'],
    [110, 500, '[MS-ASCMD R7550]'],
    [111, 503, '[MS-ASCMD R7551]'],
    [112, 403, '[MS-ASCMD R7552]'],
    [113, 507, '[MS-ASCMD R7553]'],
    [125, 403, '[MS-ASCMD R7554]'],
    [126, 403, '[MS-ASCMD R7555]'],
    [132, 403, '[MS-ASCMD R7556]'],
    [137, 501, '[MS-ASCMD R7558]'],
    [138, 400, '[MS-ASCMD R7559]'],
    [140, 449, '[MS-ASCMD R7562]'],
    [141, 449, '[MS-ASCMD R7563]'],
    [142, 449, '[MS-ASCMD R7564]'],
    [143, 449, '[MS-ASCMD R7565]'],
    [144, 449, '[MS-ASCMD R7566]'],
    [147, 400, '[MS-ASCMD R7567]'],
  ];
  it.each(rules)('%i is %i %s', (code, http) => {
    expect(httpStatusFor(code, withKey)).toBe(http);
  });

  it('106 is 500 for SendMail alone [MS-ASCMD R7549]', () => {
    expect(httpStatusFor(106, { ...withKey, command: 'SendMail' })).toBe(500);
    expect(httpStatusFor(106, { ...withKey, command: 'Sync' })).toBe(400);
  });

  it('132 is 500 for Provision alone [MS-ASCMD R7557]', () => {
    expect(httpStatusFor(126, { ...withKey, command: 'Provision' })).toBe(403);
    expect(httpStatusFor(132, { ...withKey, command: 'Provision' })).toBe(500);
    expect(httpStatusFor(132, { ...withKey, command: 'FolderSync' })).toBe(403);
  });

  it('150 is 500 for SmartReply and SmartForward, which Android then sends without their source', () => {
    for (const command of ['SmartReply', 'SmartForward']) expect(httpStatusFor(150, { ...withKey, command })).toBe(500);
    expect(httpStatusFor(150, { ...withKey, command: 'GetAttachment' })).toBe(404);
    expect(httpStatusFor(120, { ...withKey, command: 'SmartReply' })).toBe(503);
  });

  it('140 is 403 where no policy key was sent [MS-ASCMD R7561]', () => {
    expect(httpStatusFor(140, withoutKey)).toBe(403);
    expect(httpStatusFor(142, withoutKey)).toBe(449);
  });
});
