// Personal data never enters the state (RULEBOOK.md, G-06): of a phone number the last four digits stay, of a
// name the first character, of identity and bank card numbers nothing, wherever in a text they stand. Masking is
// idempotent: masking what is masked changes nothing.

/** In place of an identity or bank card number, and of values too deep to look at. */
const HIDDEN = '***';
/** In place of a phone number's digits before the last four. Always seven, so that no length is told. */
const PHONE_STARS = '*******';

/** Texts with fewer digits hold nothing to mask. */
const DIGITS_MIN = 7;
/** From this many digits on, a number without a phone's form is taken for a card or identity number. */
const CARD_DIGITS_MIN = 12;

/** Each pass leaves fewer digits, and two are enough for nearly all texts. */
const PASSES_MAX = 16;
/** More numbers in a row than this are hidden as one, which bounds the work that a text can cause. */
const GROUPS_MAX = 64;
/** A card's usual groups, whatever stands between them. */
const CARD_GROUPS = /^\d{4} \d{4} \d{4}(?: \d{1,4})?(?: \d{1,3})?$/;

const MASKED_PHONE = /^\*{7}\d{4}$/;
const MASKED_PHONE_END = /\*{7}$/;

/** Gaps inside a number: anything that people write between the digits of a phone number. */
const SPACE = ' \\t\\u00a0\\u2000-\\u200d\\u2060\\u202f\\u3000\\ufeff';
const DASH = '\\-\\u2010-\\u2015\\u2212\\u2e3a\\ufe58\\uff0d';
const NUMBER = new RegExp(
  `[0-9０-９](?:[${SPACE}${DASH}._·/()（）]{0,3}[0-9０-９])*(?:[${SPACE}${DASH}]?[XxＸｘ](?![0-9A-Za-z]))?`,
  'g',
);
const STRONG_GAP = new RegExp(`^[${SPACE}${DASH}]*$`);

/** Dates and RFC 3339 times are no numbers to mask. */
const INSTANT =
  /(?<![0-9０-９])(?:19|20)\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?![0-9０-９])(?:[T ][0-2]\d:[0-5]\d(?::[0-6]\d(?:\.\d{1,9})?)?(?:Z|[+-][01]\d:\d\d)?(?![0-9０-９]))?/g;

const IDENTITY =
  /^(?:[1-9]\d{5}(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dX]|[1-9]\d{7}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3})$/;
const MOBILE = /^(?:(?:00)?86)?1[3-9]\d{9}$/;
const AREA = '0(?:10|2\\d|[3-9]\\d\\d)';
const LANDLINE_GROUPS = new RegExp(
  `^(?:${AREA}|(?:00)?86 0?(?:10|2\\d|[3-9]\\d\\d)) (?:\\d{7,8}|\\d{3,4} \\d{4})$`,
);
const LANDLINE = new RegExp(`^${AREA}\\d{7,8}$`);
const MOBILE_GROUPS =
  /^(?:(?:00)?86 ?)?(?:1[3-9]\d{9}|1[3-9]\d \d{4} \d{4}|1[3-9]\d \d{8}|1[3-9]\d{5} \d{4}|1[3-9]\d{3} ?\d{3} ?\d{3}|1[3-9]\d \d{3} \d{5})$/;

/** A stretch of digits without a gap, digits and `X` in ASCII; `strong`: nothing but spaces and dashes before it. */
interface Group {
  readonly digits: string;
  readonly from: number;
  readonly to: number;
  readonly strong: boolean;
}

/**
 * Masks phone, identity and bank card numbers inside a text. With `identifier` a hidden number leaves four letters
 * that depend on it, so that two promises named by long numbers stay two.
 */
export function maskText(text: string, identifier = false): string {
  let masked = maskOnce(text, identifier);
  // What is masked parts its neighbours anew, which may be numbers then: masked again until nothing changes.
  for (let before = text, pass = 1; masked !== before && pass < PASSES_MAX; pass++) {
    before = masked;
    masked = maskOnce(before, identifier);
  }
  return masked;
}

