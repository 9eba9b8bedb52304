import { describe, expect, it } from 'vitest';
import { answeredBy, cutAdvice, refusal } from '../../../lib/doctor/refusal.ts';

const answer = (status: number, headers: Record<string, string> = {}) => ({ status, headers, body: Buffer.alloc(0) });

describe('what the doctor says of a refusal', () => {
  it.each([
    [401, /password/],
    [403, /disabled/],
    [404, /forward/],
    [413, /client_max_body_size/],
    [504, /proxy_read_timeout/],
    [500, /log of the server/],
  ])('knows what to change after HTTP %i', (status, advice) => {
    const trouble = refusal('Ping', answer(status));
    expect(trouble.message).toBe(`Ping: HTTP ${status}`);
    expect(trouble.advice).toMatch(advice);
  });

  it('advises nothing where it knows nothing', () => {
    expect(refusal('Ping', answer(418)).advice).toBeUndefined();
  });

  it('names who answered and where a redirect goes', () => {
    expect(answeredBy(answer(502, { server: 'nginx', via: '1.1 edge' }))).toBe(' by nginx, 1.1 edge');
    expect(refusal('OPTIONS', answer(302, { location: '/login' })).message).toBe('OPTIONS: HTTP 302 to /login');
  });
});

describe('whose habit a cut is', () => {
  it.each([
    [0.2, /never held/],
    [60.1, /nginx/],
    [99, /Cloudflare/],
    [229.5, /Azure/],
    [351, /network load balancers/],
    [605, /Google/],
  ])('after %d s', (seconds, advice) => {
    expect(cutAdvice(seconds)).toMatch(advice);
  });

  it('is nobody in particular between habits', () => {
    expect(cutAdvice(180)).toBe('Every hop must leave a quiet request alone for 3600 s');
  });
});
