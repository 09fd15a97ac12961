// Loads a policy from its text: YAML or JSON, one file or several by `include`. The whole of it is checked at once,
// and each error names its place. No I/O of its own: the caller reads the files.
import { createHash } from 'node:crypto';
import { dirname, isAbsolute, join } from 'node:path';
import { z } from 'zod';
import { isObject } from '../contract/object.ts';
import { compilePolicy, type Draft, type Piece } from './compile.ts';
import type { CompiledPolicy } from './compiled.ts';
import { checkDeclared } from './declared.ts';
import type { DerivedText } from './derived.ts';
import { yearsUsed } from './holiday-file.ts';
import type { AddedYear } from './holidays.ts';
import { mendDerived, readCalendar, readClock, readIndicator } from './mend.ts';
import { type LoadedPart, parsePart } from './part.ts';
import { byPlace, Findings, Place, type PolicyError } from './place.ts';
import { policySchema } from './schema.ts';
import { reportIssues } from './shape.ts';
import { tidySections } from './tidy.ts';

export interface LoadOptions {
  /** The file's name, for messages, and for finding the files it names beside it. */
  readonly file: string;
  /** Reads a file that the policy names (`include`, `ics`); throws when it can't. Without it none can be named. */
  readonly readFile?: (file: string) => string;
  /** Years of holidays that an administrator added; those of countries that no calendar uses make no difference. */
  readonly addedYears?: readonly AddedYear[];
  /**
   * This text was in force once: what newer checks say against it is told, and it is compiled all the same, without what
   * has no longer the language's shape. Default false.
   */
  readonly acceptedOnce?: boolean;
}

export type LoadResult =
  | {
      readonly ok: true;
      readonly policy: CompiledPolicy;
      readonly warnings: readonly string[];
      /** What speaks against a policy that was accepted once; else nothing. */
      readonly passedOver: readonly PolicyError[];
      /** Rules and calendars of such a policy that are left out, since they can't be compiled. */
      readonly leftOut: readonly string[];
    }
  | { readonly ok: false; readonly errors: readonly PolicyError[]; readonly warnings: readonly string[] };

const FILES_MAX = 64;

/** Checks and compiles a policy. Errors come in the order of the text. */
export function loadPolicy(text: string, options: LoadOptions): LoadResult {
  const findings = new Findings();
  const read = new Files(options);
  const parts = readParts(text, options.file, read, findings);
  const isAccepted = options.acceptedOnce ?? false;
  const draft = assemble(parts, findings, isAccepted);
  const compiled = compilePolicy(draft, '', {
    readFile: file => read.beside(options.file, file),
    addedYears: options.addedYears,
    mustOpenAgain: !isAccepted,
  });
  const errors = findings.errors.sort(byPlace);
  const { warnings } = findings;
  if (errors.length > 0 && !(isAccepted && isObject(parts[0]?.data))) return { ok: false, errors, warnings };
  const years = yearsUsed(compiled.calendars.values(), options.addedYears ?? []);
  const policy = { ...compiled, hash: hashOf(parts, read.icsTexts(parts), years) };
  return { ok: true, policy, warnings, passedOver: errors, leftOut: leftOutOf(draft, compiled) };
}

function leftOutOf(draft: Draft, { clocks, indicators, calendars }: CompiledPolicy): string[] {
  const rules = new Set([...clocks, ...indicators].map(one => one.rule));
  const lost = [...draft.clocks, ...draft.indicators].filter(({ name }) => !rules.has(name));
  const never = draft.calendars.filter(({ name }) => !calendars.has(name));
  return [...lost.map(({ place, name }) => name || place.key), ...never.map(({ place }) => place.key)];
}

/** Reads named files, each once. */
class Files {
  readonly #options: LoadOptions;
  readonly #texts = new Map<string, string>();

  constructor(options: LoadOptions) {
    this.#options = options;
  }

