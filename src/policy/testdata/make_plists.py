#!/usr/bin/env python3
"""Writes the property lists that document_plist_test.cc reads, by Python's plistlib: the oracle that is not our code."""
import datetime, json, os, plistlib

HERE = os.path.dirname(os.path.abspath(__file__))
PLAIN = {  # also as JSON, which must be the same tree
    'schema': 1,
    'name': 'Räuber & <Söhne> "quoted" \'too\'',
    'emoji \U0001F600 key': '\U0001F600\u20ac\n\tline',
    'numbers': [0, 1, -1, 255, 256, 65535, 65536, 2**31, 2**32, -2**31, 2**63 - 1, -2**63],
    'reals': [0.5, -2.25, 1e100],
    'truth': [True, False],
    'empty': {'dict': {}, 'array': [], 'string': ''},
    'command': [{'prefix': ['tool%d' % i, 'push'], 'decision': 'ask', 'reason': 'rule %d' % i} for i in range(20)],
    'long': 'x' * 300,
}
APPLE = {
    'date': datetime.datetime(2026, 11, 25, 14, 0, 7),
    'old': datetime.datetime(1969, 7, 20, 20, 17, 40),
    'data': bytes(range(256)),
    'none': b'',
}


def main():
    with open(os.path.join(HERE, 'plain.json'), 'w', encoding='utf-8') as f:
        json.dump(PLAIN, f, ensure_ascii=False, indent=1)
        f.write('\n')
    for name, tree in (('plain', PLAIN), ('apple', APPLE)):
        for form, fmt in (('xml', plistlib.FMT_XML), ('binary', plistlib.FMT_BINARY)):
            with open(os.path.join(HERE, f'{name}.{form}.plist'), 'wb') as f:
                plistlib.dump(tree, f, fmt=fmt, sort_keys=False)


if __name__ == '__main__':
    main()
