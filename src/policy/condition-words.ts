// Conditions of rules in words: what an event has to be, what a case has to have.
import type { AttributeCondition, FieldTest, Occasion } from './compiled.ts';

const WORDS = {
  zh: { or: ' 或 ', and: '，', becomes: '变为', present: '有' },
  en: { or: ' or ', and: ', ', becomes: 'becomes', present: 'with' },
} as const;

/** How what a policy names is shown: the type of an event, a value of an attribute. */
export interface Shown {
  type(type: string): string;
  value(attribute: string, value: string): string;
}

/** Any of these. */
export function occasionsText(occasions: readonly Occasion[], language: 'zh' | 'en', shown: Shown): string {
  return occasions
    .map(one =>
      'becomes' in one
        ? `${WORDS[language].becomes} ${conditionText(one.becomes, language, shown)}`
        : [shown.type(one.type), conditionText(one.tests, language, shown)].filter(Boolean).join(' '),
    )
    .join(WORDS[language].or);
}

/** All of these; empty where nothing is asked for. */
export function conditionText(tests: AttributeCondition, language: 'zh' | 'en', shown: Shown): string {
  return tests.map(test => testText(test, language, shown)).join(WORDS[language].and);
}

function testText({ path, values }: FieldTest, language: 'zh' | 'en', shown: Shown): string {
  if (values === null) return `${WORDS[language].present} ${path}`;
  return `${path} ${values.map(value => shown.value(path, String(value))).join('/')}`;
}
