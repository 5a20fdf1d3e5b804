import type { Scope } from '../../platform/database/database.ts';
import { clearIdentifiers, lockUsers, userWriteErrors } from '../users/index.ts';
import type { Candidate } from './candidates.ts';
import { digestOf, digestOfUnique, type IdentifierName, identifierNames, keyOf, keysOf } from './identifiers.ts';
import {
  findHolders,
  type Identifiers,
  listIdentifiers,
  listRemembered,
  listRememberedOf,
  type Moves,
  type Remembered,
  setIdentifiers,
} from './store.ts';

type User = Identifiers & { readonly id: string };

/**
 * One step of a dry run, which is done and undone: what the steps before would have done has to be there again, as far as this
 * one's rows could tell. Users they would have made are known by the numbers of their rows, and not made again.
 */
export class DryRunStep {
  readonly #importId: string;
  /** The row that would have made who has an identifier or a unique value. */
  readonly #rows = new Map<string, string>();
  /** By row, the digests of what whoever it would have made is recognized by. */
  readonly #made = new Map<string, Map<string, string>>();
  readonly #changedRows = new Set<string>();
  readonly #lost: { readonly holder: string; readonly field: string }[] = [];
  /** Users this step changes, as they were before it. */
  readonly #before = new Map<string, User>();
  /** Users this step makes, by their ids. */
  readonly #created = new Map<string, Candidate>();

  private constructor(importId: string) {
    this.#importId = importId;
  }

