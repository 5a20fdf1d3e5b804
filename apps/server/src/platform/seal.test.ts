import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { createSeal } from './seal.ts';

const seal = createSeal('5e'.repeat(32));

test('opens what it sealed, whatever the text', () => {
  for (const plain of ['', 'secret', '密钥 🔑', 'x'.repeat(10_000)]) {
    expect(seal.open(seal.seal(plain, 'row'), 'row')).toBe(plain);
  }
});

test('seals the same text differently each time, and shows nothing of it', () => {
  const [one, other] = [seal.seal('secret', 'row'), seal.seal('secret', 'row')];
  expect(one.equals(other)).toBe(false);
  expect(one.toString('latin1')).not.toContain('secret');
});

test('opens with the same key in either case, and with no other', () => {
  const sealed = seal.seal('secret', 'row');
  expect(createSeal('5E'.repeat(32)).open(sealed, 'row')).toBe('secret');
  expect(() => createSeal(randomBytes(32).toString('hex')).open(sealed, 'row')).toThrow('master key');
});

test('does not open in another row', () => {
  const sealed = seal.seal('secret', 'access_keys/pool/one');
  expect(() => seal.open(sealed, 'access_keys/pool/two')).toThrow('does not open');
  expect(() => seal.open(sealed, '')).toThrow('does not open');
});

test('does not open when any of its bytes was changed or is missing', () => {
  const sealed = seal.seal('secret', 'row');
  for (let at = 0; at < sealed.length; at++) {
    const changed = Buffer.from(sealed);
    changed.writeUInt8((changed.readUInt8(at) + 1) % 256, at);
    expect(() => seal.open(changed, 'row')).toThrow();
    expect(() => seal.open(sealed.subarray(0, at), 'row')).toThrow();
  }
});

test('digests the same text to the same bytes, each context and key to others, and shows nothing of it', () => {
  const digest = seal.digest('secret', 'field');
  expect(digest).toHaveLength(32);
  expect(seal.digest('secret', 'field')).toEqual(digest);
  const others = [
    seal.digest('secret', 'other'),
    seal.digest('secreT', 'field'),
    seal.digest('ecret', 'fields'),
    createSeal('5f'.repeat(32)).digest('secret', 'field'),
  ];
  for (const other of others) expect(other).not.toEqual(digest);
});
