"""Documents, lines and tables with some resources or calls left out, held against the whole ones
and against the RDF."""
import csv, json
from pathlib import Path
from jsonschema import Draft202012Validator
from rdflib import RDF, Graph, Namespace

R = Namespace("https://w3id.org/rtrace/ns#")
PROV = Namespace("http://www.w3.org/ns/prov#")
SYSTEM = ("/lib/", "/lib64/", "/usr/lib/", "/usr/share/locale/", "/usr/share/i18n/", "/usr/share/zoneinfo/",
          "/etc/ld.so.", "/etc/locale.alias", "/etc/localtime")
NO_USR = ("/usr/", "/lib")
validator = Draft202012Validator(json.loads(Path("schema.json").read_text()))

def text(value):
    return value if isinstance(value, str) else value["text"]

def called(node):
    return text(node.get("name", node["label"]))

def is_resource(node):
    return node["id"].partition(":")[2].startswith(("file/", "resource-"))

class Document:
    def __init__(self, path):
        self.path, whole = path, json.loads(path.read_text())
        error = next(validator.iter_errors(whole), None)
        assert error is None, (path, error.message)
        self.nodes = {node["id"]: node for node in whole["nodes"]}
        self.links = {link["id"]: link for link in whole["links"]}
        [self.run] = whole["meta"]["runs"]
        self.events = {id: node for id, node in self.nodes.items() if node["class"] == "event"}
        self.is_whole = "scope" not in whole["meta"]
        self.is_sound(whole["meta"]["detail"] == "event")

    def is_sound(self, has_events):
        for one in [*self.nodes.values(), *self.links.values()]:
            refs = [one.get(member) for member in ("source", "target", "through", "by", "peer", "parent",
                    "process", "execution", "thread", "program", "created_by", "deleted_by")]
            refs += one.get("executed", [])
            refs += [use["resource"] for use in one.get("uses", [])]
            refs += [version["by"] for version in one.get("versions", []) if isinstance(version, dict)]
            if has_events:
                refs.append(one.get("event") if "kind" in one else None)
                refs += [version.get("event") for version in one.get("versions", []) if isinstance(version, dict)]
            for ref in refs:
                assert ref is None or ref in self.nodes, (self.path, one, ref)

    def iri(self, id):
        return f"{self.run['iri']}#{id.split(':', 1)[1]}"

    def of(self, *classes):
        return {id: node for id, node in self.nodes.items() if node["class"] in classes}

    def uses(self):
        return {id: link for id, link in self.links.items() if link["kind"] == "use"}

    def paths(self):
        """Of everything that it tells of."""
        names = [called(node) for node in self.nodes.values() if is_resource(node)]
        for node in self.nodes.values():
            names += map(text, node.get("looked_at", []) + node.get("missed", []))
        return {name for name in names if name.startswith("/")}

def same_processes(one, other):
    for node, was in zip(one.of("process").values(), other.of("process").values(), strict=True):
        for member in "id", "label", "calls", "errors", "end", "started", "ended":
            assert node[member] == was[member], (one.path, node, was)

def deeds(links, kinds):
    count = {}
    for link in links:
        for kind in kinds:
            key = link["source"], kind
            count[key] = count.get(key, 0) + link["deeds"].get(kind, 0)
    return {key: count for key, count in count.items() if count}

def agrees_with_rdf(name, scope, document):
    rdf = Graph().parse(f"{name}.{scope}.nt")
    entities = {str(one) for one in rdf.subjects(RDF.type, PROV.Entity) if "#resource-" in one or "#file/" in one}
    own = {document.iri(id) for id, node in document.nodes.items() if is_resource(node)}
    assert own == entities, (name, scope, own ^ entities)
    events = {str(one) for one in rdf.subjects(R.ordinal)}
    assert {document.iri(id) for id in document.events} == events, (name, scope)
    system = {str(one) for one in rdf.subjects(RDF.type, R.SystemFiles)}
    assert system == {document.iri(id) for id in document.of("system files")}, (name, scope)
    told = set(rdf.subjects())
    dangling = [(s, p, o) for s, p, o in rdf if str(o).startswith("urn:uuid:") and o not in told]
    assert not dangling, (name, scope, dangling[:3])
    # Events of a thread follow each other, whatever was left out between them.
    threads = {rdf.value(event, R.thread) for event in rdf.subjects(R.ordinal)}
    nexts = set(rdf.subject_objects(R.next))
    assert len(nexts) == len(events) - len(threads), (name, scope, len(nexts), len(events), len(threads))
    for cause, effect in nexts:
        assert rdf.value(cause, R.thread) == rdf.value(effect, R.thread), (name, scope, cause, effect)
        assert int(rdf.value(cause, R.ordinal)) < int(rdf.value(effect, R.ordinal)), (name, scope)

