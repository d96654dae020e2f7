//! Questions in SPARQL, answered from RDF in memory.

use std::io::{self, Write};

use oxrdf::{NamedOrBlankNodeRef, Term, TripleRef, Variable};
use sparesults::QueryResultsSerializer;
use spareval::{QueryEvaluator, QueryResults};
use spargebra::{Query, SparqlParser};

use super::answer::{Answer, Cell, Format};
use super::mentioned::Mentioned;
use super::quads::{Quad, Quads};
use super::terms::{TermId, Terms};

/// RDF in memory: what of it a question can be about.
#[derive(Debug)]
pub struct Store {
    question: Query,
    mentioned: Mentioned,
    terms: Terms,
    graphs: Vec<TermId>,
    quads: Vec<Quad>,
    /// The graph of the triple before, and its subject: mostly those of the next one.
    graph: String,
    subject: Option<(String, TermId)>,
}

/// What a question in SPARQL has for an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// A table; of CONSTRUCT and DESCRIBE one of triples.
    Table(Answer),
    /// Yes or no: of ASK.
    Truth(bool),
}

/// Why a question in SPARQL has no answer.
#[derive(Debug, thiserror::Error)]
pub enum SparqlError {
    /// It is no SPARQL.
    #[error("the query is no SPARQL 1.1: {0}")]
    Syntax(String),
    /// It asks for what cannot be done here, as to ask another server.
    #[error("the query cannot be answered: {0}")]
    Evaluation(#[from] spareval::QueryEvaluationError),
}

/// Reads a question. A few prefixes need not be declared in it.
///
/// # Errors
/// It is no SPARQL.
pub fn parse(text: &str, prefixes: &[(&str, &str)]) -> Result<Query, SparqlError> {
    let mut parser = SparqlParser::new();
    for (name, iri) in prefixes {
        if let Ok(with) = parser.clone().with_prefix(*name, *iri) {
            parser = with;
        }
    }
    parser.parse_query(text).map_err(|error| {
        let known: Vec<_> = prefixes.iter().map(|(name, _)| *name).collect();
        SparqlError::Syntax(match undeclared(text, &known) {
            Some(prefix) => format!("the prefix '{prefix}:' is not declared"),
            None => brief(text, &error.to_string()),
        })
    })
}

/// A prefix that a query uses and does not declare: the parser only says that it gave up
/// somewhere behind it.
fn undeclared(text: &str, known: &[&str]) -> Option<String> {
    let bare = without_quoted(text);
    let is_of_name = |c: char| c.is_alphanumeric() || "_-.:?$".contains(c);
    let words: Vec<&str> = bare.split(|c| !is_of_name(c)).filter(|word| !word.is_empty()).collect();
    let declared = words.windows(2).filter(|pair| pair[0].eq_ignore_ascii_case("PREFIX"));
    let declared: Vec<_> = declared.filter_map(|pair| pair[1].strip_suffix(':')).collect();
    let prefixes = words.iter().filter(|word| !word.starts_with(['?', '$', '_']));
    let mut prefixes = prefixes.filter_map(|word| Some(word.split_once(':')?.0));
    prefixes.find(|name| !known.contains(name) && !declared.contains(name)).map(str::to_owned)
}

/// A query with nothing where its IRIs, strings and comments are.
fn without_quoted(text: &str) -> String {
    let mut bare = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(['<', '"', '\'', '#']) {
        let (before, quoted) = rest.split_at(start);
        bare.push_str(before);
        bare.push(' ');
        let inside = &quoted[1..];
        let is_iri = quoted.starts_with('<');
        let end = match quoted.as_bytes()[0] {
            b'<' => inside.find(['>', ' ']),
            b'"' => inside.find('"'),
            b'\'' => inside.find('\''),
            _ => inside.find('\n'),
        };
        let is_less = is_iri && end.is_none_or(|end| inside.as_bytes()[end] == b' ');
        rest = if is_less { inside } else { end.map_or("", |end| &inside[end + 1..]) };
    }
    bare + rest
}

/// Where the parser gave up and what it would have gone on with, without the ranges of
/// letters of which names are made.
fn brief(text: &str, error: &str) -> String {
    const KINDS: [&str; 4] = ["SELECT", "ASK", "CONSTRUCT", "DESCRIBE"];
    const SHOWN: usize = 6; // of what it could have gone on with
    let words = || text.split(|c: char| !c.is_ascii_alphanumeric());
    if !words().any(|word| KINDS.iter().any(|kind| kind.eq_ignore_ascii_case(word))) {
        return format!("it is none of {}", KINDS.join(", "));
    }
    let Some((place, expected)) = error.split_once(": expected ") else { return error.into() };
    let expected = expected.strip_prefix("one of ").unwrap_or(expected).split(", ");
    let expected: Vec<_> = expected.filter(|one| !one.starts_with('[')).collect();
    match expected.as_slice() {
        [] => place.to_owned(),
        all => format!("{place}: expected {}", all[..all.len().min(SHOWN)].join(" or ")),
    }
}

impl Reply {
    /// Writes it.
    ///
    /// # Errors
    /// The output cannot be written.
    pub fn write(&self, format: Format, out: &mut dyn Write) -> io::Result<()> {
        match (self, format.of_results()) {
            (Self::Table(answer), _) => return answer.write(format, out),
            (Self::Truth(truth), None) => write!(out, "{truth}")?,
            (Self::Truth(truth), Some(format)) => {
                let serializer = QueryResultsSerializer::from_format(format);
                serializer.serialize_boolean_to_writer(&mut *out, *truth)?;
            }
        }
        writeln!(out)
    }
}

impl Store {
    /// A store for that question, with nothing in it.
    pub fn new(question: Query) -> Self {
        Self {
            mentioned: Mentioned::by(&question),
            question,
            terms: Terms::default(),
            graphs: Vec::new(),
            quads: Vec::new(),
            graph: String::new(),
            subject: None,
        }
    }

