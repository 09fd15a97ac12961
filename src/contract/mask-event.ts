// Masks whole events, known and unknown fields alike and at any depth, before anything is kept of them. What is
// masked depends on the field's name and value alone, never on the policy, so that HTTP and the processor agree.
import { maskName, maskPhone, maskText } from './mask.ts';
import { isObject } from './object.ts';

/** Objects nested deeper are replaced, which bounds the work that one event can cause. */
const DEPTH_MAX = 32;
const TOO_DEEP = '***';

/** Fields that name something: a hidden number in them must stay distinct from another. */
const IDENTIFIERS = new Set([
  'into',
  'promise',
  'rule',
  'stage',
  'flow',
  'shift',
  'department',
  'product',
  'category',
  'queue',
  'queues',
  'team',
  'agent',
  'agents',
  'reviewer',
  'region',
  'id',
]);

const PHONE_KEY =
  /^(?:.*[a-z_\-. ])?(?:phone|mobile|telephone|tel|cell)(?:[_-]?(?:no|num|number))?\d?$|Phone|Mobile|电话|手机/;
const NAME_KEY =
  /^(?:customer|caller|contact|client|user|real|full|first|last|family|given)?[_-]?name$|(?:customer|caller|contact|client)Name$|姓名/i;
const SECRET_KEY =
  /id[_-]?card|identity[_-]?(?:no|num|card)|passport|bank[_-]?(?:card|account)|card[_-]?(?:no|num)|身份证|银行卡|卡号/i;

/** Attributes of the envelope that name the event and its case, or carry no text of a person. */
const ENVELOPE = new Set([
  'specversion',
  'id',
  'source',
  'type',
  'subject',
  'time',
  'sequence',
  'datacontenttype',
  'dataschema',
  'traceparent',
]);

/**
 * The same event with masked data and extensions, as HTTP stores it; a value that is no object stays as it is.
 * `data_base64` that holds JSON becomes `data`, since what is encoded can't be masked.
 */
export function maskEvent(event: unknown): unknown {
  if (!isObject(event)) return typeof event === 'string' ? maskText(event) : event;
  const out: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(event)) {
    if (key === 'data') put(out, key, maskData(value));
    else if (key === 'data_base64') put(out, 'data', maskData(dataOfBase64(value)));
    else put(out, key, ENVELOPE.has(key) ? value : maskValue(key, value, 1));
  }
  return out;
}

/** Masks an event's data. Gives back the same object when there is nothing to mask. */
export function maskData(data: unknown): unknown {
  if (!isObject(data)) return maskValue('', data, 0);
  const masked = maskObject(data, 0);
  const name = nameOf(data);
  return name === null ? masked : maskNameInTexts(masked, name);
}

/** What a base64 text of JSON says; undefined when it is neither. */
export function dataOfBase64(value: unknown): unknown {
  if (typeof value !== 'string') return undefined;
  try {
    const data: unknown = JSON.parse(Buffer.from(value, 'base64').toString('utf8'));
    return data;
  } catch {
    return undefined;
  }
}

/** Copies only when something changes: most events have one or two fields to mask. */
function maskObject(
  object: Readonly<Record<string, unknown>>,
  depth: number,
): Readonly<Record<string, unknown>> {
  let copy: Record<string, unknown> | undefined;
  for (const key in object) {
    const value = object[key];
    const masked = maskValue(key, value, depth + 1);
    const maskedKey = key.length < 7 ? key : maskText(key, true);
    if (masked === value && maskedKey === key) continue;
    copy ??= { ...object };
    if (maskedKey !== key) delete copy[key];
    put(copy, maskedKey, masked);
  }
  return copy ?? object;
}

function maskValue(key: string, value: unknown, depth: number): unknown {
  if (typeof value === 'string') return maskString(key, value);
  if (typeof value === 'number') return maskNumber(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth > DEPTH_MAX) return TOO_DEEP;
  if (!Array.isArray(value)) return isObject(value) ? maskObject(value, depth) : value;
  let copy: unknown[] | undefined;
  for (let i = 0; i < value.length; i++) {
    const item: unknown = value[i];
    const masked = maskValue(key, item, depth + 1);
    if (masked === item) continue;
    copy ??= [...value];
    copy[i] = masked;
  }
  return copy ?? value;
}

function maskString(key: string, value: string): string {
  if (value === '') return value;
  const kind = kindOf(key);
  switch (kind) {
    case 'phone':
      return maskPhone(value);
    case 'name':
      return maskName(value);
    case 'secret':
      return TOO_DEEP;
    case 'identifier':
      return maskText(value, true);
    case 'text':
      return maskText(value);
    default:
      return kind satisfies never;
  }
}

/** A whole number with a mobile number's form, or too long for anything but a card, becomes a masked text. */
function maskNumber(value: number): number | string {
  if (value < 1e10 || !Number.isFinite(value)) return value;
  if (value >= 1e14) return TOO_DEEP;
  return value >= 13e9 && value < 2e10 && Number.isInteger(value) ? maskPhone(String(value)) : value;
}

type KeyKind = 'phone' | 'name' | 'secret' | 'identifier' | 'text';

/** Publishers use few distinct keys; the limit keeps hostile ones from growing the memo for ever. */
const KINDS_MAX = 4096;
const kinds = new Map<string, KeyKind>();

function kindOf(key: string): KeyKind {
  const known = kinds.get(key);
  if (known !== undefined) return known;
  const kind = classify(key);
  if (kinds.size < KINDS_MAX) kinds.set(key, kind);
  return kind;
}

function classify(key: string): KeyKind {
  if (IDENTIFIERS.has(key)) return 'identifier';
  if (key.length > 64) return 'text';
  if (SECRET_KEY.test(key)) return 'secret';
  if (PHONE_KEY.test(key)) return 'phone';
  return NAME_KEY.test(key) ? 'name' : 'text';
}

/** The customer's name as the event gives it, if it is long enough to be looked for in texts. */
function nameOf(data: Readonly<Record<string, unknown>>): string | null {
  const { customer } = data;
  if (!isObject(customer)) return null;
  const { name } = customer;
  if (typeof name !== 'string' || name.trim().length < 2) return null;
  return name.trim();
}

/** The texts in which a person may write the customer's name again. */
const FREE_TEXTS = ['description', 'what', 'why'];

function maskNameInTexts(data: Readonly<Record<string, unknown>>, name: string): unknown {
  let out = data;
  for (const key of FREE_TEXTS) {
    const value = out[key];
    if (typeof value === 'string' && value.includes(name)) {
      out = { ...out, [key]: value.replaceAll(name, maskName(name)) };
    }
  }
  return out;
}

/** Sets an own member even when its key is `__proto__`. */
function put(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== '__proto__') object[key] = value;
  else Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
}
