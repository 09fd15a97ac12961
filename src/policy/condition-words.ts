// Conditions of rules in words: what an event has to be, what a case has to have.
import type { AttributeCondition, FieldTest, Occasion } from './compiled.ts';

const WORDS = {
  zh: { or: ' 或 ', and: '，', becomes: '变为', present: '有' },
  en: { or: ' or ', and: ', ', becomes: 'becomes', present: 'with' },
} as const;

/** Any of these; `mark` sets an event's type apart from the words around it. */
export function occasionsText(
  occasions: readonly Occasion[],
  language: 'zh' | 'en',
  mark: (type: string) => string = type => type,
): string {
  return occasions
    .map(one =>
      'becomes' in one
        ? `${WORDS[language].becomes} ${conditionText(one.becomes, language)}`
        : [mark(one.type), conditionText(one.tests, language)].filter(Boolean).join(' '),
    )
    .join(WORDS[language].or);
}

/** All of these; empty where nothing is asked for. */
export function conditionText(tests: AttributeCondition, language: 'zh' | 'en'): string {
  return tests.map(test => testText(test, language)).join(WORDS[language].and);
}

function testText({ path, values }: FieldTest, language: 'zh' | 'en'): string {
  return values === null ? `${WORDS[language].present} ${path}` : `${path} ${values.map(String).join('/')}`;
}
