// Who may do what: roles, what each allows, and how secrets are made and compared. No I/O.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

export const ROLES = ['viewer', 'operator', 'ingest', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** What a route asks for. `public` needs no token at all. */
export type Access = 'public' | 'view' | 'operate' | 'ingest' | 'admin';

const ALLOWED: Readonly<Record<Role, readonly Access[]>> = {
  viewer: ['view'],
  operator: ['view', 'operate'],
  ingest: ['ingest'],
  admin: ['view', 'operate', 'ingest', 'admin'],
};

/** Who a request comes from. `session` is true when a browser's cookie said so, which asks for more checks. */
export interface Principal {
  readonly name: string;
  readonly role: Role;
  readonly session: boolean;
}

export function isRole(text: string): text is Role {
  return ROLES.some(role => role === text);
}

/** True when the role covers what the route asks for. */
export function allows(role: Role, access: Access): boolean {
  return access === 'public' || ALLOWED[role].includes(access);
}

/** A new secret of 256 random bits, with a prefix that secret scanners can know. */
export function newSecret(prefix: string): string {
  return `${prefix}_${randomBytes(32).toString('base64url')}`;
}

/** SHA-256 of a secret, hex. A secret of 256 random bits needs no slow hash: there is nothing to guess. */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret, 'utf8').digest('hex');
}

/** Compares two hashes in a time that does not depend on where they differ. */
export function sameHash(a: string, b: string): boolean {
  const left = Buffer.from(a, 'hex');
  const right = Buffer.from(b, 'hex');
  return left.length === right.length && timingSafeEqual(left, right);
}

/** The token of an `Authorization: Bearer …` header, or null. */
export function bearerOf(header: string | undefined): string | null {
  const match = /^Bearer +([\x21-\x7e]{1,512}) *$/i.exec(header ?? '');
  return match?.[1] ?? null;
}
