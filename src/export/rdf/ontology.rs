//! Holds `docs/ontology/rtrace.ttl` to the vocabulary: whoever adds a term to the one
//! must tell of it in the other.

use std::collections::BTreeSet;

use oxrdf::vocab::{rdf, rdfs};
use oxrdf::{Graph, NamedNode, NamedNodeRef, NamedOrBlankNodeRef, TermRef};
use oxttl::TurtleParser;

use super::ONTOLOGY;
use super::vocabulary::{PROV_TERMS, RTRACE, RTRACE_TERMS};

fn ontology() -> Graph {
    TurtleParser::new().for_slice(ONTOLOGY).map(|triple| triple.expect("Turtle")).collect()
}

fn owl(name: &str) -> NamedNode {
    NamedNode::new(["http://www.w3.org/2002/07/owl#", name].concat()).expect("an IRI")
}

/// What is declared as one of those kinds.
fn declared(graph: &Graph, kinds: &[&str]) -> BTreeSet<String> {
    let of_kind = kinds.iter().flat_map(|kind| {
        let kind = owl(kind);
        graph
            .subjects_for_predicate_object(rdf::TYPE, &kind)
            .map(|subject| subject.to_string())
            .collect::<Vec<_>>()
    });
    // Unions and inverses have no names.
    of_kind.filter(|name| name.starts_with('<')).collect()
}

fn terms(graph: &Graph) -> BTreeSet<String> {
    declared(graph, &["Class", "ObjectProperty", "DatatypeProperty"])
}

#[test]
fn every_term_that_is_written_is_in_the_ontology() {
    let declared = terms(&ontology());
    let missing: Vec<_> = RTRACE_TERMS
        .iter()
        .chain(PROV_TERMS)
        .map(ToString::to_string)
        .filter(|term| !declared.contains(term))
        .collect();
    assert!(missing.is_empty(), "tell of them in docs/ontology/rtrace.ttl: {missing:#?}");
}

#[test]
fn the_ontology_has_no_term_that_is_never_written() {
    let graph = ontology();
    let written: BTreeSet<_> = RTRACE_TERMS.iter().map(ToString::to_string).collect();
    for term in terms(&graph).iter().filter(|term| term.contains(RTRACE)) {
        let iri = NamedNodeRef::new(term.trim_matches(['<', '>'])).expect("an IRI");
        // Written are the most special terms; others may be what several are.
        let is_general = [rdfs::SUB_CLASS_OF, rdfs::SUB_PROPERTY_OF]
            .iter()
            .any(|&below| graph.subjects_for_predicate_object(below, iri).next().is_some());
        assert!(written.contains(term) || is_general, "nothing writes {term}");
    }
}

#[test]
fn every_term_is_described_in_english_and_french() {
    let graph = ontology();
    for term in terms(&graph).iter().filter(|term| term.contains(RTRACE)) {
        for property in [rdfs::LABEL, rdfs::COMMENT] {
            let languages =
                graph.objects_for_subject_predicate(named(term), property).map(|text| match text {
                    TermRef::Literal(text) if !text.value().trim().is_empty() => {
                        text.language().unwrap_or_default().to_owned()
                    }
                    other => panic!("{term} {property} {other}"),
                });
            let mut languages: Vec<_> = languages.collect();
            languages.sort();
            assert_eq!(languages, ["en", "fr"], "{term} {property}");
        }
    }
}

fn named(term: &str) -> NamedOrBlankNodeRef<'_> {
    NamedNodeRef::new_unchecked(term.trim_matches(['<', '>'])).into()
}

#[test]
fn every_property_has_one_domain_and_one_range() {
    let graph = ontology();
    // Several would all hold at once: a property of several classes has their union.
    let properties = declared(&graph, &["ObjectProperty", "DatatypeProperty"]);
    for term in properties.iter().filter(|term| term.contains(RTRACE)) {
        for property in [rdfs::DOMAIN, rdfs::RANGE] {
            let count = graph.objects_for_subject_predicate(named(term), property).count();
            assert_eq!(count, 1, "{term} {property}");
        }
    }
}
