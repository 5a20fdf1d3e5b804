import type { Model, Operation, Words } from '../model.ts';
import { toKebabCase } from '../names.ts';

/** A part of the management module, as menus show it. One area may hold several sections of the contract. */
export interface Area {
  /** In addresses: `organization-management`. */
  readonly slug: string;
  readonly title: Words;
  readonly operations: readonly Operation[];
}

interface KnownArea {
  readonly title: Words;
  readonly tags: readonly string[];
}

/** Areas with the names that the documentation has always had. A section that is not here becomes an area of its own. */
const knownAreas: readonly KnownArea[] = [
  { title: { en: 'User Management', zh: '用户管理' }, tags: ['Users'] },
  { title: { en: 'Organization Management', zh: '组织机构管理' }, tags: ['Organizations', 'Departments'] },
  { title: { en: 'Role Management', zh: '角色管理' }, tags: ['Roles'] },
  { title: { en: 'User Group Management', zh: '用户分组管理' }, tags: ['Groups'] },
  { title: { en: 'Post Management', zh: '岗位管理' }, tags: ['Posts'] },
  { title: { en: 'Public Account Management', zh: '公共账号管理' }, tags: ['Public Accounts'] },
  { title: { en: 'Custom Field Management', zh: '自定义字段管理' }, tags: ['Custom Fields'] },
  { title: { en: 'Access Keys', zh: 'AK/SK 管理' }, tags: ['Access Keys'] },
  { title: { en: 'Management Tokens', zh: '管理令牌' }, tags: ['Tokens'] },
  { title: { en: 'Jobs', zh: '任务管理' }, tags: ['Jobs'] },
];

/** The areas of a model, in the order of their first operation, each with its operations in the order of the menus. */
export function areasOf({ operations }: Model): Area[] {
  const byTitle = Map.groupBy(operations, ({ tag }) => titleOf(tag).en);
  return [...byTitle].map(([title, ofArea]) => ({
    slug: toKebabCase(title),
    title: titleOf(ofArea[0]?.tag ?? title),
    operations: ofArea,
  }));
}

function titleOf(tag: string): Words {
  return knownAreas.find(({ tags }) => tags.includes(tag))?.title ?? { en: tag, zh: tag };
}
