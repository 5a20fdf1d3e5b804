import type * as z from 'zod';
import type { Scope } from '../../platform/database/database.ts';
import { type GroupDto, type GroupEventData, groupErrors } from './contract.ts';
import { findGroup, type GroupRow, holdGroup, lockGroup } from './store.ts';

/** The group with this code. Of another user pool it is not found. */
export async function requireGroup(scope: Scope, code: string): Promise<GroupRow> {
  return found(await findGroup(scope, code), code);
}

/** The group, which nobody else changes or deletes until the transaction ends; its members others may change. */
export async function requireLockedGroup(scope: Scope, code: string): Promise<GroupRow> {
  return found(await lockGroup(scope, code), code);
}

/** The group, which is there until the transaction ends. */
export async function requireHeldGroup(scope: Scope, code: string): Promise<GroupRow> {
  return found(await holdGroup(scope, code), code);
}

function found(group: GroupRow | undefined, code: string): GroupRow {
  if (group === undefined) throw groupErrors.notFound({ code });
  return group;
}

/** A group as V3 shows it; with its custom data where it was asked for. */
export function toGroupDto(row: GroupRow, customData?: Record<string, unknown>): z.input<typeof GroupDto> {
  return {
    ...toEventGroup(row),
    metadataSource: [],
    ...(row.rule === null ? {} : { rule: { ...row.rule }, evaluation: toEvaluation(row) }),
    ...(customData === undefined ? {} : { customData }),
  };
}

/** How far the latest evaluation is. One that failed is started again by the clock, so it goes on. */
function toEvaluation({ ruleJobId, ruleEvaluatedAt, ruleCanceledAt }: GroupRow) {
  const state = ruleCanceledAt !== null ? 'canceled' : ruleEvaluatedAt !== null ? 'evaluated' : 'evaluating';
  return { jobId: ruleJobId, state, evaluatedAt: ruleEvaluatedAt } as const;
}

/** A group as events show it. */
export function toEventGroup({ id, code, name, description, type }: GroupRow): z.input<typeof GroupEventData>['group'] {
  return { id, code, name, description, type };
}