    /// Takes a triple of the graph of that IRI, if the question can be about it.
    pub fn insert(&mut self, graph: &str, triple: TripleRef<'_>) {
        let graph = self.graph(graph);
        if !self.mentioned.has(triple.predicate.as_str()) {
            return;
        }
        let subject = self.subject(triple.subject);
        let predicate = self.terms.intern(triple.predicate.into());
        let object = self.terms.intern(triple.object);
        self.quads.push([subject, predicate, object, graph]);
    }

    fn graph(&mut self, iri: &str) -> TermId {
        match self.graphs.last() {
            Some(graph) if self.graph == iri => *graph,
            _ => {
                iri.clone_into(&mut self.graph);
                let graph = self.terms.intern_iri(iri);
                self.graphs.retain(|known| *known != graph);
                self.graphs.push(graph);
                graph
            }
        }
    }

    fn subject(&mut self, subject: NamedOrBlankNodeRef<'_>) -> TermId {
        let NamedOrBlankNodeRef::NamedNode(node) = subject else {
            return self.terms.intern(subject.into());
        };
        let iri = node.as_str();
        if let Some((known, id)) = &self.subject
            && known == iri
        {
            return *id;
        }
        let id = self.terms.intern_iri(iri);
        self.subject = Some((iri.to_owned(), id));
        id
    }

