// Masking (G-06): phones to the last four digits, names to the first character, identity and card numbers never.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import t from 'tap';
import { maskName, maskPhone, maskText } from '../../src/contract/mask.ts';
import { maskData, maskEvent } from '../../src/contract/mask-event.ts';
import { chance } from '../support/chance.ts';

type Tap = Pick<typeof t, 'doesNotThrow'>;

const digits = (length: number) => fc.stringMatching(new RegExp(`^[0-9]{${length}}$`));
const mobile = fc
  .tuple(fc.constantFrom('13', '14', '15', '16', '17', '18', '19'), digits(9))
  .map(p => p.join(''));
const landline = fc
  .tuple(fc.constantFrom('010', '021', '0571', '0755'), digits(7), fc.constantFrom(...'123456789'))
  .map(([area, rest, first]) => `${area}-${first}${rest}`);
const identity = fc
  .tuple(
    fc.constantFrom('110101', '330106', '440305'),
    fc.integer({ min: 1920, max: 2024 }),
    fc.integer({ min: 1, max: 12 }),
    fc.integer({ min: 1, max: 28 }),
    digits(3),
    fc.constantFrom(...'0123456789Xx'),
  )
  .map(([area, year, month, day, tail, check]) => `${area}${year}${two(month)}${two(day)}${tail}${check}`);
const card = fc
  .tuple(fc.constantFrom('62', '4', '51', '35', '37'), fc.integer({ min: 12, max: 19 }), digits(19))
  .map(([head, length, rest]) => (head + rest).slice(0, length));
const separator = fc.constantFrom('', ' ', '-', '\u3000', '－');
const word = fc.constantFrom(
  '',
  '电话',
  '请回电 ',
  'tel:',
  'abc',
  'T-1 ',
  '，',
  '。',
  '(',
  ')',
  '\n',
  '😀',
  '联系我 5 次 ',
);
const fullWidth = (text: string) =>
  text.replace(/[0-9]/g, digit => String.fromCharCode(digit.charCodeAt(0) + 0xfee0));

t.test('a phone number keeps its last four digits, wherever it stands', async t => {
  const forms = fc
    .tuple(mobile, fc.constantFrom('', '+86', '+86 ', '86', '0086', '0086-', '+86-'), separator, fc.boolean())
    .map(([number, prefix, gap, wide]) => {
      const text = prefix + [number.slice(0, 3), number.slice(3, 7), number.slice(7)].join(gap);
      return { text: wide ? fullWidth(text) : text, number };
    });
  check(t, fc.tuple(word, forms, word), ([before, { text, number }, after]) => {
    const masked = maskText(before + text + after);
    assert.ok(masked.endsWith(`*******${number.slice(7)}${after}`), `${before}${text}${after} → ${masked}`);
    assert.ok(masked.startsWith(before.trimEnd()), masked);
    assert.doesNotMatch(ascii(masked), /\d{5}/);
  });
  check(t, fc.tuple(word, landline, word), ([before, text, after]) => {
    const masked = maskText(before + text + after);
    assert.equal(masked, `${before}*******${text.slice(-4)}${after}`);
  });
});

t.test('identity and card numbers leave nothing', async t => {
  const grouped = fc.tuple(
    fc.oneof(identity, card),
    fc.constantFrom('', ' ', '-'),
    fc.constantFrom(4, 6),
    fc.boolean(),
  );
  check(t, fc.tuple(word, grouped, word), ([before, [number, gap, size, wide], after]) => {
    if (/^0|^(?:86)?1[3-9]\d{9}$/.test(number)) return;
    const text = (number.match(new RegExp(`.{1,${size}}`, 'g')) ?? []).join(gap);
    const masked = maskText(before + (wide ? fullWidth(text) : text) + after);
    const kept = before.replace(/\D/g, '') + after.replace(/\D/g, '');
    // A short number right beside it may be taken for a part of it.
    assert.ok(kept.includes(ascii(masked).replace(/\D/g, '')), `${before}${text}${after} → ${masked}`);
  });
});

