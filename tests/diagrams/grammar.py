"""Flowcharts are of the few forms that are used of Mermaid's language, within its limits."""
import glob
import re

TEXT = r'"(?:[\w ,./+\-…×▸✗]|#[0-9]+;|<br/>)*"'
NAME = r"[bk][0-9_]+"
FORMS = {
    "head": r"flowchart LR",
    "open": rf"subgraph (?:run\d+|legend)\[{TEXT}\]",
    "way": r"direction LR",
    "end": r"end",
    "box": rf"({NAME}|notes\d+)(?:\({TEXT}\)|\[{TEXT}\]|\(\[{TEXT}\]\)):::(\w+)",
    "tip": rf"click ({NAME}) rtrace {TEXT}",
    "arrow": rf"({NAME}) (?:-->|-\.->|==>|--x)(?:\|{TEXT}\|)? ({NAME})",
    "class": r"classDef (\w+) [\w#:,-]+",
    "style": r"style \w+ [\w#:,-]+",
    "link": r"linkStyle ([\d,]+) stroke:#[0-9a-f]{6}",
}
files = glob.glob("*.mermaid")
assert len(files) >= 6, files
for file in files:
    text = open(file, encoding="utf-8").read()
    assert len(text) < 50_000, (file, len(text))
    boxes, arrows, classes, used, styled, depth = set(), [], set(), set(), [], 0
    for line in text.splitlines():
        # Legends have words of their own.
        found = {form: re.fullmatch(re_, line.strip()) for form, re_ in FORMS.items()}
        form, match = next(((f, m) for f, m in found.items() if m), (None, None))
        assert form, (file, line)
        if form == "box":
            assert match[1] not in boxes, line
            boxes.add(match[1])
            used.add(match[2])
        elif form == "arrow":
            assert {match[1], match[2]} <= boxes, line
            arrows.append(line)
        elif form == "tip":
            assert match[1] in boxes, line
        elif form == "class":
            classes.add(match[1])
        elif form == "link":
            styled += map(int, match[1].split(","))
        depth += {"open": 1, "end": -1}.get(form, 0)
        assert depth in (0, 1), line
    assert depth == 0 and used <= classes, (file, used - classes)
    assert len(arrows) < 500 and sorted(styled) == list(range(len(arrows))), file