    /// Answers the question. Each run is a named graph, and where the question names none
    /// it is about all of them.
    ///
    /// # Errors
    /// It cannot be answered here.
    pub fn answer(self) -> Result<Reply, SparqlError> {
        let quads = Quads::new(self.terms, self.graphs, self.quads);
        let evaluator = QueryEvaluator::new();
        let mut prepared = evaluator.prepare(&self.question);
        if prepared.dataset().is_default_dataset() {
            prepared.dataset_mut().set_default_graph_as_union();
        }
        Ok(match prepared.execute(&quads)? {
            QueryResults::Boolean(truth) => Reply::Truth(truth),
            QueryResults::Solutions(solutions) => {
                let variables: Vec<Variable> = solutions.variables().to_vec();
                let mut rows = Vec::new();
                for solution in solutions {
                    let solution = solution?;
                    let cell = |variable| solution.get(variable).cloned().map(Cell::from);
                    let cells = variables.iter().map(|one| cell(one).unwrap_or(Cell::Unknown));
                    rows.push(cells.collect());
                }
                let columns = variables.iter().map(|one| one.as_str().to_owned()).collect();
                Reply::Table(Answer { columns, rows })
            }
            QueryResults::Graph(triples) => {
                let columns = ["subject", "predicate", "object"].map(str::to_owned).to_vec();
                let mut rows = Vec::new();
                for triple in triples {
                    let triple = triple?;
                    let terms = [triple.subject.into(), triple.predicate.into(), triple.object];
                    rows.push(terms.map(|term: Term| term.into()).to_vec());
                }
                Reply::Table(Answer { columns, rows })
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use oxrdf::{LiteralRef, NamedNodeRef, TermRef};

    fn asked(text: &str) -> Reply {
        let iri = NamedNodeRef::new_unchecked;
        let mut store = Store::new(parse(text, &[("u", "urn:")]).expect("SPARQL"));
        for (graph, subject, value) in [
            ("urn:run:1", "urn:a", LiteralRef::from("1").into()),
            ("urn:run:2", "urn:b", LiteralRef::from("2").into()),
            ("urn:run:2", "urn:c", TermRef::from(iri("urn:b"))),
            // The same run again.
            ("urn:run:1", "urn:a", LiteralRef::from("1").into()),
        ] {
            store.insert(graph, TripleRef::new(iri(subject), iri("urn:p"), value));
        }
        store.answer().expect("answered")
    }

    fn rows(text: &str) -> usize {
        let Reply::Table(answer) = asked(text) else { panic!("no table: {text}") };
        answer.rows.len()
    }

    #[test]
    fn runs_are_graphs_and_all_of_them_the_default() {
        assert_eq!(rows("SELECT * { ?s u:p ?o }"), 3);
        assert_eq!(rows("SELECT * { GRAPH <urn:run:2> { ?s u:p ?o } }"), 2);
        assert_eq!(rows("SELECT * { GRAPH <urn:run:3> { ?s u:p ?o } }"), 0);
        assert_eq!(rows("SELECT * { GRAPH ?g { } }"), 2);
        assert_eq!(rows("SELECT * FROM <urn:run:1> { ?s u:p ?o }"), 1);
        assert_eq!(rows("CONSTRUCT { ?o u:q ?o } { ?o u:p ?x }"), 3);
        assert_eq!(asked("ASK { u:a u:p \"1\" }"), Reply::Truth(true));
        assert_eq!(asked("ASK { u:a u:p \"2\" }"), Reply::Truth(false));
    }

    #[test]
    fn triples_are_found_by_any_of_their_parts() {
        assert_eq!(rows("SELECT * { u:c ?p ?o }"), 1);
        assert_eq!(rows("SELECT * { ?s ?p u:b }"), 1);
        assert_eq!(rows("SELECT * { u:c ?p u:b }"), 1);
        assert_eq!(rows("SELECT * { u:b ?p u:b }"), 0);
        assert_eq!(rows("SELECT * { ?s ?p ?o }"), 3);
        assert_eq!(rows("SELECT * { ?c u:p ?b . ?b u:p ?o }"), 1);
        assert_eq!(rows("SELECT * { ?c u:p/u:p ?o }"), 1);
        assert_eq!(rows("SELECT * { ?s u:p* ?o }"), 9);
        assert_eq!(rows("SELECT * { ?s u:unknown ?o }"), 0);
        // What the question makes itself is a term as any other.
        assert_eq!(rows("SELECT * { ?s u:p ?o BIND (STR(?o) AS ?t) FILTER (?t = \"2\") }"), 1);
    }

    #[test]
    fn what_is_no_sparql_says_where() {
        let error = parse("SELECT ?x {", &[]).expect_err("no SPARQL").to_string();
        assert!(error.contains("no SPARQL") && error.contains("1:"), "{error}");
        assert!(error.len() < 120, "{error}");
        let told = |text: &str| parse(text, &[]).expect_err("no SPARQL").to_string();
        let error =
            told("PREFIX a: <urn:a:> SELECT * { ?s a:p <b:c>, 'd:e'; u:p 3 FILTER(1 < 2) }");
        assert!(error.ends_with("the prefix 'u:' is not declared"), "{error}");
        let error = told("INSERT DATA { <a:b> <a:c> 1 }");
        assert!(error.ends_with("it is none of SELECT, ASK, CONSTRUCT, DESCRIBE"), "{error}");
        let federated =
            parse("SELECT * { SERVICE <http://x/> { ?s ?p ?o } }", &[]).expect("SPARQL");
        let error = Store::new(federated).answer().expect_err("no network").to_string();
        assert!(error.contains("cannot be answered"), "{error}");
    }
}
