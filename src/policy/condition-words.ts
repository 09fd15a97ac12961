// Conditions of rules in words: what an event has to be, what a case has to have.
import type { AttributeCondition, FieldTest, Occasion } from './compiled.ts';

const WORDS = {
  zh: { or: '、', and: '，', becomes: '变为', present: '有', is: '：' },
  en: { or: ' or ', and: ', ', becomes: 'becomes', present: 'with ', is: ' ' },
} as const;

/** How what a policy names is shown: the type of an event, an attribute, a value of one. */
export interface Shown {
  type(type: string): string;
  attribute(path: string): string;
  value(attribute: string, value: string): string;
}

/** Any of these. */
export function occasionsText(occasions: readonly Occasion[], language: 'zh' | 'en', shown: Shown): string {
  return occasions
    .map(one =>
      'becomes' in one
        ? `${WORDS[language].becomes} ${conditionText(one.becomes, language, shown)}`
        : eventText(shown.type(one.type), conditionText(one.tests, language, shown), language),
    )
    .join(WORDS[language].or);
}

function eventText(type: string, condition: string, language: 'zh' | 'en'): string {
  if (condition === '') return type;
  return language === 'zh' ? `${type}（${condition}）` : `${type} ${condition}`;
}

/** All of these; empty where nothing is asked for. */
export function conditionText(tests: AttributeCondition, language: 'zh' | 'en', shown: Shown): string {
  return tests.map(test => testText(test, language, shown)).join(WORDS[language].and);
}

function testText({ path, values }: FieldTest, language: 'zh' | 'en', shown: Shown): string {
  const { present, is } = WORDS[language];
  const name = shown.attribute(path);
  if (values === null) return `${present}${name}`;
  return `${name}${is}${values.map(value => shown.value(path, String(value))).join('/')}`;
}
