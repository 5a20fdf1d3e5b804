/**
 * What all group modules stand on: how an operation names a group, its row, and how V3 shows it. It has no operations; those
 * belong to `groups` and `group-members`.
 */
export { groupErrors } from './contract.ts';
export {
  requireGroup,
  requireHeldGroup,
  requireLockedGroup,
  toEventGroup,
  toGroupDto,
} from './service.ts';
export { type GroupRow, groupColumns, lockGroup as findLockedGroup, ruleColumns } from './store.ts';
