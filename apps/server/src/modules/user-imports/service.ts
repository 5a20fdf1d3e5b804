import type { Language, OutputOf } from '@genauth/contract';
import { csvLine } from '../../platform/csv.ts';
import { newId } from '../../platform/ids.ts';
import type { Handlers } from '../../platform/module.ts';
import { startJob } from '../jobs/index.ts';
import type * as contract from './contract.ts';
import { userImportErrors } from './contract.ts';
import {
  countStoredBytes,
  findImport,
  type ImportOptions,
  type ImportRow,
  insertImport,
  listChunkIndexes,
  listImports,
  listRefusedRows,
  lockImport,
  saveChunk,
  saveJob,
} from './store.ts';

/** The kind of job that carries an import out. */
export const importUsersKind = 'import-users';

const maxChunkBytes = 512 * 1024;

/** Of all files a user pool keeps until they are imported: a few million users. They lie in everybody's database. */
const maxStoredBytes = 4 * 1024 ** 3;

const usualOptions: ImportOptions = {
  onExisting: 'skip',
  dryRun: false,
  onMissingDepartment: 'create',
  departmentIdType: 'department_id',
  keepPassword: false,
  resetPasswordOnFirstLogin: false,
};

export const userImportHandlers: Handlers<typeof contract> = {
  async createUserImport({ format, fileName, options }, { scope, now, audit, language }) {
    const id = newId(now);
    await insertImport(scope, { id, format, fileName, options: options ?? usualOptions, now });
    audit({ target: id });
    return toDto(await findImport(scope, id), language);
  },

  async uploadUserImportChunk({ importId, index, content }, { scope, language }) {
    const bytes = toBytes(content);
    const row = await lockImport(scope, importId);
    if (row === undefined) throw userImportErrors.notFound();
    if (row.jobId !== null) throw userImportErrors.alreadyStarted();
    if ((await countStoredBytes(scope)) + bytes.length > maxStoredBytes) {
      throw userImportErrors.storageFull({ maxBytes: maxStoredBytes });
    }
    await saveChunk(scope, importId, index, bytes);
    return toDto(await findImport(scope, importId), language);
  },

  async startUserImport({ importId, chunkCount }, context) {
    const { scope, language, audit } = context;
    const row = await lockImport(scope, importId);
    if (row === undefined) throw userImportErrors.notFound();
    if (row.jobId !== null) return toDto(row, language);
    const indexes = await listChunkIndexes(scope, importId);
    const missing = Array.from({ length: chunkCount }, (_, index) => index).find((index) => indexes[index] !== index);
    if (missing !== undefined) throw userImportErrors.chunkMissing({ index: missing });
    const surplus = indexes[chunkCount];
    if (surplus !== undefined) throw userImportErrors.tooManyChunks({ index: surplus, chunkCount });
    const jobId = await startJob(context, importUsersKind, { importId });
    await saveJob(scope, importId, jobId);
    audit({ after: { jobId } });
    return toDto(await findImport(scope, importId), language);
  },

  async getUserImport({ importId }, { scope, language }) {
    return toDto(await findImport(scope, importId), language);
  },

  async listUserImports({ page, limit }, { scope, language }) {
    const { totalCount, list } = await listImports(scope, limit, (page - 1) * limit);
    return { totalCount, list: list.map((row) => toDto(row, language)) };
  },

  async getUserImportReport({ importId, after, limit }, { scope, language }) {
    if ((await findImport(scope, importId)) === undefined) throw userImportErrors.notFound();
    const refused = await listRefusedRows(scope, importId, after, limit);
    const lines = refused.map(({ row, field, messages }) => csvLine([row, field, messages[language]]));
    const last = refused.length === limit ? refused.at(-1) : undefined;
    return {
      content: `${after === 0 ? csvLine(['row', 'field', 'message']) : ''}${lines.join('')}`,
      next: last?.row ?? null,
    };
  },
};

function toBytes(base64: string): Buffer {
  if (base64.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(base64)) {
    throw userImportErrors.chunkMalformed({ field: 'content' });
  }
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.length > maxChunkBytes) throw userImportErrors.chunkTooLarge({ maxBytes: maxChunkBytes });
  return bytes;
}

function toDto(row: ImportRow | undefined, language: Language): OutputOf<typeof contract.getUserImport> {
  if (row === undefined) throw userImportErrors.notFound();
  const { id, error, options, ...rest } = row;
  return {
    importId: id,
    ...rest,
    options: { ...options, columns: options.columns && { ...options.columns } },
    error: error?.[language] ?? null,
  };
}
