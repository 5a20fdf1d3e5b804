/**
 * Conditions on users: what filters and keywords mean, and the fields they are about. Lists, exports and the rules of groups
 * are made of them. It has no operations; those belong to `user-search` and its neighbours.
 */
export type { FilterItem } from './contract.ts';
export {
  type Criterion,
  type CustomKinds,
  conditionsOf,
  conditionsOfStatus,
  fieldConditionOf,
  findCustomKinds,
  isFilterOperator,
  type SelectedUsers,
  withE164,
} from './service.ts';
export { expressionOf } from './store.ts';
