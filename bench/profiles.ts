import { createRandom } from './random.ts';

/** What is said of a user beside his departments. */
export interface Profile {
  readonly username: string;
  readonly email: string;
  readonly phone: string;
  readonly name: string;
  readonly nickname: string;
  readonly gender: 'F' | 'M' | 'U';
  readonly status: 'Activated' | 'Suspended' | 'Deactivated';
  readonly sourceType: 'adminCreated' | 'excel' | 'sync';
  readonly loginsCount: number;
  /** Seconds after the company was founded; of those who ever came. */
  readonly lastLoginAfter: number | null;
  /** What is kept in the profile: nobody looks a user up by it, but lists are filtered by it. */
  readonly profile: { readonly city: string; readonly country: string };
  /** Of the custom fields `cost_center` and `points`. */
  readonly customData: { readonly cost_center: string; readonly points: number };
}

const surnames = [
  ...'王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎',
];
const firstNames = ['Anna', 'Bruno', 'Chloé', 'David', 'Elif', 'Felix', 'Giulia', 'Hiroshi', 'Ines', 'Jürgen', 'Katya'];

/** So many people share a given name of two characters, and as many others a last name: in a small company as in a large one. */
export const namesakes = 20;

/** The two characters that `namesakes` people of this index and those after it are called by. */
export function givenName(index: number): string {
  const number = Math.floor(index / namesakes);
  return String.fromCodePoint(0x4e00 + (number % 3000), 0x4e00 + 3000 + Math.floor(number / 3000));
}

/** The city of as many people. */
export function cityOf(index: number): string {
  return `City ${Math.floor(index / namesakes)}`;
}

/** How many cost centers there are, all of one size. */
export const costCenters = 1000;
/** Points are spread evenly below this. */
export const maxPoints = 1_000_000;

/** The last name of as many people whose names are not Chinese. */
export function lastName(index: number): string {
  const letters = 'bcdfghklmnprstvz';
  let rest = Math.floor(index / namesakes);
  let name = '';
  for (let syllable = 0; syllable < 4; syllable += 1) {
    name += letters.charAt(rest % 16) + 'aeio'.charAt((rest >> 2) % 4);
    rest = Math.floor(rest / 16);
  }
  return name;
}

/** The profile of a user; the same in every run. */
export function profileOf(index: number): Profile {
  const random = createRandom(0xbee ^ Math.imul(index, 0x9e3779b1));
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random.next() ** 1.5 * list.length)] as T;
  const isChinese = Math.floor(index / namesakes) % 5 < 3;
  const share = random.next();
  return {
    username: `user-${index}`,
    email: `user-${index}@bench.example`,
    phone: String(13_000_000_000 + index),
    name: isChinese ? `${pick(surnames)}${givenName(index)}` : `${pick(firstNames)} ${lastName(index)}`,
    nickname: `Nick ${index % 997}`,
    gender: share < 0.45 ? 'F' : share < 0.9 ? 'M' : 'U',
    status: random.next() < 0.94 ? 'Activated' : random.next() < 0.1 ? 'Suspended' : 'Deactivated',
    sourceType: random.next() < 0.8 ? 'adminCreated' : random.next() < 0.98 ? 'excel' : 'sync',
    loginsCount: Math.floor(random.next() ** 3 * 200),
    lastLoginAfter: random.next() < 0.7 ? random.below(3 * 365 * 24 * 3600) : null,
    // A third of everybody in one country; in the others, one in some 300.
    profile: { city: cityOf(index), country: random.next() < 0.33 ? 'CN' : `C${random.below(200)}` },
    customData: { cost_center: `CC-${index % costCenters}`, points: random.below(maxPoints) },
  };
}