def without_usr(name, whole, part):
    assert part.paths() == {path for path in whole.paths() if not path.startswith(NO_USR)}, name
    same_processes(part, whole)
    assert part.events.keys() == whole.events.keys(), name
    for id, link in part.uses().items():
        assert link == whole.links[id], (name, link)

def folded(name, whole, part):
    assert not {path for path in part.paths() if path.startswith(SYSTEM)}, name
    kinds = ["opens", "reads", "maps", "execs"]
    def system_uses(document):
        names = {id: called(node) for id, node in document.nodes.items() if is_resource(node)}
        return [link for link in document.uses().values()
                if link["target"].endswith(":system-files") or names.get(link["target"], "").startswith(SYSTEM)]
    before, after = deeds(system_uses(whole), kinds), deeds(system_uses(part), kinds)
    # Those that were only executed stand with the execution.
    for id, node in whole.of("execution").items():
        files = [whole.nodes[file] for file in node.get("executed", [])]
        if count := sum(called(file).startswith(SYSTEM) for file in files):
            before[id, "execs"] = before.get((id, "execs"), 0) + count
    assert before == after, (name, before, after)
    assert len(part.of("system files")) == 1 or not before, name

def without_reads(name, whole, part):
    assert part.events.keys() == {id for id, e in whole.events.items() if e.get("call") != "read"}, name
    same_processes(part, whole)
    assert deeds(part.uses().values(), ["opens"]) == deeds(whole.uses().values(), ["opens"]), name
    for id, was in whole.uses().items():
        link = part.links.get(id)
        if link is None:
            assert was["deeds"].keys() & {"reads"}, (name, was)
        elif link["deeds"].get("reads") != was["deeds"].get("reads"):
            assert link["read"] is None and link.get("read_at_least", 0) <= (was["read"] or 1 << 60), (name, link)
        else:
            assert link == was, (name, link, was)
    for id, node in whole.nodes.items():
        own = part.nodes.get(id)
        if is_resource(node) and own is not None and node.get("read"):
            assert own["read"] is None or own["read"] == node["read"], (name, node, own)
    for link in part.links.values():
        assert link["kind"] != "passage" or link["carrier"] != "bytes", (name, link)

def lines(name, scope):
    lines = [json.loads(line) for line in Path(f"{name}.{scope}.jsonl").read_text().split("\n") if line]
    return [line for line in lines if line["kind"] != "run"]

def rows(name, scope):
    with open(f"{name}.{scope}.csv", newline="") as file:
        return [row for row in csv.DictReader(file) if row["kind"] != "run"]

def strings(value, key=None):
    """Every name of a resource in a line."""
    if isinstance(value, dict):
        if "class" in value and "name" in value:
            yield text(value["name"])
        for key, part in value.items():
            yield from strings(part, key)
    elif isinstance(value, list):
        for part in value:
            yield from strings(part, key)

FACTS = {"file", "written", "executable", "content"}

def lines_and_rows(name):
    for read, get in [(lines, lambda line: list(strings(line))),
                      (rows, lambda row: [row[c] for c in ("name", "other", "executable", "cwd")])]:
        whole = read(name, "all")
        events = [line for line in whole if line["kind"] not in FACTS]
        key = lambda line: (line["kind"], line["task"], line["ordinal"], line["ns"])
        no_usr, system, no_reads = [read(name, scope) for scope in ("no-usr", "folded", "no-reads")]
        kept = [line for line in no_usr if line["kind"] not in FACTS]
        assert list(map(key, kept)) == list(map(key, events)), name
        assert not any(it.startswith(NO_USR) for line in no_usr for it in get(line)), name
        assert not any(it.startswith(SYSTEM) for line in system for it in get(line)), name
        assert any(it == "system files" for line in system for it in get(line)) == \
            any(it.startswith(SYSTEM) for line in events for it in get(line)), name
        assert no_reads == [line for line in whole if line.get("call") != "read"], name

names = sorted(file.name.split(".")[0] for file in Path().glob("*.all.json"))
assert len(names) == 8, names
for sample in names:
    both = {}
    for detail in "event", "resource":
        suffix = "" if detail == "event" else "-resource"
        scopes = [scope + suffix for scope in ("all", "no-usr", "folded", "no-reads")]
        whole, no_usr, system, no_reads = [Document(Path(f"{sample}.{scope}.json")) for scope in scopes]
        assert whole.is_whole and not no_usr.is_whole
        without_usr(sample, whole, no_usr)
        folded(sample, whole, system)
        without_reads(sample, whole, no_reads)
        if detail == "event":
            for scope, document in zip(scopes, [whole, no_usr, system, no_reads]):
                agrees_with_rdf(sample, scope, document)
    lines_and_rows(sample)
assert any("read" in node and node["read"] is None for node in Document(Path("pipeline.no-reads.json")).nodes.values())
