/**
 * Rules of dynamic groups: what one may say, and the SQL condition it means. It has no operations; rules are set by those of
 * `groups`, and asked by `dynamic-groups`.
 */
export { evaluationKind, readGroupRule, startEvaluation, startEvaluationWithin } from './service.ts';
export { fieldsOfRule, type GroupRule, queryOfRules, type RuleSurroundings, rolesOfRule } from './store.ts';
