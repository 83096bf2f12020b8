#!/usr/bin/env python3
"""What tool_table.py says of data that is wrong: one line for each file, with what to do."""
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SCRIPT = Path(__file__).resolve().parent / "tool_table.py"
GOOD = """names = ["frob"]
summary = "Frobnicates"
global_values = "-C"
default = { risk = "low", effects = "reads" }
rows = [
  { verb = "push|pull now", flags = "-f", risk = "high", effects = "publishes", why = "publishes" },
]
examples = [
  ["frob push now -f", "high", "publishes", "frob push now -f"],
  ["frob -C x", "low", "reads"],
  ["frob push", "low", "reads"],
  ["frob", "low", "reads"],
]
"""


def run(files):
    with tempfile.TemporaryDirectory() as directory:
        paths = []
        for name, text in files.items():
            path = Path(directory) / name
            path.write_text(text, encoding="utf-8")
            paths.append(path)
        listed = [str(path) for path in paths if not path.name.startswith("unlisted")]
        done = subprocess.run([sys.executable, "-B", str(SCRIPT), "--out", directory + "/out", *listed],
                              capture_output=True, text=True, check=False)
        wrote = sorted(path.name for path in (Path(directory) / "out").glob("*"))
        return done.returncode, done.stderr.replace(directory + "/", ""), wrote


class ToolTableTest(unittest.TestCase):
    def test_good(self):
        self.assertEqual(run({"frob.toml": GOOD}), (0, "", ["tool-risks.md", "tool_examples.cc", "tool_tables.cc"]))

    def test_wrong(self):
        for old, new, message in (
            ('summary = ', 'sumary = ', "unknown key `sumary`; use "),
            ('summary = "Frobnicates"\n', '', "`summary` is missing; see src/policy/tools/README.md"),
            ('names = ["frob"]', 'names = []', "`names` is empty; write the base names of the program"),
            ('flags = "-f"', 'flag = "-f"', "row 1 (push|pull now): unknown key `flag`; use "),
            ('flags = "-f"', 'flags = "-force"', "row 1 (push|pull now), flags: `-force` has one dash and more than one "),
            ('flags = "-f"', 'flags = "force"', "row 1 (push|pull now), flags: `force` is no flag; write -x or --name"),
            ('risk = "high", effects = "publishes", why', 'risk = "awful", effects = "publishes", why',
             "row 1 (push|pull now): unknown risk `awful`; use low, medium, high, critical"),
            ('effects = "publishes", why', 'effects = "shouts", why',
             "row 1 (push|pull now): unknown effect `shouts`; use "),
            (', why = "publishes"', '', "row 1 (push|pull now): `why` is missing; a row says risk, effects and why"),
            ('why = "publishes"', 'why = "publishes."', "row 1 (push|pull now): `why` is one phrase of at most 80 "),
            ('verb = "push|pull now"', 'verb = "a b c d e"', "row 1 (a b c d e): `verb` has up to 4 words, "),
            ('flags = "-f"', 'arguments = [""]', "row 1 (push|pull now): an empty pattern matches nothing; take it out"),
            ('flags = "-f"', 'arguments = ["%*"]', "row 1 (push|pull now): in `%*` a % must be followed by "),
            ('flags = "-f"', 'unless_all = ["x"]', "row 1 (push|pull now): `unless_all` is for programs without verbs"),
            ('global_values = "-C"', 'global_values = "-C -C"', "the global flag `-C` is listed twice; keep one"),
            ('global_values = "-C"', 'global_values = "-C"\nglobal_changes = "-D"', "`global_changes` names `-D`; "),
            ('global_values = "-C"', 'style = "odd"', "unknown style `odd`; use "),
            ('global_values = "-C"', 'like = "git"', "`like` names `git`, which is no file before this one in "),
            ('  ["frob", "low", "reads"],\n', '', "3 examples; a file with 1 rows wants 4"),
            ('["frob", "low"', '["frab", "low"', "example 4: `frab` does not start with one of the names of this file"),
            ('["frob", "low"', '["frob \'", "low"', "example 4: `frob '`: No closing quotation"),
            ('["frob", "low", "reads"]', '["frob", "low"]', "example 4: an example is [command line, risk, effects] "),
            ('names = ["frob"]', 'names = ["frob"', "Unclosed array"),
        ):
            with self.subTest(message):
                self.assertIn(old, GOOD)
                status, said, wrote = run({"frob.toml": GOOD.replace(old, new)})
                self.assertEqual((status, wrote), (1, []))
                self.assertEqual(said.count("\n"), 1, said)
                self.assertTrue(said.startswith("frob.toml: "), said)
                self.assertIn(message, said)

    def test_all_wrong_files_are_named(self):
        bad = GOOD.replace('risk = "low"', 'risk = "none"')
        status, said, _ = run({"a.toml": bad, "b.toml": bad, "unlisted.toml": GOOD})
        self.assertEqual(status, 1)
        self.assertEqual([line.split(":")[0] for line in said.splitlines()], ["unlisted.toml", "a.toml", "b.toml"])

    def test_a_name_twice(self):
        _, said, _ = run({"a.toml": GOOD, "b.toml": GOOD})
        self.assertIn("the name `frob` is in a.toml, too; keep one", said)


if __name__ == "__main__":
    unittest.main()
