//! Questions in SPARQL, answered from RDF in memory.

use std::io::{self, Write};

use oxrdf::{Dataset, Term, Variable};
use oxttl::NQuadsParser;
use oxttl::nquads::LowLevelNQuadsParser;
use sparesults::QueryResultsSerializer;
use spareval::{QueryEvaluator, QueryResults};
use spargebra::{Query, SparqlParser};

use super::answer::{Answer, Cell, Format};

/// RDF in memory: N-Quads that are written to it.
pub struct Store {
    parser: LowLevelNQuadsParser,
    dataset: Dataset,
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
    Syntax(#[from] spargebra::SparqlSyntaxError),
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
    Ok(parser.parse_query(text)?)
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

impl Default for Store {
    fn default() -> Self {
        Self { parser: NQuadsParser::new().low_level(), dataset: Dataset::new() }
    }
}

impl Store {
    /// Answers a question. Each run is a named graph, and where the question names none
    /// it is about all of them.
    ///
    /// # Errors
    /// It cannot be answered here.
    pub fn answer(&self, query: &Query) -> Result<Reply, SparqlError> {
        let evaluator = QueryEvaluator::new();
        let mut prepared = evaluator.prepare(query);
        if prepared.dataset().is_default_dataset() {
            prepared.dataset_mut().set_default_graph_as_union();
        }
        Ok(match prepared.execute(&self.dataset)? {
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

impl Write for Store {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.parser.extend_from_slice(bytes);
        while let Some(quad) = self.parser.parse_next() {
            self.dataset.insert(&quad.map_err(io::Error::other)?);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUADS: &[u8] =
        b"<urn:a> <urn:p> \"1\" <urn:run:1> .\n<urn:b> <urn:p> \"2\" <urn:run:2> .\n";

    fn asked(text: &str) -> Reply {
        let mut store = Store::default();
        // In pieces, as they come from an exporter.
        QUADS.chunks(7).for_each(|piece| store.write_all(piece).expect("N-Quads"));
        store.answer(&parse(text, &[("u", "urn:")]).expect("SPARQL")).expect("answered")
    }

    fn rows(reply: &Reply) -> usize {
        let Reply::Table(answer) = reply else { panic!("no table: {reply:?}") };
        answer.rows.len()
    }

    #[test]
    fn runs_are_graphs_and_all_of_them_the_default() {
        assert_eq!(rows(&asked("SELECT * { ?s u:p ?o }")), 2);
        assert_eq!(rows(&asked("SELECT * { GRAPH <urn:run:2> { ?s u:p ?o } }")), 1);
        assert_eq!(rows(&asked("SELECT * FROM <urn:run:1> { ?s u:p ?o }")), 1);
        assert_eq!(rows(&asked("CONSTRUCT { ?o u:q ?o } { ?o u:p ?x }")), 2);
        assert_eq!(asked("ASK { u:a u:p \"1\" }"), Reply::Truth(true));
    }

    #[test]
    fn what_is_no_sparql_says_where() {
        let error = parse("SELECT ?x {", &[]).expect_err("no SPARQL").to_string();
        assert!(error.contains("no SPARQL") && error.contains("1:"), "{error}");
        let federated =
            parse("SELECT * { SERVICE <http://x/> { ?s ?p ?o } }", &[]).expect("SPARQL");
        let error = Store::default().answer(&federated).expect_err("no network").to_string();
        assert!(error.contains("cannot be answered"), "{error}");
    }
}
