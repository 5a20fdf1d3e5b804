import * as z from 'zod';
import { requestErrors } from '../../platform/errors.ts';
import type { Handlers } from '../../platform/module.ts';
import type { Seal } from '../../platform/seal.ts';
import { requireDepartment, rootAlias } from '../department-tree/index.ts';
import { showDepartments } from '../departments/index.ts';
import type * as contract from './contract.ts';
import type { SearchField, SearchOperator } from './contract.ts';
import { type Condition, listByConditions, listByKeywords, type Order } from './store.ts';

export const createDepartmentSearchHandlers = (seal: Seal): Handlers<typeof contract> => ({
  async searchDepartments({ keywords, organizationCode, tenantId, withCustomData }, { scope }) {
    const root = await requireDepartment(scope, rootOf(organizationCode, tenantId));
    const rows = await listByKeywords(scope, root, keywords);
    return showDepartments(seal, scope, rows, { withCustomData });
  },

  async searchDepartmentsList({ organizationCode, tenantId, page, limit, ...input }, { scope }) {
    const conditions = input.advancedFilter.map(toCondition);
    const order: Order[] =
      input.sort.length > 0
        ? input.sort.map(({ field, order, direction }) => ({ field, isDescending: (order ?? direction) === 'desc' }))
        : [{ field: input.sortBy, isDescending: input.orderBy === 'DESC' }];
    const root = await requireDepartment(scope, rootOf(organizationCode, tenantId));
    const rows = await listByConditions(scope, root, conditions, order, { limit, offset: (page - 1) * limit });
    return showDepartments(seal, scope, rows, input);
  },
});

function rootOf(organizationCode: string, tenantId: string | undefined) {
  return { organizationCode, departmentId: rootAlias, departmentIdType: 'department_id', tenantId } as const;
}

/** What of a filter the declaration cannot say: which values an operator takes on a field. */
function toCondition(
  { field, operator, value }: { field: SearchField; operator: SearchOperator; value?: unknown },
  index: number,
): Condition {
  const place = `advancedFilter.${index}`;
  if (operator === 'CONTAINS' && field !== 'name') throw requestErrors.fieldMalformed({ field: `${place}.operator` });
  if (value === undefined || value === null) throw requestErrors.fieldMissing({ field: `${place}.value` });
  const given = operator === 'BETWEEN' || operator === 'IN' ? value : [value];
  const values = Array.isArray(given) ? given.map(field === 'name' ? toName : toTimestamp) : [];
  const expected = operator === 'BETWEEN' ? values.length === 2 : values.length > 0 && values.length <= maxValues;
  if (!expected || !values.every((one) => one !== undefined)) {
    throw requestErrors.fieldMalformed({ field: `${place}.value` });
  }
  return { field, operator, values };
}

const maxValues = 100;

function toName(value: unknown): string | undefined {
  return typeof value === 'string' && value.length <= 255 ? value : undefined;
}

const isoTime = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2}))?$/;
// Beyond four-digit years PostgreSQL and JavaScript write dates differently.
const earliest = Date.parse('0001-01-01T00:00:00.000Z');
const latest = Date.parse('9999-12-31T23:59:59.999Z');

/** ISO 8601, of a day its beginning in UTC, or Unix milliseconds, as number or text. */
function toTimestamp(value: unknown): string | undefined {
  const isMilliseconds = typeof value === 'number' || (typeof value === 'string' && /^-?\d{1,16}$/.test(value));
  const milliseconds = isMilliseconds
    ? Number(value)
    : typeof value === 'string' && isoTime.test(value) && z.regexes.date.test(value.slice(0, 10))
      ? Date.parse(value)
      : Number.NaN;
  return milliseconds >= earliest && milliseconds <= latest ? new Date(milliseconds).toISOString() : undefined;
}
