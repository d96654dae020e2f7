//! Questions to runs, and their answers: tables.
//!
//! A question that comes with rtrace is a [`Query`], answered from the runs' graphs
//! ([`crate::flow::graph`]); any other is one in SPARQL, answered from their RDF.
//!
//! | file | what it knows |
//! | --- | --- |
//! | `queries/` | the queries that come with rtrace, one a file |
//! | `subject` | the runs that are asked about; whose doing something was; paths |
//! | `contents`, `heritage` | which file a name led to; what one run left to another |
//! | `lineage`, `search` | what a file was made from, and what from it |
//! | `needs` | what an answer cannot know |
//! | `critical` | what decided how long it took |
//! | `gathering`, `waits` | what is read of a log; who waited for whom |
//! | `room`, `handover` | who waited for room in a pipe; for a lock |
//! | `sparql` | questions in SPARQL |
//! | `mentioned` | which triples such a question can be about |
//! | `terms`, `quads` | those, in memory |
//! | `answer` | tables, and how they are written |

mod answer;
mod contents;
mod critical;
mod gathering;
mod handover;
mod heritage;
mod lineage;
mod mentioned;
mod needs;
mod quads;
mod queries;
mod room;
mod search;
mod sparql;
mod subject;
mod terms;
mod waits;

pub use answer::{Answer, Cell, Format};
pub use gathering::Gathering;
pub use needs::{Lacks, Need};
pub use queries::QUERIES;
pub use sparql::{Reply, SparqlError, Store, parse};
pub use subject::{Subject, distinct, join};

use crate::abi::nearest;

/// A query that comes with rtrace.
#[derive(Clone, Copy, Debug)]
pub struct Query {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it answers, in Markdown.
    pub about: &'static str,
    /// What it must be told.
    pub params: &'static [&'static str],
    /// What must be in a log for its answer to be whole.
    pub needs: &'static [Need],
    /// The columns of its answer.
    pub columns: &'static [&'static str],
    answer: fn(&[Subject], &Params<'_>) -> Result<Rows, Error>,
}

/// The rows of an answer.
type Rows = Vec<Vec<Cell>>;

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No query has that name.
    #[error("there is no query '{name}'{}; rtrace query --list shows all", meant(near))]
    NoQuery {
        /// The name.
        name: String,
        /// The one that was probably meant.
        near: Vec<String>,
    },
    /// A parameter is missing.
    #[error("{query} needs --param {param}=VALUE")]
    NoParam {
        /// The query.
        query: &'static str,
        /// The parameter.
        param: &'static str,
    },
    /// The query has no such parameter.
    #[error("{query} has no parameter '{param}'; it takes {}", listed(known))]
    UnknownParam {
        /// The query.
        query: &'static str,
        /// The parameter.
        param: String,
        /// Those that it has.
        known: &'static [&'static str],
    },
    /// Nothing in the logs has that path.
    #[error("nothing in the log touches '{path}'{}", meant(near))]
    NoPath {
        /// The path.
        path: String,
        /// Those that were perhaps meant.
        near: Vec<String>,
    },
}

fn meant(near: &[String]) -> String {
    if near.is_empty() { String::new() } else { format!("; is it {}?", near.join(" or ")) }
}

fn listed(known: &[&str]) -> String {
    if known.is_empty() { "none".into() } else { known.join(", ") }
}

/// The parameters of a query.
#[derive(Clone, Copy, Debug)]
pub struct Params<'a>(&'a [(String, Vec<u8>)]);

impl Params<'_> {
    fn get(&self, name: &str) -> Option<&[u8]> {
        let mut given = self.0.iter().rev();
        given.find(|(key, _)| key == name).map(|(_, value)| value.as_slice())
    }
}

/// The query of that name.
///
/// # Errors
/// There is none.
pub fn named(name: &str) -> Result<&'static Query, Error> {
    QUERIES
        .iter()
        .find(|query| query.name == name)
        .ok_or_else(|| Error::NoQuery { name: name.to_owned(), near: near(name) })
}

/// The queries that a wrong name may mean: those that it begins, or the one most like
/// it.
fn near(wrong: &str) -> Vec<String> {
    let names = || QUERIES.iter().map(|query| query.name);
    let begun: Vec<_> = names().filter(|name| name.starts_with(wrong)).collect();
    let near = if begun.is_empty() { nearest(wrong, names()).into_iter().collect() } else { begun };
    near.into_iter().map(str::to_owned).collect()
}

impl Query {
    /// What it answers, with its parameters and columns: Markdown that is also readable
    /// as it is.
    pub fn text(&self) -> String {
        let mut title = self.name.to_owned();
        for param in self.params {
            title.extend([" --param ", param, "=…"]);
        }
        let lines = self.about.lines().map(|line| line.strip_prefix(' ').unwrap_or(line));
        let (about, columns) = (lines.collect::<Vec<_>>().join("\n"), self.columns.join(", "));
        format!("## {title}\n\n{about}\n\nColumns: {columns}\n\n")
    }

    /// Checks parameters, names with values, before anything is read.
    ///
    /// # Errors
    /// One is missing, or is none of this query.
    pub fn check(&self, params: &[(String, Vec<u8>)]) -> Result<(), Error> {
        let known = self.params;
        if let Some((param, _)) = params.iter().find(|(name, _)| !known.contains(&name.as_str())) {
            return Err(Error::UnknownParam { query: self.name, param: param.clone(), known });
        }
        let missing = known.iter().find(|param| params.iter().all(|(name, _)| name != *param));
        missing.map_or(Ok(()), |param| Err(Error::NoParam { query: self.name, param }))
    }

    /// Answers it for these runs.
    ///
    /// # Errors
    /// The parameters are wrong, or mean nothing in these runs.
    pub fn answer(
        &self,
        subjects: &[Subject],
        params: &[(String, Vec<u8>)],
    ) -> Result<Answer, Error> {
        self.check(params)?;
        let columns = self.columns.iter().map(|column| (*column).to_owned()).collect();
        Ok(Answer { columns, rows: (self.answer)(subjects, &Params(params))? })
    }
}
