import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';

/** Seals secrets that must be read back, such as access key secrets, with the instance key. */
export interface Seal {
  /** AES-256-GCM. `context` binds the sealed value to its row: moved elsewhere, it does not open. */
  seal(plain: string, context: string): Buffer;
  open(sealed: Buffer, context: string): string;
  /**
   * The same 32 bytes for the same text and context, and nothing to be learnt from them without the instance key: tells
   * whether two sealed values are equal.
   */
  digest(plain: string, context: string): Buffer;
}

const version = 1;
const ivBytes = 12;
const tagBytes = 16;

/** Makes a seal from the master key, 32 bytes in hex. */
export function createSeal(masterKey: string): Seal {
  const derive = (purpose: string) => Buffer.from(hkdfSync('sha256', Buffer.from(masterKey, 'hex'), '', purpose, 32));
  const key = derive('genauth seal v1');
  const digestKey = derive('genauth digest v1');
  return {
    seal(plain, context) {
      const iv = randomBytes(ivBytes);
      const cipher = createCipheriv('aes-256-gcm', key, iv, { authTagLength: tagBytes }).setAAD(Buffer.from(context));
      const body = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
      return Buffer.concat([Buffer.of(version), iv, cipher.getAuthTag(), body]);
    },
    open(sealed, context) {
      if (sealed[0] !== version) throw new Error('sealed with an unknown version');
      const body = 1 + ivBytes + tagBytes;
      try {
        // With the length given, a tag that was cut short is refused instead of compared as far as it goes.
        const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(1, 1 + ivBytes), {
          authTagLength: tagBytes,
        })
          .setAAD(Buffer.from(context))
          .setAuthTag(sealed.subarray(1 + ivBytes, body));
        return decipher.update(sealed.subarray(body), undefined, 'utf8') + decipher.final('utf8');
      } catch {
        throw new Error('A stored secret does not open: the master key is not the one it was sealed with');
      }
    },
    digest(plain, context) {
      // With the length of the first part in front, no two pairs run together to the same text.
      return createHmac('sha256', digestKey).update(`${context.length}:${context}${plain}`).digest();
    },
  };
}
