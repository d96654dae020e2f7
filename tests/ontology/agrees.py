"""Exports are held against the ontology: each term of theirs is declared, nothing is of two
classes that have nothing in common, and what stands at the ends of a property is of the
classes that the ontology has for them."""
from pathlib import Path
from rdflib import OWL, RDF, RDFS, XSD, BNode, Graph, Literal, Namespace, URIRef
from rdflib.collection import Collection

R = Namespace("https://w3id.org/rtrace/ns#")
PROV = Namespace("http://www.w3.org/ns/prov#")
ontology = Graph().parse("ontology.ttl")

# What PROV-O says of the terms that the ontology takes from it.
ontology.parse(data="""
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> . @prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix prov: <http://www.w3.org/ns/prov#> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
prov:used rdfs:domain prov:Activity ; rdfs:range prov:Entity .
prov:generated rdfs:domain prov:Activity ; rdfs:range prov:Entity ; owl:inverseOf prov:wasGeneratedBy .
prov:wasGeneratedBy rdfs:domain prov:Entity ; rdfs:range prov:Activity .
prov:wasInformedBy rdfs:domain prov:Activity ; rdfs:range prov:Activity .
prov:wasAssociatedWith rdfs:domain prov:Activity ; rdfs:range prov:Agent .
prov:wasDerivedFrom rdfs:domain prov:Entity ; rdfs:range prov:Entity .
prov:specializationOf rdfs:domain prov:Entity ; rdfs:range prov:Entity .
prov:startedAtTime rdfs:domain prov:Activity ; rdfs:range xsd:dateTime .
prov:endedAtTime rdfs:domain prov:Activity ; rdfs:range xsd:dateTime .
prov:atTime rdfs:domain prov:InstantaneousEvent ; rdfs:range xsd:dateTime .
[] a owl:AllDisjointClasses ; owl:members ( prov:Activity prov:Entity prov:InstantaneousEvent ) .
""", format="turtle")

def members(node):
    """The classes of a union, or the one that it is."""
    union = ontology.value(node, OWL.unionOf)
    return set(Collection(ontology, union)) if union else {node}

def above(term, relation):
    return set(ontology.transitive_objects(term, relation))

def inverse(prop):
    return ontology.value(prop, OWL.inverseOf) or ontology.value(None, OWL.inverseOf, prop)

disjoint = [set(Collection(ontology, ontology.value(node, OWL.members)))
            for node in ontology.subjects(RDF.type, OWL.AllDisjointClasses)]
assert len(disjoint) == 3
declared = {OWL.Class, OWL.ObjectProperty, OWL.DatatypeProperty}

def check(graph):
    predicates = set(graph.predicates()) - {RDF.type, RDFS.label}
    for term in predicates | set(graph.objects(None, RDF.type)):
        assert set(ontology.objects(term, RDF.type)) & declared, f"{term} is not declared"

    # Which classes a thing has: those that are written, and those above them.
    classes = {}
    for thing, kind in graph.subject_objects(RDF.type):
        classes.setdefault(thing, set()).update(above(kind, RDFS.subClassOf))

    def ends(prop, subject, object):
        """What a triple says of its ends, by its property and those above it."""
        for general in above(prop, RDFS.subPropertyOf):
            turned = isinstance(general, BNode)
            general = inverse(general) if turned else general
            for at, node in [(RDFS.domain, object if turned else subject),
                             (RDFS.range, subject if turned else object)]:
                for wanted in ontology.objects(general, at):
                    yield general, node, wanted

    for subject, prop, object in graph:
        for general, node, wanted in ends(prop, subject, object):
            if isinstance(node, Literal):
                datatype = node.datatype or XSD.string
                assert datatype == wanted, f"{prop} has {node.n3()}, not of {wanted}"
                assert not node.ill_typed, f"{prop} has {node.n3()}"
                continue
            found = classes.setdefault(node, set())
            # A directory may not have been seen to be one, until somebody goes there.
            if wanted == R.Directory and R.Resource in found:
                found.add(wanted)
            assert found & members(wanted), f"{node} of {prop} is no {wanted}, but {found}"

    for node, found in classes.items():
        for classes_apart in disjoint:
            assert len(found & classes_apart) < 2, f"{node} is of {found & classes_apart}"

    # What is derived of PROV's relations is written too.
    for prop in predicates:
        for general in above(prop, RDFS.subPropertyOf):
            if general == PROV.generated or isinstance(general, BNode):
                turned = inverse(general)
                for subject, object in graph.subject_objects(prop):
                    assert (object, turned, subject) in graph, (prop, subject, object)
            elif str(general).startswith(PROV):
                for subject, object in graph.subject_objects(prop):
                    assert (subject, general, object) in graph, (prop, subject, object)

files = sorted(Path().glob("*.nt"))
assert len(files) == 24, files
terms = set()
for file in files:
    graph = Graph().parse(file)
    terms |= set(graph.predicates()) | set(graph.objects(None, RDF.type))
    try:
        check(graph)
    except AssertionError as error:
        raise AssertionError(f"{file}: {error}")

# They are worth the look.
for term in [R.BlindSpot, R.FileState, R.Pipe, R.feeds, R.joins, R.killedBy, R.error, R.pathBytes,
             R.unfinished, R.blake3, R.names,
             R.Usage, R.Passage]:
    assert term in terms, f"no sample has {term}"
