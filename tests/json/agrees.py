"""The document has the same processes, executions, resources and ends as the RDF, by the same
names, and the same numbers as rtrace stats."""
import json
from pathlib import Path
from rdflib import RDF, Graph, Namespace

R = Namespace("https://w3id.org/rtrace/ns#")
PROV = Namespace("http://www.w3.org/ns/prov#")
CLASSES = {("process",): R.Process, ("thread",): R.Thread, ("machine", "host"): R.Host}

for path in Path(".").glob("*.document.json"):
    name = path.name.split(".")[0]
    document = json.loads(path.read_text())
    if document["meta"]["detail"] != "event":
        continue
    name = name.removesuffix("-event")
    [run] = document["meta"]["runs"]
    rdf = Graph().parse(f"{name}.nt", format="nt")

    def iri(id):
        key, _, rest = id.partition(":")
        assert key == run["key"], id
        return f"{run['iri']}#{rest}" if rest else run["iri"]

    nodes = {iri(node["id"]): node for node in document["nodes"]}
    def of(*classes):
        return {id for id, node in nodes.items() if node["class"] in classes}
    def typed(kind):
        return {str(one) for one in rdf.subjects(RDF.type, kind)}
    for kinds, term in CLASSES.items():
        assert of(*kinds) == typed(term), (name, kinds, of(*kinds) ^ typed(term))
    assert of("function") == typed(R.Function), (name, of("function") ^ typed(R.Function))
    assert typed(R.Execution) == of("execution"), (name, typed(R.Execution) ^ of("execution"))
    known = {str(one) for one in rdf.subjects(RDF.type, PROV.Entity) if "#resource-" in one or "#file/" in one}
    resources = {id for id in nodes if "#resource-" in id or "#file/" in id}
    assert known == resources, (name, known ^ resources)
    events = {str(one) for one in rdf.subjects(R.ordinal)}
    assert of("event") == events, (name, of("event") ^ events)
    for id in of("process"):
        node = nodes[id]
        pid = [str(o) for s, p, o in rdf.triples((None, R.pid, None)) if str(s) == id]
        assert pid == [str(node["pid"])], (name, id, pid)
        code = {int(o) for s, p, o in rdf.triples((None, R.exitCode, None)) if str(s) == id}
        assert code == ({node["exit_code"]} if "exit_code" in node else set()), (name, id)
        killed = {int(o) for s, p, o in rdf.triples((None, R.killedBy, None)) if str(s) == id}
        assert killed == ({node["signal"]} if "signal" in node else set()), (name, id)
    asked = {(str(event), str(sql)) for event, sql in rdf.subject_objects(R.sql)}
    assert asked == {(id, one["text"]) for id in events for one in nodes[id].get("sql", [])}, name
    versions = {version["version"]: (iri(version["by"]), version) for node in nodes.values()
                for version in node.get("versions", ())}
    theirs = {str(one).rpartition("#version-")[2] for one in typed(R.FileVersion)}
    assert versions.keys() == theirs, (name, versions.keys() ^ theirs)
    theirs = {(str(event), str(function)) for event, function in rdf.subject_objects(R.function)}
    assert theirs == {(id, iri(nodes[id]["function"])) for id in events if "function" in nodes[id]}, name
    calls = [nodes[id] for id in events if nodes[id]["event"] == "call"]
    assert len(calls) == len(typed(R.Call)), name
    links = document["links"]
    for why, terms in [("fork", [R.forks]), ("join", [R.joins]), ("signal", [R.signals]),
                       ("overwrite", [R.overwrittenBy])]:
        ours = {(iri(l["source"]), iri(l["target"])) for l in links if l.get("why") == why}
        theirs = {(str(s), str(o)) for term in terms for s, o in rdf.subject_objects(term)}
        assert ours == theirs, (name, why, ours ^ theirs)
    ours = {(iri(l["source"]), iri(l["target"])) for l in links if l.get("why") in ("data", "content")}
    theirs = {(str(s), str(o)) for term in (R.feeds, R.mayFeed) for s, o in rdf.subject_objects(term)}
    assert ours == theirs, (name, ours ^ theirs)

    # rtrace stats, by process.
    stats = json.loads(Path(f"{name}.stats.json").read_text())
    counted = {row["pid"]: (row["count"], row["errors"]) for row in stats["rows"]}
    for id in of("process"):
        node = nodes[id]
        if node["calls"]:
            assert counted[node["pid"]] == (node["calls"], node["errors"]), (name, node)
    assert stats["total"]["count"] == sum(nodes[id]["calls"] for id in of("process")), name
