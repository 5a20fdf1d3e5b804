import { isDeepStrictEqual } from 'node:util';
import type { Language, OutputOf } from '@genauth/contract';
import type { Scope } from '../../platform/database/database.ts';
import type { Handlers } from '../../platform/module.ts';
import { pageOfFields } from '../custom-fields/index.ts';
import type { DataType } from '../custom-values/index.ts';
import { givenTranslations, requireNoTenant } from '../department-tree/index.ts';
import type * as contract from './contract.ts';
import { baseFieldUpdated, userBaseFieldErrors } from './contract.ts';
import { type BaseFieldChanges, listBaseFieldChanges, upsertBaseFieldChanges } from './store.ts';

interface BaseField {
  readonly key: string;
  readonly dataType: DataType;
  readonly label: { readonly en: string; readonly zh: string };
  readonly isUnique: boolean;
  /** Whether users may change their own value through their profile. */
  readonly userEditable: boolean;
  readonly encrypted: boolean;
}

type FieldOptions = Partial<Pick<BaseField, 'dataType' | 'isUnique' | 'userEditable' | 'encrypted'>>;

function field(key: string, en: string, zh: string, options: FieldOptions = {}): BaseField {
  return {
    key,
    label: { en, zh },
    dataType: 'STRING',
    isUnique: false,
    userEditable: true,
    encrypted: false,
    ...options,
  };
}

const kept = { userEditable: false } as const;
const time = { dataType: 'DATETIME', ...kept } as const;
const yesNo = { dataType: 'BOOLEAN', ...kept } as const;
const identifier = { isUnique: true, ...kept } as const;

/** The fields every user has, in the order forms show them. */
const baseFields: readonly BaseField[] = [
  field('userId', 'User ID', '用户 ID', identifier),
  field('username', 'Username', '用户名', { isUnique: true }),
  field('email', 'Email', '邮箱', identifier),
  field('phone', 'Phone', '手机号', identifier),
  field('phoneCountryCode', 'Country code', '手机区号', kept),
  field('externalId', 'External ID', '外部 ID', identifier),
  field('name', 'Name', '姓名'),
  field('nickname', 'Nickname', '昵称'),
  field('photo', 'Photo', '头像'),
  field('gender', 'Gender', '性别', { dataType: 'ENUM' }),
  field('birthdate', 'Date of birth', '生日', { dataType: 'DATETIME' }),
  field('identityNumber', 'Identity number', '身份证号', { encrypted: true }),
  field('company', 'Company', '公司'),
  field('country', 'Country', '国家'),
  field('province', 'Province', '省份'),
  field('city', 'City', '城市'),
  field('region', 'Region', '区域'),
  field('address', 'Address', '地址'),
  field('streetAddress', 'Street address', '街道地址'),
  field('formatted', 'Formatted address', '完整地址'),
  field('postalCode', 'Postal code', '邮政编码'),
  field('givenName', 'Given name', '名'),
  field('familyName', 'Family name', '姓'),
  field('middleName', 'Middle name', '中间名'),
  field('preferredUsername', 'Preferred username', '偏好用户名'),
  field('profile', 'Profile page', '个人主页'),
  field('website', 'Website', '个人网站'),
  field('zoneinfo', 'Time zone', '时区'),
  field('locale', 'Locale', '语言'),
  field('browser', 'Browser', '浏览器', kept),
  field('device', 'Device', '设备', kept),
  field('status', 'Status', '账号状态', { dataType: 'ENUM', ...kept }),
  field('workStatus', 'Work status', '在职状态', { dataType: 'ENUM', ...kept }),
  field('emailVerified', 'Email verified', '邮箱是否验证', yesNo),
  field('phoneVerified', 'Phone verified', '手机号是否验证', yesNo),
  field('userSourceType', 'Source', '用户来源', { dataType: 'ENUM', ...kept }),
  field('loginsCount', 'Logins', '登录次数', { dataType: 'NUMBER', ...kept }),
  field('lastLogin', 'Last login', '上次登录时间', time),
  field('lastIp', 'Last IP', '上次登录 IP', kept),
  field('createdAt', 'Created', '创建时间', time),
  field('updatedAt', 'Changed', '修改时间', time),
];

