"""Aligned tables, the must-reach lines, and the JSON of a run."""
import json
import statistics


class Report:
    def __init__(self):
        self.data = {"must_reach": []}

    def heading(self, text):
        print("\n" + text, flush=True)

    def note(self, text):
        print("  " + text, flush=True)

    def table(self, columns, rows):
        """`columns` are names; a name that begins with `>` is right-aligned. Cells are strings."""
        names = [column.lstrip(">") for column in columns]
        widths = [max(len(row[i]) for row in [names] + rows) for i in range(len(columns))]
        for row in [names] + rows:
            cells = [cell.rjust(width) if column[:1] == ">" else cell.ljust(width) for cell, width, column in zip(row, widths, columns)]
            print(("  " + "  ".join(cells)).rstrip(), flush=True)

    def must_reach(self, what, value, bound, unit, noise=0.0):
        """`value` at most `bound`; None: not measured. A miss by less than `noise` is still one, but says so."""
        result = "not measured" if value is None else "ok" if value <= bound else "missed"
        if result == "missed" and value - noise <= bound:
            result = "missed, by less than this run's noise"
        self.data["must_reach"].append({"what": what, "value": value, "bound": bound, "unit": unit, "result": result})

    def print_must_reach(self):
        self.heading("must reach")
        rows = []
        for line in self.data["must_reach"]:
            value = "-" if line["value"] is None else "%.3g %s" % (line["value"], line["unit"])
            rows.append([line["what"], value, "<= %g %s" % (line["bound"], line["unit"]), line["result"]])
        self.table(["what", ">measured", ">bound", "result"], rows)

    def save(self, path):
        with open(path, "w", encoding="utf-8") as out:
            json.dump(self.data, out, indent=2, sort_keys=True)
            out.write("\n")


def median(values):
    return statistics.median(values)