function maskOnce(text: string, identifier: boolean): string {
  if (text.length < DIGITS_MIN || !hasDigits(text)) return text;
  let out = '';
  let from = 0;
  for (const match of text.matchAll(INSTANT)) {
    out += maskStretch(text.slice(from, match.index), identifier) + match[0];
    from = match.index + match[0].length;
  }
  return from === 0 ? maskStretch(text, identifier) : out + maskStretch(text.slice(from), identifier);
}

/** Masks the value of a phone field: the last four digits stay if it can be a phone number, else nothing. */
export function maskPhone(phone: string): string {
  if (MASKED_PHONE.test(phone)) return phone;
  const digits = asciiDigits(phone).replace(/\D/g, '');
  const phoneLike = digits.length >= DIGITS_MIN && (digits.length <= 13 || /^[+0]/.test(phone.trim()));
  return phoneLike && !IDENTITY.test(digits) ? PHONE_STARS + digits.slice(-4) : PHONE_STARS;
}

/** Masks a person's name: its first character and two stars. */
export function maskName(name: string): string {
  const trimmed = name.trim();
  const first = trimmed.codePointAt(0);
  return first === undefined ? '' : `${String.fromCodePoint(first)}**`;
}

/** True when a text holds at least seven digits: what every phone and card number needs. */
function hasDigits(text: string): boolean {
  let count = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if ((unit >= 48 && unit <= 57) || (unit >= 0xff10 && unit <= 0xff19)) {
      if (++count >= DIGITS_MIN) return true;
    }
  }
  return false;
}

function maskStretch(text: string, identifier: boolean): string {
  return text.replace(NUMBER, (number: string, at: number) => {
    if (number.length < DIGITS_MIN) return number;
    const groups = groupsOf(number);
    const [first] = groups;
    if (first === undefined) return number;
    // What an earlier masking left of a phone number stays, and parts what stands before and after it.
    if (first.digits.length === 4 && MASKED_PHONE_END.test(text.slice(Math.max(0, at - 7), at))) {
      return (
        number.slice(0, first.to) +
        maskGroups(number, groups.slice(1), first.to, number.length, false, identifier)
      );
    }
    const plus = /[+＋]$/.test(text.slice(Math.max(0, at - 1), at));
    return maskGroups(number, groups, 0, number.length, plus, identifier);
  });
}

/** Masks `number` between `from` and `to`, where `groups` are its digits. */
function maskGroups(
  number: string,
  groups: readonly Group[],
  from: number,
  to: number,
  plus: boolean,
  identifier: boolean,
): string {
  if (groups.length === 0) return number.slice(from, to);
  if (groups.length > GROUPS_MAX) return number.slice(from, groups[0]?.from) + HIDDEN;
  for (let i = 0; i < groups.length; i++) {
    for (let j = Math.min(groups.length, i + 6) - 1; j >= i; j--) {
      const found = recognise(groups, i, j, identifier);
      const [first, last] = [groups[i], groups[j]];
      if (found === null || first === undefined || last === undefined) continue;
      return (
        maskGroups(number, groups.slice(0, i), from, first.from, plus, identifier) +
        found +
        maskGroups(number, groups.slice(j + 1), last.to, to, false, identifier)
      );
    }
  }
  return maskUnrecognised(number, groups, from, to, plus, identifier);
}

