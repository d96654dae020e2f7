"""A valid graph is broken in many ways, one at a time, and found so for that reason."""
from pyshacl import validate
from rdflib import RDF, RDFS, XSD, Graph, Literal, Namespace, URIRef

R = Namespace("https://w3id.org/rtrace/ns#")
PROV = Namespace("http://www.w3.org/ns/prov#")
SH = Namespace("http://www.w3.org/ns/shacl#")
SHAPE = Namespace("https://w3id.org/rtrace/shapes#")
RUN = URIRef("urn:uuid:00010203-0405-0607-0809-0a0b0c0d0e0f")
IT = Namespace(RUN + "#")
shapes = Graph().parse("shapes.ttl")
sound = Graph().parse("run.nt")

def place(report, result):
    """A property; none for an inverse one; the shape, if it is about a whole node."""
    path = report.value(result, SH.resultPath)
    if path is None:
        return report.value(result, SH.sourceShape)
    return path if isinstance(path, URIRef) else None

def found(graph):
    """What a report has: at which node, of which property or by which shape."""
    _, report, _ = validate(graph, shacl_graph=shapes)
    results = report.objects(report.value(None, RDF.type, SH.ValidationReport), SH.result)
    return {(report.value(result, SH.focusNode),
             place(report, result),
             report.value(result, SH.sourceConstraintComponent).rsplit("#")[1]
             .removesuffix("ConstraintComponent")) for result in results}

def broken(what, expected, without=(), more=()):
    graph = Graph()
    graph += sound
    for pattern in without:
        assert list(graph.triples(pattern)), f"{what}: there is no {pattern}"
        graph.remove(pattern)
    for triple in more:
        graph.add(triple)
    reasons = found(graph)
    assert reasons == set(expected), f"{what}: {reasons}"

assert found(sound) == set()

start, open_, connect, fork, wait = (
    IT[f"event-{id}"] for id in ["1-0", "1-1", "1-12", "1-13", "1-14"])
child, process, thread = IT["event-2-0"], IT["process-2"], IT["thread-2"]
nowhere = IT["event-9-9"]
early, late = (Literal(f"{year}-01-01T00:00:00Z", datatype=XSD.dateTime) for year in [1926, 2126])
file = sound.value(open_, R.opens)
cases = {
    "an event of no thread": (
        [(connect, R.thread, "MinCount"), (connect, SHAPE.Cause, "Node"), (connect, SHAPE.Effect, "Node")],
        [(connect, R.thread, None)], []),
    "an event of two threads": (
        [(connect, R.thread, "MaxCount"), (RUN, SHAPE.WholeRun, "SPARQL")],
        [], [(connect, R.thread, thread)]),
    "an event of two kinds": (
        [(start, SHAPE.OneKind, "Xone")],
        [], [(start, RDF.type, R.Exit)]),
    "an event without its time": (
        [(connect, PROV.startedAtTime, "MinCount")],
        [(connect, PROV.startedAtTime, None)], []),
    "an ordinal below none": (
        [(start, R.ordinal, "MinInclusive")],
        [(start, R.ordinal, None)], [(start, R.ordinal, Literal(-1))]),
    "a duration that is no number": (
        [(connect, R.duration, "Datatype"), (connect, R.duration, "MinInclusive")],
        [(connect, R.duration, None)], [(connect, R.duration, Literal("long"))]),
    "a thread of no process": (
        [(thread, R.process, "MinCount")],
        [(thread, R.process, None)], []),
    "a process of two runs": (
        [(process, R.run, "MaxCount"), (process, R.run, "Class")],
        [], [(process, R.run, URIRef("urn:uuid:another"))]),
    "a process that ended before it began": (
        [(process, PROV.startedAtTime, "LessThanOrEquals")],
        [(process, PROV.endedAtTime, None)], [(process, PROV.endedAtTime, early)]),
    "a process that exited and was killed": (
        [(process, SHAPE.EndOfProcess, "Xone")],
        [], [(process, R.killedBy, Literal(9))]),
    "a result and an error": (
        [(connect, SHAPE.Outcome, "Xone")],
        [], [(connect, R.error, Literal("EIO"))]),
    "a call without outcome": (
        [(connect, SHAPE.Outcome, "Xone")],
        [(connect, R.result, None)], []),
    "a cause that nobody tells of": (
        [(nowhere, SHAPE.Cause, "Node")],
        [], [(nowhere, R.mayFeed, wait)]),
    "an effect that nobody tells of": (
        [(nowhere, SHAPE.Effect, "Node")],
        [], [(connect, R.mayFeed, nowhere)]),
    "two events next to one": (
        [(start, R.next, "MaxCount"), (connect, None, "MaxCount")],
        [], [(start, R.next, connect)]),
    "an event that is next to a later one": (
        [(RUN, SHAPE.WholeRun, "SPARQL")],
        [(start, PROV.startedAtTime, None)], [(start, PROV.startedAtTime, late)]),
    "an execution that nobody runs": (
        [(IT["execution-2-1"], None, "MinCount")],
        [(None, R.execution, IT["execution-2-1"])], []),
    "a resource without a label": (
        [(file, RDFS.label, "MinCount")],
        [(file, RDFS.label, None)], []),
    "a call of what is no function": (
        [(connect, R.function, "Class")],
        [(connect, R.function, None)], [(connect, R.function, file)]),
    "a call of two functions": (
        [(connect, R.function, "MaxCount")],
        [], [(connect, R.function, sound.value(open_, R.function))]),
    "a function of no ABI": (
        [(IT["function-openat"], R.abi, "MinCount")],
        [(IT["function-openat"], R.abi, None)], []),
    "a function that nobody else could name": (
        [(IT["function-openat"], R.moniker, "MinCount")],
        [(IT["function-openat"], R.moniker, None)], []),
    "a file without a path": (
        [(file, R.path, "MinCount")],
        [(file, R.path, None), (file, R.pathBytes, None)], []),
    "bytes without their text": (
        [(file, R.moniker, "MinCount")],
        [(file, R.moniker, None)], []),
    "what PROV does not have": (
        [(RUN, SHAPE.WholeRun, "SPARQL")],
        [(child, PROV.wasInformedBy, fork)], []),
}
for what, (expected, without, more) in cases.items():
    broken(what, expected, without, more)
