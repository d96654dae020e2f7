"""Graphs with some resources left out or folded, held against the whole one."""
from pathlib import Path
from rdflib import RDF, Graph, Literal, Namespace

R = Namespace("https://w3id.org/rtrace/ns#")
PROV = Namespace("http://www.w3.org/ns/prov#")
SYSTEM = ("/lib/", "/lib64/", "/usr/lib/", "/etc/ld.so.cache")

def dangling(graph):
    told = set(graph.subjects())
    return [(s, p, o) for s, p, o in graph if str(o).startswith("urn:uuid:") and o not in told]

def paths(graph):
    return {str(path) for path in graph.objects(None, R.path)}

names = sorted(file.name.split(".")[0] for file in Path().glob("*.all.nt"))
assert len(names) == 8, names
for name in names:
    read = lambda scope: Graph().parse(f"{name}.{scope}.nt")
    whole, pipes, no_usr, folded, numbers, files, deeds = map(read, [
        "all", "pipes", "no-usr", "folded", "folded-resource", "files", "files-resource"])
    for graph in [whole, pipes, no_usr, folded, numbers, files, deeds]:
        assert not dangling(graph), (name, dangling(graph)[:3])
    events = set(whole.subjects(R.ordinal))
    for part in [pipes, no_usr]:
        assert set(part) <= set(whole) and set(part.subjects(R.ordinal)) == events, name
    assert paths(pipes) <= {str(whole.value(it, R.path)) for it in whole.subjects(RDF.type, R.Pipe)}, name
    assert set(pipes.subject_objects(R.feeds)) == set(whole.subject_objects(R.feeds)), name
    assert paths(no_usr) == {it for it in paths(whole) if not it.startswith(("/usr/", "/lib"))}, name
    kept = {it for it in paths(whole) if not it.startswith(SYSTEM)}
    for graph in [folded, numbers]:
        assert not {it for it in paths(graph) if it.startswith(SYSTEM)}, name
        assert {it for it in kept if it.startswith(("/tmp", "/bin", "/home", "/root"))} <= paths(graph), name
    calls = {str(call) for call in files.objects(None, R.call)}
    assert calls <= {str(call) for call in whole.objects(None, R.call)} and not calls & {"read", "write"}, name
    assert set(files.subjects(RDF.type, R.Exit)) == set(whole.subjects(RDF.type, R.Exit)), name
    for graph in [files, deeds]:
        for version in graph.subjects(RDF.type, R.FileVersion):
            [maker] = graph.objects(version, PROV.wasGeneratedBy)
            assert maker in set(graph.subjects()), (name, version)
    assert not set(deeds.subjects(R.readCount)) | set(deeds.subjects(R.writeCount)), name
    assert set(deeds.objects(None, R.bytesIn)) <= {Literal(0)}, (name, "exact, though reads were left out")
    system = set(folded.subjects(RDF.type, R.SystemFiles))
    mapped = {o for o in whole.objects(None, R.maps) if str(whole.value(o, R.path)).startswith(SYSTEM)}
    assert len(system) == (1 if any(it.startswith(SYSTEM) for it in paths(whole)) else 0), (name, system)
    if mapped:
        [node] = system
        assert set(folded.subjects(R.maps, node)) == {s for s, o in whole.subject_objects(R.maps) if o in mapped}, name
        assert list(numbers.subjects(PROV.used, node)), name
assert list(Graph().parse("pipeline.pipes.nt").subjects(RDF.type, R.Pipe))
