"""Pictures are SVG, have words for those who do not see them, and nothing leaves the frame."""
import glob
import xml.etree.ElementTree as tree

SVG = "{http://www.w3.org/2000/svg}"
files = glob.glob("*.svg")
assert len(files) >= 6, files
for file in files:
    root = tree.parse(file).getroot()
    assert root.tag == SVG + "svg" and root.get("role") == "img", file
    names = {one.get("id"): one for one in root if one.get("id")}
    for name in root.get("aria-labelledby").split():
        assert names[name].text.strip(), (file, name)
    _, _, width, height = map(float, root.get("viewBox").split())
    lanes = [one for one in root.iter(SVG + "g") if one.get("class") == "lane"]
    assert lanes, file
    for lane in lanes:
        assert lane.find(SVG + "title").text, file
        assert list(lane.iter(SVG + "rect")) and list(lane.iter(SVG + "text")), file
    for text in root.iter(SVG + "text"):
        assert 0 <= float(text.get("x")) < width and 0 < float(text.get("y")) < height, file
    for rect in root.iter(SVG + "rect"):
        left, right = float(rect.get("x")), float(rect.get("x")) + float(rect.get("width"))
        assert -0.1 <= left and right <= width + 0.1, (file, rect.attrib)
    allowed = {"svg", "g", "title", "desc", "style", "rect", "line", "path", "circle", "text", "tspan"}
    assert {one.tag.removeprefix(SVG) for one in root.iter()} <= allowed, file
