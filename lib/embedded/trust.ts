import { createHash, X509Certificate } from 'node:crypto';
import type { EasRequest, EasResponse } from '../http/types.ts';

/** Answers `/ca.crt` (DER) and `/ca.mobileconfig` (an Apple profile), by which a phone learns to trust `--tls`. */
export function trustPages(caPem: string): (request: EasRequest) => EasResponse | undefined {
  const der = new X509Certificate(caPem).raw;
  const profile = Buffer.from(appleProfile(der));
  return (request) => {
    if (request.method !== 'GET') return undefined;
    if (request.path === '/ca.crt') return file(der, 'application/x-x509-ca-cert', 'direct-push-ca.crt');
    if (request.path === '/ca.mobileconfig') {
      return file(profile, 'application/x-apple-aspen-config', 'direct-push.mobileconfig');
    }
    return undefined;
  };
}

function file(body: Uint8Array, type: string, name: string): EasResponse {
  return {
    status: 200,
    headers: {
      'content-type': type,
      'content-length': String(body.length),
      'content-disposition': `attachment; filename="${name}"`,
    },
    body,
  };
}

/**
 * Identifiers come from the certificate: installing the profile twice replaces it, and a phone that trusts two servers
 * keeps both, since iOS takes profiles of one PayloadIdentifier for the same.
 */
function appleProfile(der: Buffer): string {
  const id = (what: string) => {
    const hex = createHash('sha256').update(what).update(der).digest('hex');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
  };
  const name = id('name').slice(0, 8);
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>PayloadType</key><string>Configuration</string>
  <key>PayloadVersion</key><integer>1</integer>
  <key>PayloadIdentifier</key><string>direct-push.ca.${name}</string>
  <key>PayloadUUID</key><string>${id('profile')}</string>
  <key>PayloadDisplayName</key><string>Direct Push private CA</string>
  <key>PayloadDescription</key><string>Lets this device trust the Direct Push server that it was downloaded from.</string>
  <key>PayloadContent</key>
  <array>
    <dict>
      <key>PayloadType</key><string>com.apple.security.root</string>
      <key>PayloadVersion</key><integer>1</integer>
      <key>PayloadIdentifier</key><string>direct-push.ca.${name}.root</string>
      <key>PayloadUUID</key><string>${id('root')}</string>
      <key>PayloadDisplayName</key><string>Direct Push private CA</string>
      <key>PayloadContent</key><data>${der.toString('base64')}</data>
    </dict>
  </array>
</dict>
</plist>
`;
}
