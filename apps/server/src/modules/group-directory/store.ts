import { type Scope, statement } from '../../platform/database/database.ts';
import type { GroupRule } from '../group-rules/index.ts';

/** A group with what every answer says of it. */
export interface GroupRow {
  readonly id: string;
  readonly code: string;
  readonly name: string;
  readonly description: string;
  readonly type: 'static' | 'dynamic';
  /** Of dynamic groups only. */
  readonly rule: GroupRule | null;
  /** The job that evaluates the rule, the latest, as long as it is there. */
  readonly ruleJobId: string | null;
  readonly ruleEvaluatedAt: string | null;
  readonly ruleCanceledAt: string | null;
}

function columnsWith(ruleJobId: string): string {
  return `
    groups.id, groups.code, groups.name, groups.description, groups.type, groups.rule, ${ruleJobId} as "ruleJobId",
    groups.rule_evaluated_at as "ruleEvaluatedAt", groups.rule_canceled_at as "ruleCanceledAt"
  `;
}

/** Select list of a `GroupRow`, for the alias `groups`. Jobs that ended are deleted one day, and then found by nobody. */
export const groupColumns = columnsWith(`(
  select job.id from jobs job where job.user_pool_id = groups.user_pool_id and job.id = groups.rule_job_id
)`);

/** The same without a look at jobs, for whoever reads rules at every change of a user. */
export const ruleColumns = columnsWith('groups.rule_job_id');

const inPool = `groups.user_pool_id = current_setting('genauth.user_pool_id')`;

const byCode = statement<GroupRow, [code: string]>(
  `select ${groupColumns} from groups where ${inPool} and groups.code = $1`,
);

export async function findGroup(scope: Scope, code: string): Promise<GroupRow | undefined> {
  const [row] = await byCode(scope, code);
  return row;
}

const lock = statement<GroupRow, [code: string]>(
  `select ${groupColumns} from groups where ${inPool} and groups.code = $1 for no key update`,
);

/** The group, which nobody else changes or deletes until the transaction ends; its members others may change. */
export async function lockGroup(scope: Scope, code: string): Promise<GroupRow | undefined> {
  const [row] = await lock(scope, code);
  return row;
}

const hold = statement<GroupRow, [code: string]>(
  `select ${groupColumns} from groups where ${inPool} and groups.code = $1 for key share`,
);

/** The group, which is there until the transaction ends. */
export async function holdGroup(scope: Scope, code: string): Promise<GroupRow | undefined> {
  const [row] = await hold(scope, code);
  return row;
}