  /** A file named in another, found beside it. */
  beside(from: string, file: string): string {
    const path = pathBeside(from, file);
    const known = this.#texts.get(path);
    if (known !== undefined) return known;
    if (this.#options.readFile === undefined) throw new Error('a policy without a file can not name others');
    const text = this.#options.readFile(path);
    this.#texts.set(path, text);
    return text;
  }

  /** The iCalendar texts read so far: they are part of what the policy says. */
  icsTexts(parts: readonly LoadedPart[]): string[] {
    const own = new Set(parts.map(part => part.file));
    return [...this.#texts].filter(([path]) => !own.has(path)).map(([, text]) => text);
  }
}

function pathBeside(from: string, file: string): string {
  return isAbsolute(file) ? file : join(dirname(from), file);
}

/** A policy's part, with the keys at its top set right as far as it is clear what was meant, and without the others. */
function parsePolicyPart(text: string, file: string, findings: Findings): LoadedPart {
  const part = parsePart(text, file, findings, 'version: 1', one => tidySections(one, findings));
  if (!isObject(part.data)) return part;
  const known = Object.entries(part.data).filter(([key]) => Object.hasOwn(policySchema.shape, key));
  return { ...part, data: Object.fromEntries(known) };
}

const headSchema = policySchema.omit({ calendars: true, clocks: true, indicators: true });
const includeSchema = z.object({ include: z.array(z.string()) });

function readParts(text: string, file: string, files: Files, findings: Findings): LoadedPart[] {
  const parts = [parsePolicyPart(text, file, findings)];
  const seen = new Set([file]);
  for (const part of parts) {
    const named = includeSchema.safeParse(part.data);
    if (!named.success) continue;
    named.data.include.forEach((name, i) => {
      const path = pathBeside(part.file, name);
      if (seen.has(path)) return;
      seen.add(path);
      const advice = { expected: 'a file that can be read', example: 'include: [clocks.yaml]' };
      const place = new Place(part, ['include', i], findings);
      if (seen.size > FILES_MAX) {
        place.error(`more than ${FILES_MAX} files`, advice);
        return;
      }
      try {
        parts.push(parsePolicyPart(files.beside(part.file, name), path, findings));
      } catch (error) {
        place.error(
          `"${name}" can't be read: ${error instanceof Error ? error.message : String(error)}`,
          advice,
        );
      }
    });
  }
  return parts;
}

/**
 * Puts the parts together; what has not the language's shape is told, and as much of it as can be is checked on. Of a
 * policy that is compiled nevertheless (`isAccepted`) that is left out: what was put in its place must not run.
 */
function assemble(parts: readonly LoadedPart[], findings: Findings, isAccepted: boolean): Draft {
  const orNothing =
    <T>(read: (place: Place, value: unknown) => T | null) =>
    (place: Place, value: unknown): T | null => {
      const before = findings.errors.length;
      const text = read(place, value);
      return isAccepted && findings.errors.length > before ? null : text;
    };
  const attributes = new Map<string, Kind>();
  const derived: DerivedText[] = [];
  const calendars: Draft['calendars'][number][] = [];
  const clocks: Draft['clocks'][number][] = [];
  const indicators: Draft['indicators'][number][] = [];
  let name: string | null = null;
  let timezone: { text: string; place: Place } | null = null;
  for (const part of parts) {
    const root = new Place(part, [], findings);
    if (!isObject(part.data)) {
      if (!findings.errors.some(error => error.file === part.file)) {
        root.error('the file holds no policy', { expected: 'keys and values', example: 'version: 1' });
      }
      continue;
    }
    const { calendars: calendarTexts, clocks: clockTexts, indicators: indicatorTexts, ...head } = part.data;
    reportShape(root, headSchema, head);
    collectAttributes(root.at('attributes'), head.attributes, isAccepted, attributes, derived);
    // Each key counts for itself: an error in one says nothing against the others.
    name ??= headSchema.shape.name.safeParse(head.name).data ?? null;
    const zone = headSchema.shape.timezone.safeParse(head.timezone).data;
    if (zone !== undefined) timezone ??= { text: zone, place: root.at('timezone') };
    if (calendarTexts !== undefined && !isObject(calendarTexts)) {
      const place = root.at('calendars');
      reportShape(place, z.record(z.string(), z.unknown()), calendarTexts);
      calendars.push({ place, name: '', text: null });
    }
    for (const [key, text] of Object.entries(isObject(calendarTexts) ? calendarTexts : {})) {
      const place = root.at('calendars', key);
      calendars.push({ place, name: key, text: orNothing(readCalendar)(place, text) });
    }
    collect(root.at('clocks'), clockTexts, orNothing(readClock), clocks);
    collect(root.at('indicators'), indicatorTexts, orNothing(readIndicator), indicators);
  }
  const fallback = new Place(parts[0] ?? parsePolicyPart('', '', findings), [], findings);
  return {
    name: name ?? 'policy',
    timezone: timezone?.text ?? 'UTC',
    timezonePlace: timezone?.place ?? fallback,
    attributes,
    derived,
    calendars,
    clocks,
    indicators,
  };
}

const KINDS = ['string', 'number', 'boolean'] as const;
type Kind = (typeof KINDS)[number];

/** Parts one file's `attributes` into those that events carry and those that events set. */
function collectAttributes(
  place: Place,
  written: unknown,
  isAccepted: boolean,
  carried: Map<string, Kind>,
  derived: DerivedText[],
): void {
  for (const [path, text] of Object.entries(isObject(written) ? written : {})) {
    const known = headSchema.shape.attributes.safeParse({ [path]: text }).data?.[path];
    const mended = known === undefined && !isAccepted ? mendDerived(place.at(path), text) : null;
    if (mended !== null) derived.push({ path, place: place.at(path), set: mended.set });
    // One of no known kind is taken for what its kind begins like, so that who uses it is told nothing wrong.
    else if (known === undefined) carried.set(path, isObject(text) ? 'boolean' : kindLike(String(text)));
    else if (typeof known !== 'string') derived.push({ path, place: place.at(path), set: known.set });
    else if (checkDeclared(place.at(path), path, known) || isAccepted) carried.set(path, known);
  }
}

function kindLike(text: string): Kind {
  return KINDS.find(one => one.charAt(0) === text.charAt(0)) ?? 'string';
}

function collect<T>(
  place: Place,
  list: unknown,
  read: (place: Place, value: unknown) => T | null,
  into: Piece<T>[],
): void {
  if (list === undefined) return;
  if (!Array.isArray(list)) {
    reportShape(place, z.array(z.unknown()), list);
    into.push({ place, name: '', text: null });
    return;
  }
  list.forEach((item: unknown, i) => {
    const rule = isObject(item) && typeof item.rule === 'string' ? item.rule : '';
    into.push({ place: place.at(i), name: rule, text: read(place.at(i), item) });
  });
}

function reportShape(place: Place, schema: z.ZodType, value: unknown): void {
  const result = schema.safeParse(value);
  if (!result.success) reportIssues(place, result.error.issues);
}

/**
 * Twelve hex digits that name what a policy says: comments, spaces and the order of keys don't matter. Added years that
 * its calendars use are part of it; without any the name is that of the text alone.
 */
function hashOf(parts: readonly LoadedPart[], files: readonly string[], years: readonly AddedYear[]): string {
  const said = [parts.map(part => canonical(part.data)), files];
  const text = JSON.stringify(years.length === 0 ? said : [...said, years]);
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}

function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map(key => [key, canonical(value[key])]),
  );
}
