import type { Answer } from '../client/transport.ts';
import { Trouble } from './types.ts';

/** Who answered, as far as the answer tells: the product's own answers name nobody. */
export function answeredBy({ headers }: Pick<Answer, 'headers'>): string {
  const who = [headers.server, headers.via].filter((each) => each !== undefined).join(', ');
  return who === '' ? '' : ` by ${who}`;
}

const ADVICE: Readonly<Record<number, string>> = {
  301: 'phones follow no redirect here: give them the address that it names',
  302: 'phones follow no redirect here: give them the address that it names, and take login pages out of the way',
  401: 'check address and password; a proxy that takes away the Authorization header looks the same',
  403: 'the account is disabled, not enabled for ActiveSync, or this device is blocked; or a firewall said it',
  404: 'forward /Microsoft-Server-ActiveSync, upper and lower case as they are, to the server',
  413: 'raise the largest body of the proxy (nginx: client_max_body_size 50m; IIS: maxAllowedContentLength)',
  414: 'raise the longest request line of the proxy',
  429: 'a limit of requests is in force: wait, or raise it for this address',
  502: 'the proxy does not reach the server: is it running, is the port right?',
  503: 'the server or the proxy is over its limits',
  504: 'raise the read timeout of the proxy above the longest heartbeat (nginx: proxy_read_timeout 3600s)',
};

/** What is wrong with an answer that is not the one that was hoped for. */
export function refusal(what: string, answer: Answer): Trouble {
  const { location } = answer.headers;
  const to = location === undefined ? '' : ` to ${location}`;
  const advice = ADVICE[answer.status] ?? (answer.status >= 500 ? 'look into the log of the server' : undefined);
  return new Trouble(`${what}: HTTP ${answer.status}${answeredBy(answer)}${to}`, advice);
}

/** Timeouts as hops have them when nobody changed anything, in seconds. */
const HABITS: readonly (readonly [number, string])[] = [
  [30, 'Heroku, HAProxy and many application servers'],
  [60, 'nginx (proxy_read_timeout), Apache, and load balancers of AWS (idle timeout)'],
  [100, 'Cloudflare, whose limit only an Enterprise plan raises: let the name bypass its proxy'],
  [120, 'IIS (ARR) and many firewalls'],
  [230, 'load balancers of Azure'],
  [300, 'mobile networks and firewalls (NAT)'],
  [350, 'network load balancers and NAT gateways of AWS'],
  [600, 'load balancers of Google Cloud'],
];

/** Why a held request ended `seconds` after it began, and whose it is to mend. */
export function cutAdvice(seconds: number): string {
  if (seconds < 1) return 'it was never held: the server or a proxy refuses it, see its log';
  const near = HABITS.find(([habit]) => Math.abs(seconds - habit) <= Math.max(2, habit * 0.03));
  const suspect = near ? `${near[0]} s is the habit of ${near[1]}. ` : '';
  return `${suspect}Every hop must leave a quiet request alone for 3600 s`;
}