/** The replacement of groups i to j when together they have the form of a phone or identity number. */
function recognise(groups: readonly Group[], i: number, j: number, identifier: boolean): string | null {
  const spaced = groups
    .slice(i, j + 1)
    .map(group => group.digits)
    .join(' ');
  const joined = spaced.replaceAll(' ', '');
  if (joined.length < 9) return null;
  const phone = PHONE_STARS + joined.slice(-4);
  if (i === j) {
    if (IDENTITY.test(joined)) return hide(joined, identifier);
    const landline = LANDLINE.test(joined) && joined.length < CARD_DIGITS_MIN;
    return landline || MOBILE.test(joined) ? phone : null;
  }
  // A card's digits in groups of four may look like a phone number between its neighbours.
  const before = groups[i - 1];
  const after = groups[j + 1];
  const alone = (i === 0 || groups[i]?.strong === false) && after?.strong !== true;
  if (alone && IDENTITY.test(joined)) return hide(joined, identifier);
  if (before?.digits.length === 4 || after?.digits.length === 4) return null;
  if (MOBILE_GROUPS.test(spaced)) return phone;
  return (alone || / \d{7,8}$/.test(spaced)) && LANDLINE_GROUPS.test(spaced) ? phone : null;
}

/** Groups that are no phone number as they stand: together they may be one with odd gaps, or a card. */
function maskUnrecognised(
  number: string,
  groups: readonly Group[],
  from: number,
  to: number,
  plus: boolean,
  identifier: boolean,
): string {
  const [first, last] = [groups[0], groups.at(-1)];
  if (first === undefined || last === undefined) return number.slice(from, to);
  const joined = groups.map(group => group.digits).join('');
  const replace = (text: string) => number.slice(from, first.from) + text + number.slice(last.to, to);
  if (MOBILE.test(joined) || (plus && /^\d{8,15}$/.test(joined)))
    return replace(PHONE_STARS + joined.slice(-4));
  if (CARD_GROUPS.test(groups.map(group => group.digits).join(' '))) return replace(hide(joined, identifier));
  // Weak gaps part numbers, as in an address or a version; what is left on each side is judged alone.
  const weak = groups.findIndex((group, index) => index > 0 && !group.strong);
  const next = groups[weak];
  if (weak > 0 && next !== undefined) {
    return (
      maskGroups(number, groups.slice(0, weak), from, next.from, plus, identifier) +
      maskGroups(number, groups.slice(weak), next.from, to, false, identifier)
    );
  }
  return joined.length >= CARD_DIGITS_MIN ? replace(hide(joined, identifier)) : number.slice(from, to);
}

function groupsOf(number: string): Group[] {
  const groups: Group[] = [];
  let end = 0;
  for (const match of number.matchAll(
    endsIdentity(number) ? /[0-9０-９]+[XxＸｘ]?|[XxＸｘ]/g : /[0-9０-９]+/g,
  )) {
    const text = asciiDigits(match[0]).toUpperCase();
    const gap = number.slice(end, match.index);
    end = match.index + match[0].length;
    groups.push({ digits: text, from: match.index, to: end, strong: STRONG_GAP.test(gap) });
  }
  return groups;
}

/** True when an X at the end can be an identity number's check digit: 17 digits stand before it. */
function endsIdentity(number: string): boolean {
  return number.replace(/[^0-9０-９]/g, '').length === 17 || /[0-9０-９]{17}[XxＸｘ]$/.test(number);
}

/** Full-width digits and X as ASCII. */
function asciiDigits(text: string): string {
  return text.replace(/[０-９Ｘｘ]/g, char => String.fromCharCode(char.charCodeAt(0) - 0xfee0));
}

function hide(digits: string, identifier: boolean): string {
  return identifier ? HIDDEN + letters(digits) : HIDDEN;
}

/** Four consonants out of 160,000: enough to tell numbers of one case apart, too few to find a number again. */
function letters(digits: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < digits.length; i++) hash = Math.imul(hash ^ digits.charCodeAt(i), 0x01000193) >>> 0;
  hash = (hash ^ (hash >>> 15)) >>> 0;
  let out = '';
  for (let i = 0; i < 4; i++) {
    out += 'bcdfghjkmnpqrstvwxyz'.charAt(hash % 20);
    hash = Math.floor(hash / 20);
  }
  return out;
}