t.test('masking twice is masking once', async t => {
  t.equal(
    maskText('+0000.0000/010-10000000'),
    '+*******0000/*******0000',
    'also where one number parted another',
  );
  const piece = fc.oneof(
    mobile,
    landline,
    identity,
    card,
    word,
    separator,
    digits(4),
    digits(8),
    fc.string(),
  );
  check(
    t,
    fc.array(fc.oneof(piece, fc.constantFrom('*', '***', '*******', '+', '.', '/', 'X', '2026-11-20')), {
      maxLength: 8,
    }),
    pieces => {
      const text = pieces.join('');
      const once = maskText(text);
      assert.equal(maskText(once), once, text);
      assert.equal(maskText(maskText(text, true), true), maskText(text, true), text);
      assert.equal(maskName(maskName(text)), maskName(text));
      assert.equal(maskPhone(maskPhone(text)), maskPhone(text));
    },
    2000,
  );
});

t.test('what is no personal number stays', async t => {
  for (const text of [
    '2026-11-20T08:00:00.000Z 起,到 2026-11-21 09:30',
    '2026-11-20T08:00:00.123456+08:00',
    'T-1000012',
    '金额 12345.60 元',
    '1,234,567.89',
    '192.168.100.200',
    '订单 20261120',
    '版本 10.4.0 build 1234',
    '工单-7',
  ]) {
    t.equal(maskText(text), text);
  }
});

t.test('names and phone fields', async t => {
  t.equal(maskName('张三'), '张**');
  t.equal(maskName('欧阳娜娜'), '欧**');
  t.equal(maskName('𠮷田'), '𠮷**');
  t.equal(maskName(''), '');
  t.equal(maskPhone('138 1234 5678'), '*******5678');
  t.equal(maskPhone('１３８１２３４５６７８'), '*******5678');
  t.equal(maskPhone('110101199001011234'), '*******');
  t.equal(maskPhone('not known'), '*******');
});

t.test('whole events: known and unknown fields, at any depth', async t => {
  const event = {
    specversion: '1.0',
    id: '13812345678',
    source: '/x',
    type: 'ticket.created',
    subject: '13812345678',
    time: '2026-11-20T08:00:00Z',
    note: '电话 13812345678',
    data: {
      customer: { name: '张三丰', phone: '13812345678', id: '110101199001011234' },
      description: '张三丰来电 138-1234-5678,卡 6222021234567890123',
      promise: '202611200000001',
      mobile: 13812345678,
      contact: [{ name: '李四', 备注: '身份证 11010119900101123X' }],
      waitSeconds: 12,
      at: 1_763_625_600_000,
    },
  };
  const before = JSON.stringify(event);
  const masked = maskEvent(event);
  t.equal(JSON.stringify(event), before, 'the original is not touched');
  t.matchOnly(maskEvent(masked), masked, 'idempotent');
  const text = JSON.stringify(masked);
  t.notMatch(text.replaceAll('"13812345678"', ''), /13812345678|110101|6222|张三|李四|1381/);
  t.match(masked, {
    id: '13812345678',
    subject: '13812345678',
    note: '电话 *******5678',
    data: {
      customer: { name: '张**', phone: '*******5678' },
      description: '张**来电 *******5678,卡 ***',
      promise: /^\*\*\*[a-z]{4}$/,
      mobile: '*******5678',
      contact: [{ name: '李**', 备注: '身份证 ***' }],
      waitSeconds: 12,
      at: 1_763_625_600_000,
    },
  });
  const plain = { queue: 'repair', description: '空调不制冷' };
  t.equal(maskData(plain), plain, 'nothing to mask, nothing copied');
  const hostile: unknown = JSON.parse(
    `{"__proto__":{"phone":"13812345678"},"a":${'['.repeat(5000)}1${']'.repeat(5000)}}`,
  );
  t.notMatch(JSON.stringify(maskData(hostile)), /13812345678/);
});

t.test('a long text of numbers takes linear time', async t => {
  const start = performance.now();
  maskText('1 '.repeat(100_000));
  maskText('13812345678 '.repeat(20_000));
  maskText('1-.'.repeat(80_000));
  t.ok(performance.now() - start < 2000);
});

function check<T>(t: Tap, arbitrary: fc.Arbitrary<T>, property: (value: T) => void, numRuns = 500): void {
  t.doesNotThrow(() => fc.assert(fc.property(arbitrary, property), chance(numRuns)));
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}

function ascii(text: string): string {
  return text.normalize('NFKC');
}
