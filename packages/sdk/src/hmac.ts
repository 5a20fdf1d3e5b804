import { nodeBuiltin } from './node-builtins.ts';

/** What is used of Node's `crypto`. */
interface NodeCrypto {
  createHmac(
    algorithm: 'sha1',
    secret: string,
  ): { update(text: string, encoding: 'utf8'): { digest(as: 'base64'): string } };
}

const utf8 = new TextEncoder();

/** Makes HMAC-SHA1 signatures with a secret, in base64. */
export function hmacSha1(secret: string): (text: string) => string | Promise<string> {
  const node = nodeBuiltin<NodeCrypto>('node:crypto');
  // A tenth of the time, and no queue behind the password hashes and files of the program around us.
  if (node !== undefined) return (text) => node.createHmac('sha1', secret).update(text, 'utf8').digest('base64');
  return webHmacSha1(secret);
}

/** The same with WebCrypto, which is everywhere. */
export function webHmacSha1(secret: string): (text: string) => Promise<string> {
  const key = crypto.subtle.importKey('raw', utf8.encode(secret), { name: 'HMAC', hash: 'SHA-1' }, false, ['sign']);
  // Whoever signs hears of it; until then it is no unhandled rejection.
  key.catch(() => undefined);
  return async (text) => {
    const signature = await crypto.subtle.sign('HMAC', await key, utf8.encode(text));
    return btoa(String.fromCharCode(...new Uint8Array(signature)));
  };
}
