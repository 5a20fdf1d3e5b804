/**
 * Totals of searches that many users meet. They are exact, and counting a third of a million takes half a second; so what was
 * counted once is kept, and brought up to date by who has changed since.
 */
export { createUserTotals, type UserTotals } from './service.ts';
export { type Counted, momentColumns, type UserSet } from './store.ts';
