import type { UniqueField, UserValues } from '../users/index.ts';

/** A user of a batch as he was and as he will be. */
interface Change {
  readonly before: Identified;
  readonly values: Identified;
}

type Identified = Pick<UserValues, 'username' | 'email' | 'phone' | 'phoneCountryCode' | 'externalId'> & {
  readonly id: string;
};

const fields: readonly UniqueField[] = ['username', 'email', 'phone', 'externalId'];

/** An identifier as a text that two users share when it is the same one. */
function keyOf(user: Identified, field: UniqueField): string | undefined {
  const value = user[field];
  return value === null ? undefined : `${field} ${field === 'phone' ? user.phoneCountryCode : ''} ${value}`;
}

/** The first of these changes that wants an identifier for its user which another one keeps, or one before it wants. */
export function findWantedTwice<One extends Change>(
  changes: readonly One[],
): { readonly change: One; readonly field: UniqueField } | undefined {
  const keepsIt = ({ before, values }: Change, field: UniqueField) => keyOf(before, field) === keyOf(values, field);
  const held = new Set(
    changes.flatMap((change) => fields.flatMap((field) => (keepsIt(change, field) ? keyOf(change.values, field) : []))),
  );
  for (const change of changes) {
    for (const field of fields) {
      const key = keyOf(change.values, field);
      if (key === undefined || keepsIt(change, field)) continue;
      if (held.has(key)) return { change, field };
      held.add(key);
    }
  }
  return undefined;
}

/** What goes from one user of a batch to another: who had it, and under which names. */
export function findHandedOver(
  changes: readonly Change[],
): readonly { readonly id: string; readonly fields: readonly UniqueField[] }[] {
  const takers = new Map<string, string>();
  for (const { values } of changes) {
    for (const field of fields) {
      const key = keyOf(values, field);
      if (key !== undefined) takers.set(key, values.id);
    }
  }
  return changes.flatMap(({ before }) => {
    const lost = fields.filter((field) => {
      const taker = takers.get(keyOf(before, field) ?? '');
      return taker !== undefined && taker !== before.id;
    });
    return lost.length === 0 ? [] : [{ id: before.id, fields: lost }];
  });
}
