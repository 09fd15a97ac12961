// What of the rulebook is not in the policy language, or may not be in the pack yet: figures and flows by name, what the
// contract has no word for, and governance.

export interface NamedRule {
  readonly rule: string;
  readonly zh: string;
  readonly en: string;
}

export const INDICATORS: readonly NamedRule[] = [
  { rule: 'S0-20', zh: '投诉率', en: 'complaint rate' },
  { rule: 'S0-21', zh: '响应及时率', en: 'responses in time' },
  { rule: 'S0-22', zh: '标准问题4日解决率', en: 'standard problems solved in 4 days' },
  { rule: 'S0-23', zh: '问题解决率', en: 'problems solved' },
  { rule: 'S0-24', zh: '回访完成率', en: 'follow-ups done' },
  { rule: 'S1-20', zh: '客户满意度 CSAT', en: 'customer satisfaction' },
  { rule: 'S1-21', zh: 'NPS', en: 'net promoter score' },
  { rule: 'S1-22', zh: '首次解决率 FCR', en: 'solved at first contact' },
  { rule: 'S1-23', zh: '智能客服解决率', en: 'settled by the bot' },
  { rule: 'S1-24', zh: '高频问题占比', en: 'share of the most frequent problem' },
  { rule: 'S1-25', zh: '服务风险预警', en: 'service risks' },
  { rule: 'S2-20', zh: '满意/基本满意/不满意', en: 'satisfied, fair, dissatisfied' },
  { rule: 'S3-20', zh: '在岗人数', en: 'agents on duty' },
  { rule: 'S3-21', zh: '高峰排班', en: 'need against schedule' },
  { rule: 'S3-22', zh: '准时到岗', en: 'on duty in time' },
  { rule: 'S4-20', zh: '客户投诉解决速度', en: 'complaints that are overdue' },
];

/** The flows, whose stages are clocks of their own: `S4-F1.1` is the first one of `S4-F1`. */
export const FLOWS: readonly NamedRule[] = [
  { rule: 'S4-F1', zh: '问题反馈售后流程', en: 'after-sales replacement order' },
  { rule: 'S4-F2', zh: '收款补单售后流程', en: 'paid replacement order' },
];

export interface Remark {
  readonly rule: string;
  readonly text: string;
}

/** How clocks are read where the rulebook leaves room. */
export const READINGS: readonly Remark[] = [
  {
    rule: 'S0-02',
    text:
      'runs from the first message whether or not a bot talks to the customer: a chat that the bot settles alone later ' +
      'than after 30 s is missed.',
  },
  {
    rule: 'S0-03',
    text:
      'is the only clock that pauses, while the customer is waited for and unless the case is or was a complaint: the rulebook ' +
      'names no pause of the others. For it, as for all first replies, a case that is over without one is cancelled: ' +
      'neither kept nor broken.',
  },
  {
    rule: 'S0-05',
    text:
      'starts again where another of its reasons comes, or another solution is rejected, after it was escalated. It ' +
      'ends when the case turns out to be standard and no other reason is there. Complexity, or a need for a third party, that ' +
      'is entered when the case is over starts nothing, nor does such complexity start S2-02.',
  },
  {
    rule: 'S0-06',
    text:
      'takes `problem` as the kind and needs the grade, as S0-07 does: a case without `complexity` runs neither. In the ' +
      'same way a case without `urgency` runs neither S1-01 nor S1-02.',
  },
  {
    rule: 'S0-07',
    text: 'also ends for complex problems, once they have waited for parts, when the customer is told when these come.',
  },
  {
    rule: 'S0-08',
    text:
      'runs on cases that say that the solution was carried out: one that is only resolved, as most are that are solved in ' +
      'the first contact, has S0-10.',
  },
  {
    rule: 'S0-10',
    text:
      'does not start on cases that are closed after they were cancelled or merged: nothing was done for them. Nor do S4-04 ' +
      'and E-04C. A follow-up counts where it says `done: true`; for E-04C any entry does.',
  },
  {
    rule: 'S0-11',
    text:
      'takes as under investigation what has been answered and is neither resolved nor closed, of the kinds that are ' +
      'looked into. A solution or a visit that is agreed with the customer is an update too, and for S3-01 a contact. What ' +
      'is told when a case is over, or was merged, starts neither.',
  },
  {
    rule: 'S1-01',
    text:
      'goes on where a case is urgent again that was graded down unanswered. An urgency that is entered when the case is over ' +
      'starts nothing, the emergency plan included, unless the case is reopened.',
  },
  {
    rule: 'S1-05',
    text:
      'starts when a case becomes urgent, as S1-01 does, also where a senior engineer has it already: it is to be ' +
      'assigned as an urgent one.',
  },
  {
    rule: 'S1-06',
    text:
      'is ended by the end of a case only where it is merged: else a promise holds until it is kept or waived. A promise ' +
      'without a name or without a time starts nothing.',
  },
  {
    rule: 'S1-07',
    text: 'takes 1 and 2 of 5 as dissatisfied where a survey only has marks (†), as S1-08 and S1-09 do.',
  },
  {
    rule: 'S2-02',
    text:
      'counts from the record of the case, also where it is found to be a complaint or complex later, as all rules do ' +
      'that start with `ticket.created`.',
  },
  {
    rule: 'S4-02',
    text: 'takes a `distance` as the sign that a visit is needed, whatever the kind of the case.',
  },
  {
    rule: 'S4-05',
    text: 'ends when the complaint is graded down again.',
  },
];

/** Where the contract has no word for what a rule asks for, and what stands in its place. */
export const REMARKS: readonly Remark[] = [
  {
    rule: 'E-01',
    text:
      'counts tickets that are handed over and calls that are transferred. The contract gives calls no `expectedAt`, so ' +
      'that the customer was told is all that is asked of them; it gives chats no field for it, so they are not counted.',
  },
  {
    rule: 'E-02',
    text:
      'has five of the six milestones: under repair has no event of its own in the contract. Work begins with the ' +
      'arrival, and the notice of that stands for both.',
  },
  {
    rule: 'E-03',
    text:
      'takes `category` in the place of `demand`. The contract has no field for what the customer demands (诉求); this pack ' +
      'declares `demand`, and a record that has `category` instead counts as complete, for centres that do not send it.',
  },
];

interface GovernanceRule {
  readonly rule: string;
  readonly document: string;
  readonly what: string;
  readonly how: string;
}

export const GOVERNANCE: readonly GovernanceRule[] = [
  {
    rule: 'G-01',
    document: 'S0',
    what: 'data comes from events alone',
    how: 'outcomes are folded from the stream; `test/property/engine.test.ts`',
  },
  {
    rule: 'G-02',
    document: 'S0',
    what: 'a random 10% is drawn for review each month',
    how: 'not yet; the review comes back as `ticket.reviewed`',
  },
  { rule: 'G-03', document: 'S0, S2', what: 'service reports', how: 'not yet' },
  {
    rule: 'G-04',
    document: 'S0, S2',
    what: 'data is kept for 3 years',
    how: '`streams/jetstream/records.json`',
  },
  {
    rule: 'G-05',
    document: 'S0',
    what: 'records cannot be quietly changed',
    how: 'streams deny deleting and purging; a chain of hashes not yet',
  },
  { rule: 'G-06', document: 'S2', what: 'personal data is masked', how: '`test/contract/mask.test.ts`' },
  { rule: 'G-07', document: 'S4, S0', what: 'scorecards', how: 'not yet' },
  {
    rule: 'G-08',
    document: 'S1',
    what: 'cases are graded by urgency × impact',
    how: 'attributes `urgency` and `impact`, which any rule may read',
  },
];
