import { ManagementClient } from 'genauth';
import { UsageError } from './usage-error.ts';

/** How the server is reached, from options or the environment. */
export interface ConnectionOptions {
  readonly host: string;
  readonly accessKeyId?: string;
  readonly lang: 'en-US' | 'zh-CN';
}

/** A connected server: its client, and what tells it from others. */
export interface Connection {
  readonly client: ManagementClient;
  readonly host: string;
  readonly accessKeyId: string;
}

/** Makes the client. The secret comes from the environment alone. */
export function connect({ host, accessKeyId, lang }: ConnectionOptions): Connection {
  const accessKeySecret = process.env['GENAUTH_ACCESS_KEY_SECRET'];
  if (!accessKeyId) throw new UsageError('Set GENAUTH_ACCESS_KEY_ID or give --access-key-id.');
  if (!accessKeySecret) throw new UsageError('Set GENAUTH_ACCESS_KEY_SECRET to the secret of the access key.');
  const client = new ManagementClient({ host, accessKeyId, accessKeySecret, lang, timeout: 30_000 });
  return { client, host, accessKeyId };
}
