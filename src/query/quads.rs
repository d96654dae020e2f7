//! Triples in their graphs, found by any of their parts.

use std::cell::OnceCell;
use std::convert::Infallible;
use std::iter::empty;
use std::rc::Rc;

use oxrdf::Term;
use spareval::{InternalQuad, QueryableDataset};

use super::terms::{TermId, Terms};

/// Subject, predicate, object and graph.
pub(super) type Quad = [TermId; 4];

/// The same of what is looked for; `None` is anything.
type Pattern = [Option<TermId>; 4];

/// Orders in which the parts of quads are sorted, so that those with any one part or two
/// stand together.
const ORDERS: [[usize; 4]; 3] = [[0, 1, 2, 3], [1, 2, 0, 3], [2, 0, 1, 3]];

/// Quads that no longer change.
#[derive(Debug)]
pub(super) struct Quads {
    terms: Terms,
    graphs: Vec<TermId>,
    /// As they came until they are first asked for.
    unsorted: Vec<Quad>,
    /// Sorted in each of the orders, once that is needed: the parts in that order.
    sorted: [OnceCell<Vec<Quad>>; ORDERS.len()],
}

/// A term of a question: one of the quads', or another one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Inner {
    Kept(TermId),
    New(Rc<Term>),
}

impl Quads {
    pub(super) fn new(terms: Terms, graphs: Vec<TermId>, quads: Vec<Quad>) -> Self {
        Self { terms, graphs, unsorted: quads, sorted: Default::default() }
    }

    /// The quads that match.
    fn matching(&self, pattern: Pattern) -> impl Iterator<Item = Quad> + use<'_> {
        let bound = |index: &usize| {
            ORDERS[*index].into_iter().take_while(|part| pattern[*part].is_some()).count()
        };
        let best = (0..ORDERS.len()).max_by_key(bound);
        let index = best.unwrap_or_default();
        let order = ORDERS[index];
        let wanted: Vec<_> = order.iter().map_while(|part| pattern[*part]).collect();
        let all = self.in_order(index);
        let head = |quad: &Quad| quad[..wanted.len()].cmp(&wanted);
        let first = all.partition_point(|quad| head(quad).is_lt());
        let count = all[first..].partition_point(|quad| head(quad).is_eq());
        all[first..first + count].iter().filter_map(move |sorted| {
            let mut quad = *sorted;
            for (part, term) in order.into_iter().zip(sorted) {
                quad[part] = *term;
            }
            let is_it = pattern.iter().zip(quad).all(|(one, term)| one.is_none_or(|id| id == term));
            is_it.then_some(quad)
        })
    }

    fn in_order(&self, index: usize) -> &[Quad] {
        self.sorted[index].get_or_init(|| {
            let order = ORDERS[index];
            let parts = |quad: &Quad| order.map(|part| quad[part]);
            let mut sorted: Vec<_> = self.unsorted.iter().map(parts).collect();
            sorted.sort_unstable();
            sorted.dedup();
            sorted
        })
    }
}

impl<'a> QueryableDataset<'a> for &'a Quads {
    type InternalTerm = Inner;
    type Error = Infallible;

    fn internal_quads_for_pattern(
        &self,
        subject: Option<&Inner>,
        predicate: Option<&Inner>,
        object: Option<&Inner>,
        graph: Option<Option<&Inner>>,
    ) -> impl Iterator<Item = Result<InternalQuad<Inner>, Infallible>> + use<'a> {
        let nothing = || Box::new(empty()) as Box<dyn Iterator<Item = _>>;
        let graph = match graph {
            // All are in the graph of a run.
            Some(None) => return nothing(),
            Some(graph) => graph,
            None => None,
        };
        let mut pattern = Pattern::default();
        for (part, term) in pattern.iter_mut().zip([subject, predicate, object, graph]) {
            match term {
                None => {}
                Some(Inner::Kept(id)) => *part = Some(*id),
                Some(Inner::New(_)) => return nothing(),
            }
        }
        Box::new(Quads::matching(self, pattern).map(|quad| {
            let [subject, predicate, object, graph] = quad.map(Inner::Kept);
            Ok(InternalQuad { subject, predicate, object, graph_name: Some(graph) })
        }))
    }

    fn internal_named_graphs(&self) -> impl Iterator<Item = Result<Inner, Infallible>> + use<'a> {
        self.graphs.iter().map(|graph| Ok(Inner::Kept(*graph)))
    }

    fn contains_internal_graph_name(&self, graph: &Inner) -> Result<bool, Infallible> {
        Ok(self.graphs.iter().any(|one| Inner::Kept(*one) == *graph))
    }

    fn internalize_term(&self, term: Term) -> Result<Inner, Infallible> {
        Ok(match self.terms.known(term.as_ref()) {
            Some(id) => Inner::Kept(id),
            None => Inner::New(Rc::new(term)),
        })
    }

    fn externalize_term(&self, term: Inner) -> Result<Term, Infallible> {
        Ok(match term {
            Inner::Kept(id) => self.terms.get(id),
            Inner::New(term) => Rc::unwrap_or_clone(term),
        })
    }
}
