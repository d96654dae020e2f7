"""Exports are valid by the shapes, with and without what follows from the ontology."""
from pathlib import Path
from pyshacl import validate
from rdflib import Graph

shapes = Graph().parse("shapes.ttl")
ontology = Graph().parse("ontology.ttl")

def check(file, **how):
    valid, _, text = validate(Graph().parse(file), shacl_graph=shapes, **how)
    assert valid, f"{file} {list(how)}: {text}"

# The shapes are themselves.
check(Path("hostile.nt"), meta_shacl=True)
check(Path("hostile.nt"), ont_graph=ontology, inference="rdfs")
for file in sorted(Path().glob("*.nt")):
    check(file)
