import { doc, dto } from '@genauth/contract';
import * as z from 'zod';
import { departmentId, departmentIdType, organizationCode } from '../department-tree/contract.ts';
import { sourceTypes } from '../user-directory/contract.ts';

/** Fields that keywords can be looked for in. */
export const fuzzyFields = [
  'id',
  'phone',
  'email',
  'name',
  'username',
  'externalId',
  'nickname',
  'company',
  'givenName',
  'familyName',
  'middleName',
  'profile',
  'preferredUsername',
  'website',
  'address',
  'formatted',
  'streetAddress',
  'postalCode',
  'identityNumber',
] as const;

export const operators = [
  'EQUAL',
  'NOT_EQUAL',
  'CONTAINS',
  'NOT_CONTAINS',
  'IS_NULL',
  'NOT_NULL',
  'IN',
  'GREATER',
  'LESSER',
  'BETWEEN',
] as const;

export const ListUsersAdvancedFilterItemDto = dto('ListUsersAdvancedFilterItemDto', {
  field: z
    .string()
    .min(1)
    .max(64)
    .meta(
      doc(
        'A field of the user, or one of `userSource`, `loggedInApps`, `department`, `identity`',
        '高级搜索指定的用户字段，或 `userSource`、`loggedInApps`、`department`、`identity`',
        'nickname',
      ),
    ),
  operator: z
    .enum(operators)
    .meta(
      doc(
        'GREATER and LESSER include the value itself; BETWEEN takes two values and includes both; IN takes a list. Of what a user has several of, such as `departmentIds`, `postIdList` and `registerSource`, one is enough',
        '运算符。GREATER、LESSER 包含边界值；BETWEEN 传两个值并包含两端；IN 传数组。用户有多个值的字段（如 `departmentIds`、`postIdList`、`registerSource`）有一个匹配即可',
        'EQUAL',
      ),
    ),
  value: z
    .unknown()
    .optional()
    .meta(
      doc(
        'What to compare with: text, number or truth value as the field has it; points in time as milliseconds or ISO 8601',
        '搜索值，类型与字段一致；时间可传毫秒时间戳或 ISO 8601',
        'test',
      ),
    ),
});

/** What conditions are called that are on no field of the user, or on one under another name; `role` is one of rules. */
export const conditionNames = [
  'department',
  'identity',
  'userSource',
  'loggedInApps',
  'lastLoginTime',
  'role',
] as const;

/** The value of a filter on `department`. */
export const DepartmentFilters = z
  .array(
    z.object({
      organizationCode,
      departmentId,
      departmentIdType: z.preprocess((given) => given ?? undefined, departmentIdType),
      includeChildrenDepartments: z.preprocess((given) => given ?? false, z.boolean()),
    }),
  )
  .max(50);

/** The value of a filter on `identity`: accounts at identity sources, of which a user has one. What is left out may be anything. */
export const IdentityFilters = z
  .array(
    z.object({
      extIdpId: z.string().max(64).nullable().optional(),
      provider: z.string().max(64).nullable().optional(),
      type: z.string().max(64).nullable().optional(),
      userIdInIdp: z.string().max(256).nullable().optional(),
    }),
  )
  .max(50);

/** The value of a filter on `userSource`. */
export const SourceFilters = z
  .array(z.object({ type: z.enum(sourceTypes), id: z.string().max(64).nullable().optional() }))
  .max(50);

/** The value of a filter on `loggedInApps`. */
export const ApplicationFilters = z.array(z.string().max(64)).max(50);

export type FilterItem = z.output<typeof ListUsersAdvancedFilterItemDto>;
