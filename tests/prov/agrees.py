"""PROV-N and PROV-JSON are read by the `prov` package, hold the same, and what the RDF says."""
import json
from datetime import datetime
from pathlib import Path
from prov.identifier import QualifiedName
from prov.model import (Literal as ProvLiteral, ProvActivity, ProvAgent, ProvAssociation,
    ProvCommunication, ProvDerivation, ProvDocument, ProvEnd, ProvEntity, ProvGeneration,
    ProvInfluence, ProvSpecialization, ProvUsage)
import rdflib
from rdflib import RDF, RDFS, XSD, Graph, Literal, Namespace

rdflib.NORMALIZE_LITERALS = False
R = Namespace("https://w3id.org/rtrace/ns#")
PROV = Namespace("http://www.w3.org/ns/prov#")
EVENTS = [R.Call, R.Exec, R.Start, R.Exit, R.Signal, R.Stop, R.Continue, R.Detach, R.BlindSpot]

def once(pairs):
    keys = [key for key, _ in pairs]
    assert len(keys) == len(set(keys)), f"twice in one object: {keys}"
    return dict(pairs)

def uri(value):
    return value.uri if isinstance(value, QualifiedName) else value

def said(document):
    """Each literal that is said of something: of whom, by which property, its text."""
    for record in document.get_records():
        of = record.args[0] if isinstance(record, ProvEnd) else record.identifier
        for name, value in record.extra_attributes:
            # Of times, Python keeps no nanoseconds.
            if isinstance(value, (QualifiedName, datetime)):
                continue
            if isinstance(value, ProvLiteral):
                value = value.value
            text = str(value).lower() if isinstance(value, bool) else str(value)
            yield uri(of), name.uri.replace(PROV.label, RDFS.label), text

def check(name):
    text = Path(f"{name}.prov-json").read_text()
    json.loads(text, object_pairs_hook=once)
    as_json = ProvDocument.deserialize(content=text, format="json")
    as_text = ProvDocument.deserialize(f"{name}.provn", format="provn", profile="strict")
    assert as_json == as_text, "the notations differ"
    graph = Graph().parse(f"{name}.nt")

    def ids(kind):
        records = [uri(record.identifier) for record in as_text.get_records(kind)]
        assert len(records) == len(set(records)), f"{kind} is declared twice"
        return set(records)

    def typed(*classes):
        return {str(it) for kind in classes for it in graph.subjects(RDF.type, kind)}

    assert ids(ProvEntity) == typed(PROV.Entity)
    assert ids(ProvAgent) == typed(PROV.Agent)
    assert ids(ProvActivity) == typed(PROV.Activity, *EVENTS)

    def pairs(kind):
        return sorted((uri(record.args[0]), uri(record.args[1])) for record in as_text.get_records(kind))

    for kind, predicate in [(ProvUsage, PROV.used), (ProvGeneration, PROV.wasGeneratedBy),
                            (ProvCommunication, PROV.wasInformedBy),
                            (ProvDerivation, PROV.wasDerivedFrom),
                            (ProvAssociation, PROV.wasAssociatedWith),
                            (ProvSpecialization, PROV.specializationOf)]:
        expected = sorted((str(s), str(o)) for s, o in graph.subject_objects(predicate))
        assert pairs(kind) == expected, predicate

    # The exact relations stand as types beside the general ones.
    for kind, relation, turned in [(ProvUsage, R.maps, False), (ProvUsage, R.executable, False),
                                   (ProvGeneration, R.writes, True), (ProvCommunication, R.forks, True),
                                   (ProvCommunication, R.feeds, True), (ProvInfluence, R.next, True)]:
        exact = {(uri(record.args[0]), uri(record.args[1])) for record in as_text.get_records(kind)
                 if str(relation) in {uri(value) for value in record.get_asserted_types()}}
        expected = {(str(o), str(s)) if turned else (str(s), str(o))
                    for s, o in graph.subject_objects(relation)}
        # A call may do two things to one resource.
        assert exact <= expected and len(expected) <= len(exact) + (kind is ProvUsage), relation

    literals = {(str(s), str(p), str(o)) for s, p, o in graph
                if isinstance(o, Literal) and o.datatype != XSD.dateTime}
    missing = literals ^ set(said(as_text))
    assert not missing, list(missing)[:5]
    for activity in as_text.get_records(ProvActivity):
        assert activity.get_startTime(), f"{activity} has no time"
    ends = {uri(record.args[0]) for record in as_text.get_records(ProvEnd)}
    assert ends == {str(s) for s in graph.subjects(PROV.endedAtTime)}

names = sorted(file.stem for file in Path().glob("*.nt"))
assert len(names) == 8, names
for name in names:
    try:
        check(name)
    except Exception as error:
        raise AssertionError(f"{name}: {error}")
