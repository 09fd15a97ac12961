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

interface Remark {
  readonly rule: string;
  readonly text: string;
}

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
