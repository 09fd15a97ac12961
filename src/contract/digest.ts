// A structural hash of an event's content, to tell a repetition from a conflict. Two lanes of 32 bits; the order
// of object keys does not matter, that of lists does. No secret protects it: it is no defence against forgery.

import { isObject } from './object.ts';

const SEED_A = 0x811c9dc5;
const SEED_B = 0x9747b28c;
const PRIME_A = 0x01000193;
const PRIME_B = 0x85ebca6b;

/** Deeper values are not looked at; masking has cut them off before. */
const DEPTH_MAX = 40;

/** The lanes of the value hashed last. Module state saves an allocation for every value; nothing here awaits. */
let laneA = 0;
let laneB = 0;

const DIGITS = '0123456789abcdefghijklmnopqrstuv';
const PAIRS: readonly string[] = [...DIGITS].flatMap(high => [...DIGITS].map(low => high + low));

const float = new Float64Array(1);
const words = new Uint32Array(float.buffer);

/** Digest of type, time in milliseconds, sequence and masked data: 60 bits as 12 characters of base 32. */
export function digestOf(type: string, time: number, sequence: string | undefined, data: unknown): string {
  hashValue(data, 0);
  const dataA = laneA;
  const dataB = laneB;
  hashString(type, SEED_A, SEED_B);
  mixNumber(time);
  mixWord(sequence === undefined ? 1 : 2);
  if (sequence !== undefined) hashString(sequence, laneA, laneB);
  mixWord(dataA);
  mixWord(dataB);
  return encode(finish(laneA), finish(laneB));
}

/** Thirty bits of each lane, ten at a time: a tenth of the cost of `toString(36)`. */
function encode(a: number, b: number): string {
  return `${pair(a)}${pair(a >>> 10)}${pair(a >>> 20)}${pair(b)}${pair(b >>> 10)}${pair(b >>> 20)}`;
}

function pair(bits: number): string {
  return PAIRS[bits & 1023] ?? '';
}

function hashValue(value: unknown, depth: number): void {
  if (typeof value === 'string') hashString(value, SEED_A ^ 3, SEED_B ^ 3);
  else if (typeof value === 'number') {
    reset(5);
    mixNumber(value);
  } else if (typeof value === 'boolean') reset(value ? 7 : 11);
  else if (typeof value !== 'object' || value === null) reset(13);
  else if (depth >= DEPTH_MAX) reset(17);
  else if (Array.isArray(value)) hashList(value, depth);
  else if (isObject(value)) hashObject(value, depth);
}

function hashList(list: readonly unknown[], depth: number): void {
  let a = SEED_A ^ 19;
  let b = SEED_B ^ 19;
  for (const item of list) {
    hashValue(item, depth + 1);
    a = Math.imul(a ^ laneA, PRIME_A) + 1;
    b = Math.imul(b ^ laneB, PRIME_B) + 1;
  }
  laneA = finish(a);
  laneB = finish(b);
}

/** Members are added up after their own finish, so that their order can't show. */
function hashObject(object: Readonly<Record<string, unknown>>, depth: number): void {
  let a = SEED_A ^ 23;
  let b = SEED_B ^ 23;
  for (const key in object) {
    const value = object[key];
    if (value === undefined) continue;
    hashValue(value, depth + 1);
    const valueA = laneA;
    const valueB = laneB;
    hashString(key, SEED_A ^ 29, SEED_B ^ 29);
    mixWord(valueA);
    mixWord(valueB);
    a = (a + finish(laneA)) | 0;
    b = (b + finish(laneB)) | 0;
  }
  laneA = finish(a);
  laneB = finish(b);
}

function reset(tag: number): void {
  laneA = SEED_A ^ tag;
  laneB = SEED_B ^ tag;
  mixWord(tag);
}

function hashString(text: string, seedA: number, seedB: number): void {
  let a = seedA;
  let b = seedB;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    a = Math.imul(a ^ unit, PRIME_A);
    b = Math.imul(b ^ unit, PRIME_B);
    b = (b << 13) | (b >>> 19);
  }
  laneA = Math.imul(a ^ text.length, PRIME_A);
  laneB = Math.imul(b ^ text.length, PRIME_B);
}

/** Whole numbers and others alike by their bits; -0 counts as 0. */
function mixNumber(value: number): void {
  float[0] = value === 0 ? 0 : value;
  mixWord(words[0] ?? 0);
  mixWord(words[1] ?? 0);
}

function mixWord(word: number): void {
  laneA = Math.imul(laneA ^ word, PRIME_A);
  laneA ^= laneA >>> 15;
  laneB = Math.imul(laneB ^ word, PRIME_B);
  laneB = (laneB << 13) | (laneB >>> 19);
}

/** Spreads every input bit over the word (the finaliser of MurmurHash 3). */
function finish(hash: number): number {
  let h = hash ^ (hash >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  h ^= h >>> 16;
  return h >>> 0;
}
