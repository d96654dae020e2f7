"""A page holds what --to json has of the run, and every event of it once, in order; it asks for
nothing else, and has no markup that is not its own."""
import base64, gzip, json, re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from jsonschema import Draft202012Validator

schema = json.loads(Path("schema.json").read_text())
DATA = "application/gzip"
RUN = {"bytes", "count", "last", "errors", "failures", "spent", "calls"}

class Page(HTMLParser):
    """The elements of a page, with what is in its scripts."""
    def __init__(self, text):
        super().__init__()
        self.tags, self.scripts, self.script = [], [], None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag == "script":
            self.script = [dict(attributes), ""]
            self.scripts.append(self.script)

    def handle_endtag(self, tag):
        self.script = None if tag == "script" else self.script

    def handle_data(self, data):
        if self.script:
            self.script[1] += data

def unpacked(text):
    return json.loads(gzip.decompress(base64.b64decode(text, validate=True)))

def validator(part):
    return Draft202012Validator({"$defs": schema["$defs"], "$ref": f"#/$defs/{part}"})

EVENT, LEAD = validator("node_event"), validator("link_lead")

def by_id(document):
    lists = {key: {one["id"]: one for one in document[key]} for key in ("nodes", "links")}
    return document["meta"], lists

def joined(flow, things):
    """The processes with what they used, which is in parts of their own."""
    tree = {node["class"] for node in flow["nodes"]}
    assert tree <= {"run", "machine", "process", "execution", "thread"}, tree
    meta, lists = by_id(flow)
    for part in things:
        for key, known in lists.items():
            for one in part.get(key, []):
                assert one["id"] not in known, one
                known[one["id"]] = one
        for glance in part.get("glances", []):
            for key in glance.keys() - {"id"}:
                lists["nodes"][glance["id"]].setdefault(key, []).extend(glance[key])
    return meta, lists

def number(id):
    thread, ordinal = re.fullmatch(r"\w+:event-(\d+)-(\d+)", id).groups()
    return int(thread), int(ordinal)

def check(name):
    text = Path(f"{name}.html").read_text()
    assert text == Path(f"{name}.again").read_text(), f"{name}: another conversion has other text"
    page = Page(text)
    for tag, attributes in page.tags:
        assert not {"src", "href"} & attributes.keys() or attributes.get("href", "").startswith("#"), (tag, attributes)
        assert not any(key.startswith("on") or key == "style" for key in attributes), (tag, attributes)
    policy = [a["content"] for tag, a in page.tags if a.get("http-equiv") == "Content-Security-Policy"]
    assert len(policy) == 1 and policy[0].startswith("default-src 'none'") and "unsafe" not in policy[0]
    assert [a.get("type") for a, _ in page.scripts if a.get("type") not in (DATA, "application/json")] == ["module"]
    [about] = [json.loads(text) for a, text in page.scripts if a.get("id") == "page-meta"]
    [flow] = [unpacked(text) for a, text in page.scripts if a.get("id") == "flow"]
    things = [unpacked(text) for a, text in page.scripts if a.get("class") == "things"]
    document = json.loads(Path(f"{name}.json").read_text())
    # What calls are calls of is not shown.
    document["nodes"] = [node for node in document["nodes"] if node["class"] != "function"]
    for one in document["nodes"] + document["meta"]["runs"]:
        for member in "profile", "profiles":
            one.pop(member, None)
    assert joined(flow, things) == by_id(document), f"{name}: another document"
    packs = [(a["data-threads"].split(), unpacked(text)) for a, text in page.scripts if a.get("class") == "events"]

    document = json.loads(Path(f"{name}.event.json").read_text())
    events = {node["id"]: node for node in document["nodes"] if node["class"] == "event"}
    for node in events.values():
        node.pop("function", None)
    nodes = [node for _, pack in packs for node in pack["nodes"]]
    for threads, pack in packs:
        assert {node["thread"] for node in pack["nodes"]} <= set(threads), name
        keys = {id.split(":")[0] for id in threads}
        owners = {f"{link['target'].split(':')[0]}:thread-{number(link['target'])[0]}" for link in pack["links"]}
        assert owners <= set(threads) and len(keys) == 1, (name, owners, threads)
    told = Counter()
    for node in nodes:
        error = next(EVENT.iter_errors(node), None)
        assert error is None, f"{name}: {error.message}"
        alone = {key: value for key, value in node.items() if key not in RUN}
        first = events[node["id"]]
        if node.get("count", 1) == 1:
            assert alone == first, (name, node, first)
        else:
            assert alone["started"] == first["started"] and alone["call"] == first["call"], (name, node)
            assert node["last"] > node["ordinal"] and node["spent"] <= node["ended"] - node["started"], (name, node)
        told[node["thread"]] += node.get("count", 1)
    counted = Counter(node["thread"] for node in events.values())
    assert told == counted, (name, told, counted)
    errors = lambda node: node.get("errors", 1 if "error" in node else 0)
    assert sum(map(errors, nodes)) == sum("error" in node for node in events.values()), name
    order = {}
    for node in nodes:
        assert order.get(node["thread"], -1) < node["ordinal"], (name, node)
        order[node["thread"]] = node["ordinal"]
    counts = about["counts"]
    processes = [node for node in flow["nodes"] if node["class"] == "process"]
    assert counts["processes"] == len(processes) and counts["events"] == len(events), (name, counts)
    assert counts["threads"] == sum(node["threads"] for node in processes), (name, counts)
    assert counts["folded"] == len(events) - len(nodes), (name, counts)

    leads = [link for link in document["links"] if link["kind"] == "lead"]
    links = [link for _, pack in packs for link in pack["links"]]
    for link in links:
        error = next(LEAD.iter_errors(link), None)
        assert error is None, f"{name}: {error.message}"
        assert link["source"] in events and link["target"] in events, (name, link)
    for why in {link["why"] for link in leads}:
        ours = [link for link in links if link["why"] == why]
        theirs = [link for link in leads if link["why"] == why]
        assert sum(link.get("count", 1) for link in ours) == len(theirs), (name, why)
        total = lambda links: sum(link.get("amount", 0) for link in links)
        assert total(ours) == total(theirs), (name, why)
    return counts

names = [path.stem for path in Path(".").glob("*.html")]
assert len(names) > 6, names
counts = {name: check(name) for name in names}
# A loop of some calls that are alike has few nodes.
assert counts["loops"]["folded"] > 0.8 * counts["loops"]["events"] > 1000, counts["loops"]