  static async begin(
    scope: Scope,
    importId: string,
    candidates: readonly Candidate[],
    onExisting: 'skip' | 'update' | undefined,
  ): Promise<DryRunStep> {
    const step = new DryRunStep(importId);
    const remembered = await listRemembered(scope, importId, candidates.flatMap(digestsOf));
    for (const { digest, holder } of remembered) if (isRow(holder)) step.#rows.set(digest, holder);
    // Who is skipped loses nothing.
    if (onExisting === 'update') {
      for (const { digest, field, holder } of await listRememberedOf(scope, importId, [...step.#rows.values()])) {
        if (holder === null) continue;
        const has = step.#made.get(holder) ?? new Map<string, string>();
        step.#made.set(holder, has.set(field, digest));
      }
      await step.#catchUp(scope, candidates, remembered);
    }
    return step;
  }

  /** The number of the row that would have made who has this. */
  rowOf(digest: string): string | undefined {
    return this.#rows.get(digest);
  }

  /** Has users who are about to change compared with what they are when the step is over. */
  async watch(scope: Scope, userIds: readonly string[]): Promise<void> {
    const unknown = userIds.filter((id) => !this.#before.has(id) && !this.#created.has(id));
    for (const user of await listIdentifiers(scope, unknown)) this.#before.set(user.id, user);
  }

  noteCreated(userIds: readonly string[], candidates: readonly Candidate[]): void {
    for (const [index, candidate] of candidates.entries()) this.#created.set(userIds[index] ?? '', candidate);
  }

  /** Changes somebody whom a row of an earlier step would have made. */
  changeMade(row: string, { input, identifiers }: Candidate): void {
    const has = this.#made.get(row) ?? new Map<string, string>();
    const after = new Map(has);
    for (const field of identifierNames.filter((name) => input[name] !== undefined)) {
      const key = keyOf(identifiers, field);
      if (key === undefined) after.delete(field);
      else after.set(field, digestOf(key));
    }
    if (!['username', 'email', 'phone'].some((field) => after.has(field))) {
      throw userWriteErrors.identifierMissing({ prefix: '' });
    }
    for (const field of identifierNames) {
      const [old, chosen] = [has.get(field), after.get(field)];
      if (old === chosen) continue;
      this.#changedRows.add(row);
      this.#lost.push({ holder: row, field });
      if (old !== undefined) this.#rows.delete(old);
      if (chosen !== undefined) this.#rows.set(chosen, row);
    }
    this.#made.set(row, after);
  }

  /** What the next steps have to know, asked before everything is undone. */
  async moves(scope: Scope): Promise<Moves> {
    const after = new Map(
      (await listIdentifiers(scope, [...this.#before.keys(), ...this.#created.keys()])).map((user) => [user.id, user]),
    );
    const lost = [...this.#lost];
    const freed: Moves['freed'][number][] = [];
    const gained: Remembered[] = [];
    for (const [id, before] of this.#before) {
      for (const field of identifierNames) {
        const [had, has] = [keyOf(before, field), keyOf(after.get(id) ?? before, field)];
        if (had === has) continue;
        lost.push({ holder: id, field });
        if (had !== undefined) freed.push({ digest: digestOf(had), field });
        if (has !== undefined) gained.push({ digest: digestOf(has), field, holder: id });
      }
    }
    for (const [id, { row, unique = [] }] of this.#created) {
      const holder = String(row.number);
      for (const { field, key } of keysOf(after.get(id) ?? nobody))
        gained.push({ digest: digestOf(key), field, holder });
      for (const value of unique) gained.push({ digest: digestOfUnique(value), field: 'customData', holder });
    }
    for (const row of this.#changedRows) {
      const has = [...(this.#made.get(row) ?? [])].filter(([field]) => field !== 'customData');
      gained.push(...has.map(([field, digest]) => ({ digest, field, holder: row })));
    }
    return { lost, freed, gained };
  }

  /** Gives users whom the rows may be about the identifiers they would have by now. */
  async #catchUp(scope: Scope, candidates: readonly Candidate[], ofCandidates: readonly Remembered[]): Promise<void> {
    const holders = await findHolders(
      scope,
      candidates.map(({ identifiers }) => identifiers),
    );
    const found = holders.flatMap((one) => identifierNames.flatMap((name) => one[name]?.split(' ')[0] ?? []));
    const named = ofCandidates.flatMap(({ holder }) => (holder === null || isRow(holder) ? [] : holder));
    const ids = [...new Set([...found, ...named])];
    if (ids.length === 0) return;
    const users = await listIdentifiers(scope, ids);
    const digests = users.flatMap((user) => keysOf(user).map(({ key }) => digestOf(key)));
    const hasMoved = new Set((await listRemembered(scope, this.#importId, digests)).map(({ digest }) => digest));
    const ofUsers = Map.groupBy(await listRememberedOf(scope, this.#importId, ids), ({ holder }) => holder);
    const plain = new Map(
      candidates.flatMap(({ identifiers }) => keysOf(identifiers).map(({ key }) => [digestOf(key), identifiers])),
    );
    const changes = users.flatMap((user) => {
      const has = new Map((ofUsers.get(user.id) ?? []).map(({ field, digest }) => [field, digest]));
      const fields: IdentifierName[] = [];
      let after = user;
      for (const field of identifierNames) {
        const key = keyOf(user, field);
        const [stored, wanted] = [key === undefined ? undefined : digestOf(key), has.get(field)];
        const isSame = wanted === undefined ? stored === undefined || !hasMoved.has(stored) : wanted === stored;
        if (isSame) continue;
        fields.push(field);
        after = withIdentifier(after, field, wanted, wanted === undefined ? undefined : plain.get(wanted));
      }
      return fields.length === 0 ? [] : [{ id: user.id, fields, after }];
    });
    if (changes.length === 0) return;
    await lockUsers(
      scope,
      changes.map(({ id }) => id),
      'personal',
    );
    await clearIdentifiers(scope, changes);
    await setIdentifiers(
      scope,
      changes.map(({ after }) => after),
    );
  }
}

const nobody: Identifiers = { username: null, email: null, phone: null, phoneCountryCode: null, externalId: null };

/** Numbers of rows are shorter than ids of users. */
function isRow(holder: string | null): holder is string {
  return holder !== null && holder.length < 24;
}

/** What nobody else may have: the identifiers of a candidate and his values of unique fields. */
function digestsOf({ identifiers, unique = [] }: Candidate): string[] {
  return [...keysOf(identifiers).map(({ key }) => digestOf(key)), ...unique.map(digestOfUnique)];
}

/** No row of this step has what stands for itself: that it is there, and nobody else's, is all there is to know of it. */
function withIdentifier(user: User, field: IdentifierName, digest: string | undefined, plain = nobody): User {
  const value = digest === undefined ? null : (plain[field] ?? digest);
  if (field !== 'phone') return { ...user, [field]: value };
  return { ...user, phone: value, phoneCountryCode: value === null ? null : (plain.phoneCountryCode ?? '+86') };
}
