/**
 * Rules of dynamic groups: what one may say, and the SQL condition it means. It has no operations; rules are set by those of
 * `groups`, and asked by `dynamic-groups`.
 */
export { evaluationKind, fieldsOfRule, readGroupRule, rolesOfRule, startEvaluation } from './service.ts';
export { conditionOfRule, type GroupRule, type RuleSurroundings } from './store.ts';
