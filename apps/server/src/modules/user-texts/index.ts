/**
 * What keywords are looked for in: the texts of users, folded so that spellings which read alike are alike, and the
 * condition that finds who has a needle in them. Whoever writes a user writes his texts in the same statement. There are
 * no operations here; those that search are in `user-search`.
 */
export {
  fillMissingTexts,
  isTextOfKeywords,
  type KeywordReader,
  keywordCondition,
  type SearchableField,
  toSearchTexts,
} from './service.ts';
export type { NeedleConditions } from './store.ts';
