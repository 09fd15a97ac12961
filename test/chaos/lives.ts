// What happens to a ticket, a call, a chat or an agent in the load: the steps of one life, drawn so that every clock of the
// default policy has something to start, stop, pause and cancel it, in and out of the order in which it would make sense.

export type Next = () => number;
export type LifeEntity = 'ticket' | 'call' | 'chat' | 'agent';

export interface Step {
  readonly name: string;
  readonly data: object;
}

/** The steps of a life that begins at `at`, ms since 1970. */
export function stepsOf(entity: LifeEntity, next: Next, at: number): Step[] {
  const draw = new Draw(next, at);
  switch (entity) {
    case 'ticket':
      return ticket(draw);
    case 'call':
      return call(draw);
    case 'chat':
      return chat(draw);
    case 'agent':
      return agent(draw);
    default:
      return entity satisfies never;
  }
}

class Draw {
  readonly next: Next;
  readonly #at: number;

  constructor(next: Next, at: number) {
    this.next = next;
    this.#at = at;
  }

  pick<T>(list: readonly [T, ...T[]]): T {
    return list[Math.floor(this.next() * list.length)] ?? list[0];
  }

  chance(share: number): boolean {
    return this.next() < share;
  }

  /** An instant from a little before the beginning to `aheadMs` after it. */
  instant(aheadMs: number): string {
    return new Date(this.#at - 1_000 + Math.floor(this.next() * aheadMs)).toISOString();
  }
}

const QUEUES = ['repair', 'consulting', 'complaints', ''] as const;

function queueOf(draw: Draw): object {
  const queue = draw.pick(QUEUES);
  return queue === '' ? {} : { queue };
}

function call(draw: Draw): Step[] {
  const steps: Step[] = [{ name: 'queued', data: { ...queueOf(draw), channel: 'phone' } }];
  if (draw.chance(0.3)) steps.push({ name: 'announced', data: { waitSeconds: 20 } });
  if (draw.chance(0.3)) return [...steps, { name: 'abandoned', data: { waitSeconds: 4 } }];
  const waitSeconds = Math.floor(draw.next() * 40);
  steps.push(
    { name: 'ringing', data: { rings: 2 } },
    { name: 'answered', data: { agent: 'A-1', waitSeconds } },
  );
  if (draw.chance(0.3))
    steps.push({ name: 'held', data: {} }, { name: 'retrieved', data: { holdSeconds: 9 } });
  if (draw.chance(0.1)) steps.push({ name: 'risk_flagged', data: { risk: 'upset' } });
  steps.push({ name: 'ended', data: { talkSeconds: 60 } });
  if (draw.chance(0.2)) steps.push({ name: 'surveyed', data: { score: 4 } });
  return steps;
}

function chat(draw: Draw): Step[] {
  const count = 2 + Math.floor(draw.next() * 6);
  return [
    { name: 'started', data: queueOf(draw) },
    ...Array.from({ length: count }, () => ({
      name: 'message',
      data: { by: draw.pick(['customer', 'customer', 'agent', 'bot', 'senior']) },
    })),
    ...(draw.chance(0.8) ? [{ name: 'ended', data: {} }] : []),
  ];
}

function agent(draw: Draw): Step[] {
  const turns = 1 + Math.floor(draw.next() * 3);
  const steps: Step[] = [];
  for (let i = 0; i < turns; i++)
    steps.push(
      { name: 'signed_on', data: { team: 'a' } },
      { name: 'state_changed', data: { state: draw.pick(['available', 'busy', 'break']) } },
      { name: 'signed_off', data: {} },
    );
  return steps;
}

function ticket(draw: Draw): Step[] {
  const customer = { id: 'K-1', name: '王小明', phone: '13800001234', tier: draw.pick(['gold', 'none']) };
  const opened = {
    channel: draw.pick(['email', 'web', 'phone', 'app']),
    kind: draw.pick(['complaint', 'query', 'repair', 'problem', 'consultation', 'request', 'suggestion']),
    complexity: draw.pick(['standard', 'standard', 'complex']),
    customer,
    ...queueOf(draw),
    ...urgency(draw),
    ...(draw.chance(0.3) ? { distance: draw.pick(['local', 'neighbouring', 'other_province']) } : {}),
    ...(draw.chance(0.3) ? { demand: '退货', description: '坏了', category: 'sofa', agent: 'A-2' } : {}),
    ...(draw.chance(0.3) ? { vip: draw.chance(0.5) } : {}),
  };
  const steps: Step[] = [{ name: 'created', data: opened }];
  if (draw.chance(0.2)) steps.push(...flow(draw));
  const count = 2 + Math.floor(draw.next() * 8);
  for (let i = 0; i < count; i++) steps.push(middle(draw));
  if (draw.chance(0.6)) steps.push(...ending(draw));
  return steps;
}

function urgency(draw: Draw): object {
  return { urgency: draw.pick(['normal', 'urgent', 'critical', 'whatever']) };
}

/** Stages one after the other, as far as it comes. */
function flow(draw: Draw): Step[] {
  const [name, stages] = draw.pick([
    ['S4-F1', 11],
    ['S4-F2', 9],
  ]);
  const reached = Math.floor(draw.next() * (stages + 1));
  const steps: Step[] = [{ name: 'updated', data: { flow: name } }];
  for (let stage = 1; stage <= reached; stage++)
    steps.push({
      name: 'stage_completed',
      data: { flow: name, stage: String(stage), nextDueAt: draw.instant(6_000) },
    });
  return steps;
}

function middle(draw: Draw): Step {
  const promise = `P-${Math.floor(draw.next() * 3)}`;
  const { name, data } = draw.pick(MIDDLE);
  return { name, data: data(draw, promise) };
}

interface Kind {
  readonly name: string;
  readonly data: (draw: Draw, promise: string) => object;
}

const MIDDLE: readonly [Kind, ...Kind[]] = [
  { name: 'acknowledged', data: () => ({ by: 'agent' }) },
  { name: 'assigned', data: draw => ({ agent: 'A-3', tier: draw.pick(['specialist', 'senior', 'lead']) }) },
  { name: 'replied', data: draw => ({ by: draw.pick(['agent', 'bot', 'senior', 'supervisor']) }) },
  { name: 'replied', data: () => ({ by: 'agent' }) },
  { name: 'informed', data: draw => ({ about: draw.pick(['progress', 'delay', 'eta', 'milestone']) }) },
  { name: 'updated', data: urgency },
  { name: 'updated', data: draw => ({ queue: draw.pick(['repair', 'complaints']) }) },
  { name: 'updated', data: draw => ({ channel: draw.pick(['phone', 'app']) }) },
  { name: 'updated', data: draw => ({ kind: draw.pick(['complaint', 'problem', 'repair']) }) },
  { name: 'updated', data: draw => ({ complexity: draw.pick(['standard', 'complex']) }) },
  { name: 'updated', data: draw => ({ distance: draw.pick(['local', 'neighbouring']) }) },
  { name: 'graded', data: draw => ({ severity: draw.pick(['general', 'major']) }) },
  { name: 'flagged', data: draw => ({ flag: draw.pick(['special', 'needs_third_party']) }) },
  {
    name: 'escalated',
    data: draw => ({ to: draw.pick(['manager', 'specialist']), details: true, customerInformed: true }),
  },
  {
    name: 'pending',
    data: draw => ({ reason: draw.pick(['customer', 'parts', 'third_party', 'logistics']) }),
  },
  { name: 'pending', data: () => ({ reason: 'customer' }) },
  { name: 'resumed', data: () => ({}) },
  { name: 'resumed', data: () => ({}) },
  { name: 'promised', data: (draw, promise) => ({ promise, dueAt: draw.instant(5_000) }) },
  { name: 'promised', data: (draw, promise) => ({ promise, dueAt: draw.instant(3_600_000) }) },
  { name: 'promise_kept', data: (_, promise) => ({ promise }) },
  {
    name: 'handed_over',
    data: draw => ({
      from: draw.pick(['bot', 'agent']),
      customerInformed: draw.chance(0.5),
      ...(draw.chance(0.5) ? { expectedAt: draw.instant(5_000) } : {}),
    }),
  },
  { name: 'department_assigned', data: () => ({ department: 'D' }) },
  { name: 'department_finished', data: () => ({ department: 'D' }) },
  { name: 'dispatched', data: () => ({ agent: 'A-9' }) },
  { name: 'visit_agreed', data: draw => ({ expectedAt: draw.instant(5_000) }) },
  { name: 'arrived', data: () => ({}) },
  { name: 'solution_proposed', data: () => ({}) },
  { name: 'solution_rejected', data: () => ({}) },
  { name: 'solution_implemented', data: () => ({}) },
  { name: 'confirmed', data: () => ({}) },
  { name: 'resolved', data: () => ({ firstContact: true }) },
  { name: 'reopened', data: () => ({}) },
  { name: 'surveyed', data: draw => ({ satisfaction: draw.pick(['satisfied', 'dissatisfied']), csat: 2 }) },
  {
    name: 'followed_up',
    data: draw => ({
      level: draw.pick(['satisfaction', 'specialist', 'supervisor', 'senior']),
      done: draw.chance(0.7),
    }),
  },
  {
    name: 'waived',
    data: draw => ({
      rule: draw.pick(['T-REPLY', 'T-SOLVE', 'S0-03', 'S1-01', 'S1-06', 'S0-06']),
      why: 'test',
      by: 'x',
    }),
  },
];

/** How it ends; some closed cases go on after all. */
function ending(draw: Draw): Step[] {
  const end: Step = {
    name: draw.pick(['closed', 'cancelled', 'merged', 'resolved', 'closed']),
    data: { into: 'T-0' },
  };
  if (draw.chance(0.6)) return [{ name: 'resolved', data: {} }, end];
  const after: Step[] = [{ name: 'surveyed', data: { satisfaction: 'dissatisfied' } }];
  if (draw.chance(0.5))
    after.push({ name: 'reopened', data: {} }, { name: 'replied', data: { by: 'agent' } });
  if (draw.chance(0.5))
    after.push({ name: 'closed', data: {} }, { name: 'followed_up', data: { done: true } });
  return [end, ...after];
}
