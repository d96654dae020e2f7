"""The pictures that Mermaid made have all that is in its text, and nothing runs in them."""
import glob
import re
import xml.etree.ElementTree as tree

files = glob.glob("*.mermaid")
assert "harmful.mermaid" in files and len(files) >= 7, files
for file in files:
    text = open(file, encoding="utf-8").read()
    root = tree.parse(file.replace(".mermaid", ".svg")).getroot()
    classes = [one.get("class", "").split() for one in root.iter()]
    boxes = len(re.findall(r"^  \w+[(\[].*:::", text, re.M))
    arrows = len(re.findall(r"^  \w+ (?:-->|-\.->|==>|--x)", text, re.M))
    drawn = sum("node" in names for names in classes), sum("flowchart-link" in names for names in classes)
    assert drawn == (boxes, arrows), (file, drawn, boxes, arrows)
    assert not any(one.tag.endswith("script") for one in root.iter()), file
    if file == "harmful.mermaid":
        assert "<scr" in "".join(root.itertext())
