// Answers who a bearer token or a session cookie belongs to, from memory: a copy of the bucket's tokens and sessions
// that follows it. A revoked token stops within the watch's delay, and with it the sessions that it opened.
import type { KV, NatsConnection } from 'nats';
import { watchPrefix } from '../broker/kv-watch.ts';
import { hashSecret, newSecret, type Principal, type Role, sameHash } from './access.ts';
import {
  parseSession,
  parseToken,
  redeemCode,
  SESSION_PREFIX,
  SESSION_TTL_MS,
  type SessionRecord,
  TOKEN_PREFIX,
  type TokenRecord,
} from './access-records.ts';

/** More sessions than this are not kept: the one that ends first makes room. */
export const SESSIONS_MAX = 1_000;

export class AccessStore {
  readonly #kv: KV;
  readonly #adminHash: string | null;
  readonly #tokens = new Map<string, TokenRecord>();
  readonly #hashByName = new Map<string, string>();
  readonly #sessions = new Map<string, SessionRecord>();
  #stops: (() => void)[] = [];

  private constructor(kv: KV, adminToken: string | null) {
    this.#kv = kv;
    this.#adminHash = adminToken === null ? null : hashSecret(adminToken);
  }

  /** Loads tokens and sessions and follows them. `adminToken` is accepted as an admin's from the start. */
  static async open(nc: NatsConnection, kv: KV, adminToken: string | null): Promise<AccessStore> {
    const store = new AccessStore(kv, adminToken);
    const watches = [
      watchPrefix(nc, kv, TOKEN_PREFIX, {
        changed: (key, value) => store.#tokenChanged(key, value),
        complete: keys => {
          for (const name of [...store.#hashByName.keys()]) {
            if (!keys.has(TOKEN_PREFIX + name)) store.#tokenChanged(TOKEN_PREFIX + name, null);
          }
        },
      }),
      watchPrefix(nc, kv, SESSION_PREFIX, {
        changed: (key, value) => store.#sessionChanged(key, value),
        complete: keys => {
          for (const hash of [...store.#sessions.keys()]) {
            if (!keys.has(SESSION_PREFIX + hash)) store.#sessions.delete(hash);
          }
        },
      }),
    ];
    store.#stops = await Promise.all(watches);
    return store;
  }

  close(): void {
    for (const stop of this.#stops) stop();
  }

  /** Whose bearer token this is, or null. */
  byToken(secret: string): Principal | null {
    const hash = hashSecret(secret);
    if (this.#isAdmin(hash)) return { name: 'ADMIN_TOKEN', role: 'admin', session: false };
    const token = this.#tokens.get(hash);
    if (!token || !sameHash(token.hash, hash)) return null;
    return { name: token.name, role: token.role, session: false };
  }

  /** Whose session cookie this is, or null when it ended or its token was revoked. */
  bySession(secret: string): Principal | null {
    const session = this.#sessions.get(hashSecret(secret));
    if (!session || session.expiresAt <= Date.now()) return null;
    if (session.token !== null && !this.#isAdmin(session.token) && !this.#tokens.has(session.token))
      return null;
    return { name: session.name, role: session.role, session: true };
  }

  /** Opens a session with a token. Null when the token is not valid; throws when the bucket can't be reached. */
  async signIn(token: string): Promise<string | null> {
    const principal = this.byToken(token);
    if (!principal) return null;
    return this.#open({ name: principal.name, role: principal.role, token: hashSecret(token) });
  }

  /** Opens a session with a one-use code. Null when the code is spent, old or unknown. */
  async signInByCode(code: string): Promise<string | null> {
    const role: Role | null = await redeemCode(this.#kv, code);
    return role === null ? null : this.#open({ name: 'sign-in link', role, token: null });
  }

  async signOut(secret: string): Promise<void> {
    const hash = hashSecret(secret);
    if (!this.#sessions.delete(hash)) return;
    await this.#kv.delete(SESSION_PREFIX + hash);
  }

  async #open(session: Omit<SessionRecord, 'expiresAt'>): Promise<string> {
    const secret = newSecret('session');
    const hash = hashSecret(secret);
    const record: SessionRecord = { ...session, expiresAt: Date.now() + SESSION_TTL_MS };
    await this.#kv.put(SESSION_PREFIX + hash, JSON.stringify(record));
    this.#sessions.set(hash, record);
    await this.#makeRoom();
    return secret;
  }

  /** Drops sessions that ended, and beyond the bound the ones that end first. */
  async #makeRoom(): Promise<void> {
    const now = Date.now();
    const byEnd = [...this.#sessions].sort((a, b) => a[1].expiresAt - b[1].expiresAt);
    let over = byEnd.length - SESSIONS_MAX;
    for (const [hash, session] of byEnd) {
      if (session.expiresAt > now && over <= 0) break;
      over--;
      this.#sessions.delete(hash);
      await this.#kv.delete(SESSION_PREFIX + hash);
    }
  }

  #isAdmin(hash: string): boolean {
    return this.#adminHash !== null && sameHash(this.#adminHash, hash);
  }

  #tokenChanged(key: string, value: Uint8Array | null): void {
    const name = key.slice(TOKEN_PREFIX.length);
    const before = this.#hashByName.get(name);
    if (before !== undefined) this.#tokens.delete(before);
    this.#hashByName.delete(name);
    const token = value === null ? null : parseToken(value);
    if (!token) return;
    this.#tokens.set(token.hash, token);
    this.#hashByName.set(name, token.hash);
  }

  #sessionChanged(key: string, value: Uint8Array | null): void {
    const hash = key.slice(SESSION_PREFIX.length);
    const session = value === null ? null : parseSession(value);
    if (session) this.#sessions.set(hash, session);
    else this.#sessions.delete(hash);
  }
}