/** Options of the built-in fields that are ENUM. */
const options: Readonly<Record<string, readonly (readonly [value: string, en: string, zh: string])[]>> = {
  gender: [
    ['M', 'Male', '男'],
    ['F', 'Female', '女'],
    ['U', 'Unknown', '未知'],
  ],
  status: [
    ['Activated', 'Activated', '正常'],
    ['Suspended', 'Suspended', '停用'],
    ['Deactivated', 'Deactivated', '锁定'],
    ['Resigned', 'Resigned', '离职'],
    ['Archived', 'Archived', '归档'],
  ],
  workStatus: [
    ['Active', 'Active', '在职'],
    ['Closed', 'Closed', '离职'],
  ],
  userSourceType: [
    ['excel', 'Import', '导入'],
    ['register', 'Sign-up', '注册'],
    ['adminCreated', 'Administrator', '管理员创建'],
    ['sync', 'Sync', '同步'],
  ],
};

type FieldDto = OutputOf<typeof contract.getUserBaseFields>[number];

export const userBaseFieldHandlers: Handlers<typeof contract> = {
  async getUserBaseFields(_input, { scope, language }) {
    return listFields(scope, language);
  },

  async listUserBaseFields({ tenantId, targetType, ...filters }, { scope, language }) {
    requireNoTenant(tenantId);
    return pageOfFields(targetType === 'USER' ? await listFields(scope, language) : [], filters);
  },

  async setUserBaseFields({ list }, { scope, language, audit, emit }) {
    const before = await changesByKey(scope);
    const after = new Map<string, BaseFieldChanges>();
    for (const { key, i18n, ...input } of list) {
      if (!baseFields.some((field) => field.key === key)) throw userBaseFieldErrors.notFound({ key });
      const known = after.get(key) ?? before.get(key);
      const label = givenTranslations(i18n ?? undefined, i18n?.label);
      after.set(key, {
        key,
        label: (input.label ?? known?.label) || null,
        labelI18n:
          label === undefined
            ? (known?.labelI18n ?? null)
            : (JSON.parse(JSON.stringify(label)) as BaseFieldChanges['labelI18n']),
        description: (input.description ?? known?.description) || null,
        userEditable: input.userEditable ?? known?.userEditable ?? null,
        visibleInAdminConsole: input.visibleInAdminConsole ?? known?.visibleInAdminConsole ?? null,
        visibleInUserCenter: input.visibleInUserCenter ?? known?.visibleInUserCenter ?? null,
      });
    }
    await upsertBaseFieldChanges(scope, [...after.values()]);
    audit({ before: [...after.keys()].flatMap((key) => before.get(key) ?? []), after: [...after.values()] });
    const fields = await listFields(scope, language);
    const set = [...after.keys()].flatMap((key) => fields.filter((field) => field.key === key));
    const changed = set.filter(
      ({ key }) => !isDeepStrictEqual(after.get(key), before.get(key) ?? { ...unchanged, key }),
    );
    emit(baseFieldUpdated, ...changed.map((field) => ({ field })));
    return set;
  },
};

/** What a user pool says of a field it never spoke of. */
const unchanged: Omit<BaseFieldChanges, 'key'> = {
  label: null,
  labelI18n: null,
  description: null,
  userEditable: null,
  visibleInAdminConsole: null,
  visibleInUserCenter: null,
};

async function changesByKey(scope: Scope): Promise<Map<string, BaseFieldChanges>> {
  return new Map((await listBaseFieldChanges(scope)).map((changes) => [changes.key, changes]));
}

async function listFields(scope: Scope, language: Language): Promise<FieldDto[]> {
  const changes = await changesByKey(scope);
  return baseFields.map((one) => toDto(one, changes.get(one.key), language));
}

/** Built-in names come in the caller's language; those a user pool gave come as it gave them. */
function toDto(field: BaseField, changes: BaseFieldChanges | undefined, language: Language): FieldDto {
  const isChinese = language === 'zh-CN';
  return {
    targetType: 'USER',
    dataType: field.dataType,
    key: field.key,
    label: changes?.label ?? (isChinese ? field.label.zh : field.label.en),
    description: changes?.description ?? null,
    encrypted: field.encrypted,
    isUnique: field.isUnique,
    userEditable: changes?.userEditable ?? field.userEditable,
    visibleInAdminConsole: changes?.visibleInAdminConsole ?? true,
    visibleInUserCenter: changes?.visibleInUserCenter ?? true,
    i18n: changes?.labelI18n ? { label: changes.labelI18n } : null,
    options: (options[field.key] ?? []).map(([value, en, zh]) => ({ value, label: isChinese ? zh : en })),
  };
}
