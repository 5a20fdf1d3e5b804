import type { OutputOf } from '@genauth/contract';
import { csvLine } from '../../platform/csv.ts';
import type { Scope } from '../../platform/database/database.ts';
import { newId } from '../../platform/ids.ts';
import type { Handlers } from '../../platform/module.ts';
import type { Seal } from '../../platform/seal.ts';
import { type CustomField, listCustomFields } from '../custom-values/index.ts';
import { listUsersByIds, toUserDto, type UserRow, withRequested } from '../user-directory/index.ts';
import { conditionsOf, type FilterItem } from '../user-filters/index.ts';
import { writePath } from '../user-import-rows/index.ts';
import type { DepartmentMemberships } from '../users/index.ts';
import type * as contract from './contract.ts';
import { userExportErrors } from './contract.ts';
import {
  type ExportRow,
  findExport,
  insertExport,
  listDepartmentPaths,
  listExports,
  listNextUserIds,
} from './store.ts';

interface UserExportsDependencies {
  readonly seal: Seal;
  readonly departments: Pick<DepartmentMemberships, 'condition'>;
  /** Fields of a user that can be chosen, beside departments and custom fields. */
  readonly fields: ReadonlySet<string>;
  /** Those of an export that chooses none: what can be imported again. */
  readonly usualFields: readonly string[];
}

export function createUserExportHandlers({
  seal,
  departments,
  fields: known,
  usualFields,
}: UserExportsDependencies): Handlers<typeof contract> {
  return {
    async createUserExport({ format, fields: chosen, userIds, keywords, advancedFilter }, context) {
      const { scope, now, actor, audit } = context;
      const customFields = await listCustomFields(scope, 'USER');
      const keys = new Set(customFields.map(({ key }) => key));
      const unknown = chosen?.find((field) => !known.has(field) && !relations.has(field) && !keys.has(field));
      if (unknown !== undefined) throw userExportErrors.unknownField({ field: unknown });
      const wanted = { userIds, keywords, advancedFilter };
      // What is wrong with a filter should be told now, and not to who reads the parts.
      await conditionsOf(wanted, scope, { seal, departments });
      const id = newId(now);
      const plain = customFields.filter(({ encrypted, key }) => !encrypted && !known.has(key)).map(({ key }) => key);
      const fields = chosen ?? [...usualFields, 'departments', ...plain];
      await insertExport(
        scope,
        { id, format, fields: [...new Set(fields)], wanted, accessKeyId: actor.accessKeyId },
        now,
      );
      audit({ target: id });
      return toDto(await findExport(scope, id));
    },

    async getUserExportPart({ exportId, after = '', limit }, { scope }) {
      const found = await findExport(scope, exportId);
      if (found === undefined) throw userExportErrors.notFound();
      const { fields, format, wanted, createdAt } = found;
      const advancedFilter = wanted.advancedFilter as readonly FilterItem[] | null | undefined;
      const { criteria } = await conditionsOf({ ...wanted, advancedFilter }, scope, { seal, departments });
      const ids = await listNextUserIds(scope, {
        after,
        createdUntil: createdAt,
        userIds: wanted.userIds ?? undefined,
        conditions: criteria.map(({ condition }) => condition),
        limit,
      });
      const people = await readPeople(scope, ids, fields);
      const lines = people.map((person) => (format === 'csv' ? toCsv(person, fields) : toNdjson(person, fields)));
      const header = format === 'csv' && after === '' ? csvLine(fields) : '';
      return {
        content: `${header}${lines.join('')}`,
        users: people.length,
        next: ids.length === limit ? (ids.at(-1) ?? null) : null,
      };
    },

    async listUserExports({ page, limit }, { scope }) {
      const { totalCount, list } = await listExports(scope, limit, (page - 1) * limit);
      return { totalCount, list: list.map(toDto) };
    },
  };

  /** What is known of users under the names of fields, in the order of the ids. */
  async function readPeople(scope: Scope, ids: readonly string[], fields: readonly string[]): Promise<Person[]> {
    const rows = await listUsersByIds(scope, ids, fields.includes('departmentIds'));
    const customFields = fields.every((field) => known.has(field) || relations.has(field))
      ? []
      : await listCustomFields(scope, 'USER');
    const users = await withRequested(seal, scope, rows, { withCustomData: customFields.length > 0 });
    const pathsOf = Map.groupBy(
      fields.includes('departments') ? await listDepartmentPaths(scope, ids) : [],
      ({ userId }) => userId,
    );
    return users.map((row) => ({
      ...customValuesOf(row, customFields),
      ...toUserDto(row, { withDepartmentIds: true }),
      ...(fields.includes('identityNumber') ? { identityNumber: maskedIdentityNumber(scope, row) } : {}),
      departments: (pathsOf.get(row.id) ?? []).map(({ names }) => writePath(names)),
    }));
  }

  function maskedIdentityNumber(scope: Scope, row: UserRow): string | null {
    const { identityNumber } = toUserDto(row, {}, { seal, userPoolId: scope.userPoolId });
    return identityNumber ? mask(identityNumber) : null;
  }
}

type Person = Readonly<Record<string, unknown>>;

/** Chosen like fields, and read from elsewhere. */
const relations: ReadonlySet<string> = new Set(['departments', 'departmentIds']);

function customValuesOf({ customData = {} }: UserRow, fields: readonly CustomField[]): Person {
  const values: Record<string, unknown> = {};
  for (const { key, encrypted, desensitization } of fields) {
    const value: unknown = customData[key];
    if (value !== undefined && value !== null) values[key] = encrypted || desensitization ? mask(String(value)) : value;
  }
  return values;
}

/** Enough to recognize what one knows, not enough to learn it. */
function mask(text: string): string {
  const characters = [...text];
  const shown = characters.length >= 8 ? 2 : 0;
  return characters.map((one, at) => (at < shown || at >= characters.length - shown ? one : '*')).join('');
}

function toCsv(person: Person, fields: readonly string[]): string {
  return csvLine(
    fields.map((field) => {
      const value = person[field];
      if (Array.isArray(value)) return value.join('; ');
      return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
    }),
  );
}

function toNdjson(person: Person, fields: readonly string[]): string {
  const chosen = fields.flatMap((field) => {
    const value = person[field];
    return value === null || value === undefined ? [] : [[field, value] as const];
  });
  return `${JSON.stringify(Object.fromEntries(chosen))}\n`;
}

function toDto(row: ExportRow | undefined): OutputOf<typeof contract.createUserExport> {
  if (row === undefined) throw userExportErrors.notFound();
  const { id, format, fields, accessKeyId, createdAt } = row;
  return { exportId: id, format, fields: [...fields], accessKeyId, createdAt };
}
