/**
 * Values of custom fields: what may be stored, how it is stored, and how it is read. Everything that has custom data stands
 * on it: users, departments, groups and roles. It has no operations; those belong to `custom-fields` and `custom-data`.
 *
 * A command that is given custom data calls, in this order: `prepareCustomData` before it locks or writes anything, then
 * for what it makes `encodeCustomData`, the insert, `claimUniqueValues`; for what there is, under its row lock,
 * `changeCustomData`. Reads call `openCustomData`.
 */
export { type PreparedCustomData, prepareCustomData } from './given.ts';
export {
  type CustomDataChange,
  changeCustomData,
  claimUniqueValues,
  dropCustomData,
  encodeCustomData,
  findTargetsByCustomField,
  listCustomData,
  makeValuesUnique,
  readCustomData,
  releaseUniqueValues,
  type StoredCustomData,
  showCustomData,
  type UniqueValue,
  uniqueValuesOf,
} from './service.ts';
export {
  type CustomField,
  type DataType,
  findCustomFields,
  listCustomFields,
  lockCustomFields,
  type TargetType,
  type ValidateRule,
} from './store.ts';
