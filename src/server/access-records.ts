// What the SLA_CONFIG bucket keeps about access: tokens, browser sessions and one-use sign-in codes, each under
// the SHA-256 of its secret or with it, so that whoever reads the bucket can't sign in.
import type { KV } from 'nats';
import { z } from 'zod';
import { hashSecret, newSecret, ROLES, type Role } from './access.ts';

export const TOKEN_PREFIX = 'token.';
export const SESSION_PREFIX = 'session.';
const CODE_PREFIX = 'signin.';

const NAME = /^[A-Za-z0-9_-]{1,64}$/;
/** A sign-in link is for now, not for a bookmark. */
const CODE_TTL_MS = 10 * 60_000;
export const SESSION_TTL_MS = 7 * 24 * 3_600_000;

const hash = z.string().regex(/^[0-9a-f]{64}$/);
const tokenRecord = z.object({
  name: z.string().regex(NAME),
  role: z.enum(ROLES),
  hash,
  createdAt: z.iso.datetime(),
});
export type TokenRecord = z.infer<typeof tokenRecord>;

/** A session lives no longer than the token that opened it; `token` is that token's hash, null after a sign-in link. */
const sessionRecord = z.object({
  name: z.string(),
  role: z.enum(ROLES),
  token: hash.nullable(),
  expiresAt: z.number(),
});
export type SessionRecord = z.infer<typeof sessionRecord>;

const codeRecord = z.object({ role: z.enum(ROLES), expiresAt: z.number() });

/** A name that is taken, or not a name; the message says which. */
export class TokenNameError extends Error {}

export function parseToken(bytes: Uint8Array): TokenRecord | null {
  return parseWith(tokenRecord, bytes);
}

export function parseSession(bytes: Uint8Array): SessionRecord | null {
  return parseWith(sessionRecord, bytes);
}

/**
 * Makes an access token and returns its secret, which is kept nowhere.
 * @throws TokenNameError when the name is taken or has other characters than letters, digits, `_` and `-`.
 */
export async function createToken(kv: KV, name: string, role: Role): Promise<string> {
  if (!NAME.test(name)) {
    throw new TokenNameError(`A token's name has 1 to 64 letters, digits, _ or -; "${name}" has not.`);
  }
  const existing = await kv.get(TOKEN_PREFIX + name);
  if (existing && existing.operation === 'PUT') throw new TokenNameError(`A token "${name}" exists already.`);
  const secret = newSecret('sla');
  const record: TokenRecord = { name, role, hash: hashSecret(secret), createdAt: new Date().toISOString() };
  // The revision makes it fail rather than overwrite when two are made under one name at once.
  await kv.put(TOKEN_PREFIX + name, JSON.stringify(record), { previousSeq: existing?.revision ?? 0 });
  return secret;
}

/** All tokens by name, without their secrets, which nobody has. */
export async function listTokens(kv: KV): Promise<TokenRecord[]> {
  // Nothing may wait between two keys: the client's iterator drops what arrives meanwhile.
  const keys: string[] = [];
  for await (const key of await kv.keys(`${TOKEN_PREFIX}>`)) keys.push(key);
  const tokens: TokenRecord[] = [];
  for (const key of keys) {
    const entry = await kv.get(key);
    const token = entry?.operation === 'PUT' ? parseToken(entry.value) : null;
    if (token) tokens.push(token);
  }
  return tokens.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Ends a token, and with it the sessions that it opened. False when there is none of that name. */
export async function revokeToken(kv: KV, name: string): Promise<boolean> {
  if (!NAME.test(name)) return false;
  const entry = await kv.get(TOKEN_PREFIX + name);
  if (entry?.operation !== 'PUT') return false;
  await kv.delete(TOKEN_PREFIX + name);
  return true;
}

/** Makes a code that signs in once, within ten minutes. Any process with the same bucket takes it. */
export async function createSigninCode(kv: KV, role: Role): Promise<string> {
  const code = newSecret('once');
  const record = { role, expiresAt: Date.now() + CODE_TTL_MS };
  await kv.put(CODE_PREFIX + hashSecret(code), JSON.stringify(record));
  return code;
}

/** The address that signs a browser in once: what `demo` prints. `base` is the monitor's address. */
export async function createSigninLink(kv: KV, base: string, role: Role): Promise<string> {
  return new URL(`/signin?code=${await createSigninCode(kv, role)}`, base).href;
}

/** Takes a sign-in code. Of two who present the same code only one gets its role. */
export async function redeemCode(kv: KV, code: string): Promise<Role | null> {
  const key = CODE_PREFIX + hashSecret(code);
  const entry = await kv.get(key);
  if (entry?.operation !== 'PUT') return null;
  const record = parseWith(codeRecord, entry.value);
  try {
    await kv.delete(key, { previousSeq: entry.revision });
  } catch (error) {
    if (error instanceof Error && error.message.includes('wrong last sequence')) return null;
    throw error;
  }
  return record && record.expiresAt > Date.now() ? record.role : null;
}

function parseWith<T>(schema: z.ZodType<T>, bytes: Uint8Array): T | null {
  try {
    return schema.parse(JSON.parse(new TextDecoder().decode(bytes)));
  } catch {
    return null;
  }
}
